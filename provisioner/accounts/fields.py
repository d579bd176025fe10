"""What single values of `accounts.yml` may be: patterns, and types that are made of them."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from provisioner.accounts.limits import amount
from provisioner.slurm.times import seconds, whole_minutes

FOLDER = r"^/[A-Za-z0-9_./-]{1,199}$"
SHELL = r"^/[A-Za-z0-9_./-]{1,99}$"
TRES = r"^(cpu|mem|node|billing|energy|pages|vmem|(gres|license|fs|bb|ic)/[A-Za-z0-9_.:-]{1,60})$"

Folder = Annotated[str, StringConstraints(pattern=FOLDER)]
Shell = Annotated[str, StringConstraints(pattern=SHELL)]
Resource = Annotated[str, StringConstraints(pattern=TRES)]
LOWEST_ID, HIGHEST_ID = 1000, 65533
Id = Annotated[int, Field(strict=True, ge=LOWEST_ID, le=HIGHEST_ID)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Factor = Annotated[float, Field(ge=0, le=1e6, strict=True, allow_inf_nan=False)]
_KEY = re.compile(r"([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?: [^\x00-\x1f\x7f]*)?")
_KEY_TYPES = {
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
}  # fmt: skip
QosFlag = Literal[
    "DenyOnLimit", "EnforceUsageThreshold", "NoDecay", "NoReserve", "OverPartQOS", "PartitionMaxNodes",
    "PartitionMinNodes", "PartitionTimeLimit", "RequiresReservation", "UsageFactorSafe",
]  # fmt: skip


def _public_key(text: str) -> str:
    """A public key is a type and base64 that begins with the same type."""
    if "PRIVATE KEY" in text:
        raise ValueError(
            "this is a private key, known from now on: make a new pair, and write the line of its .pub file"
        )
    match = _KEY.fullmatch(text.strip())
    if match is None or match[1] not in _KEY_TYPES:
        raise ValueError("write the one line of a .pub file, such as `ssh-ed25519 AAAA... ada@desk`")
    try:
        inside = b64decode(match[2], validate=True)
    except binascii.Error:
        raise ValueError("the key is cut off: write the whole line of the .pub file") from None
    size = int.from_bytes(inside[:4], "big")
    if inside[4 : 4 + size] != match[1].encode() or len(inside) < size + 36:
        raise ValueError("the key is cut off or no public key: write the whole line of the .pub file")
    return text.strip()


def _amount(value: Any) -> Any:
    found = amount(value) if isinstance(value, str) else value
    if found is None:
        raise ValueError("write a whole number, or memory such as 100G")
    return found


def _minutes(value: Any) -> Any:
    found = whole_minutes(value) if isinstance(value, str) else value
    if found is None:
        raise ValueError('write whole minutes, such as 90, or a time such as "1-00:00:00" in quotes')
    return found


def _seconds(value: Any) -> Any:
    found = (seconds(value) if ":" in value else None) if isinstance(value, str) else value
    if found is None:
        raise ValueError('write seconds, or a time such as "00:10:00" in quotes')
    return found


def _share(value: Any) -> Any:
    if value != "parent" and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31):
        raise ValueError("write a whole number, or parent")
    return value


Share = Annotated[int | str, BeforeValidator(_share, json_schema_input_type=Count | Literal["parent"])]
PublicKey = Annotated[str, AfterValidator(_public_key)]
_AMOUNT_TYPE = int | Annotated[str, Field(pattern=r"^[0-9]+[KMGTP]?$")]
Amount = Annotated[Count, BeforeValidator(_amount, json_schema_input_type=_AMOUNT_TYPE)]
Amounts = dict[Resource, Amount]
_TIME_TYPE = int | Annotated[str, Field(pattern=r"^[0-9:-]+$")]
Minutes = Annotated[Count, BeforeValidator(_minutes, json_schema_input_type=_TIME_TYPE)]
Seconds = Annotated[Count, BeforeValidator(_seconds, json_schema_input_type=_TIME_TYPE)]
