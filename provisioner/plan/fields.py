"""What single values of a plan may be: patterns, and types that are made of them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from provisioner.names import NAME
from provisioner.slurm import gpu_names
from provisioner.slurm.times import TIME

# One name, or a node set of names such as node[001-040].
NODE_NAMES = r"^[A-Za-z0-9-]*(\[[0-9,/-]+\][A-Za-z0-9-]*)*$"
WORD = r"^[a-z][a-z0-9_-]{0,30}$"
USER_NAME = r"^[a-z_][a-z0-9_-]{0,31}$"
# Users and groups of the cluster itself.
UNIX_NAME = r"^[a-z_][a-z0-9_.-]{0,31}$"
DOMAIN_NAME = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
PLAIN_TEXT = r"^[^{}`$\x00-\x1f\x7f-\x9f]*$"
DEVICE_PATH = r"^/dev/[A-Za-z0-9/_.:+-]+$"
RECIPIENT = r"^(age1[0-9a-z]{20,2000}|ssh-(ed25519|rsa) [A-Za-z0-9+/=]{40,2000}|[0-9A-F]{40})$"
KEY_FILE = r"^[A-Za-z0-9/~._][A-Za-z0-9/~._+@ -]*$"
FINGERPRINT = r"^SHA256:[A-Za-z0-9+/]{43}$"
PART_NUMBER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
A_TIME = rf"^({TIME})$"
PARTITION = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
SLURM_NAME = r"^[a-z0-9_][a-z0-9_.-]{0,62}$"
SHARING = r"^(no|exclusive|(yes|force)(:[1-9][0-9]{0,2})?)$"
INCLUDED = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.ya?ml$"
MAC = r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$"
SERIAL = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"
FEATURE = r"^[A-Za-z][A-Za-z0-9_.-]{0,62}$"
INTERPRETER = r"^/[A-Za-z0-9/._+-]{1,199}$"
GPU_TYPE = f"^{gpu_names.GPU_TYPE}$"
CPU_LIST = r"^[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?){0,63}$"
# [user@]host[:port]; an IPv6 address stands in brackets.
_HOST = r"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
JUMP = rf"^([A-Za-z_][A-Za-z0-9_.-]{{0,31}}@)?{_HOST}(:[0-9]{{1,5}})?$"

NodeName = Annotated[str, StringConstraints(pattern=NAME, max_length=63)]
NodeNames = Annotated[str, StringConstraints(pattern=NODE_NAMES, max_length=200)]
Word = Annotated[str, StringConstraints(pattern=WORD)]
UserName = Annotated[str, StringConstraints(pattern=USER_NAME)]
UnixName = Annotated[str, StringConstraints(pattern=UNIX_NAME)]
DomainName = Annotated[str, StringConstraints(pattern=DOMAIN_NAME)]
PlainText = Annotated[str, StringConstraints(pattern=PLAIN_TEXT, max_length=200)]
DevicePath = Annotated[str, StringConstraints(pattern=DEVICE_PATH, max_length=200)]
Recipient = Annotated[str, StringConstraints(pattern=RECIPIENT)]
KeyFile = Annotated[str, StringConstraints(pattern=KEY_FILE, max_length=200)]
Fingerprint = Annotated[str, StringConstraints(pattern=FINGERPRINT)]
PartNumber = Annotated[str, StringConstraints(pattern=PART_NUMBER)]
IncludedFile = Annotated[str, StringConstraints(pattern=INCLUDED)]
Time = Annotated[str, StringConstraints(pattern=A_TIME)]
PartitionName = Annotated[str, StringConstraints(pattern=PARTITION)]
SlurmName = Annotated[str, StringConstraints(pattern=SLURM_NAME)]
Mac = Annotated[str, StringConstraints(pattern=MAC)]
Serial = Annotated[str, StringConstraints(pattern=SERIAL)]
Feature = Annotated[str, StringConstraints(pattern=FEATURE)]
Interpreter = Annotated[str, StringConstraints(pattern=INTERPRETER)]
GpuType = Annotated[str, StringConstraints(pattern=GPU_TYPE)]
CpuList = Annotated[str, StringConstraints(pattern=CPU_LIST)]
Jump = Annotated[str, StringConstraints(pattern=JUMP, max_length=400)]

# Strict: a plan that says `bay: yes` or `bay: "8"` is asked what it means.
Whole = Annotated[int, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Gigabytes = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
PartCount = Annotated[int, Field(strict=True, ge=1, le=1000)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]


def _address(value: Any) -> Any:
    """`ipaddress` takes any number for an address; a plan writes addresses as text."""
    try:
        return value if isinstance(value, IPv4Address | IPv6Address) else _unscoped(ip_address(_text(value)))
    except ValueError:
        raise ValueError("write an IPv4 address such as 10.20.0.11") from None


def _address6(value: Any) -> Any:
    try:
        return value if isinstance(value, IPv6Address) else _unscoped(IPv6Address(_text(value)))
    except ValueError:
        raise ValueError("write an IPv6 address such as fd00:20::11") from None


def _network(value: Any) -> Any:
    try:
        return value if isinstance(value, IPv4Network | IPv6Network) else ip_network(_text(value))
    except ValueError as error:
        if "host bits" in str(error):
            raise ValueError("write a network with no host bits, such as 10.20.0.0/24") from None
        raise ValueError("write a network such as 10.20.0.0/24") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _unscoped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """fe80::1%eth0 means something on one machine only."""
    if isinstance(address, IPv6Address) and address.scope_id:
        raise ValueError
    return address


def listed(value: Any) -> Any:
    """`tiers: gpu` is short for a list with one."""
    return [value] if isinstance(value, str | dict) else value


Address = Annotated[IPv4Address | IPv6Address, BeforeValidator(_address)]
Address6 = Annotated[IPv6Address, BeforeValidator(_address6)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class Strict(BaseModel):
    """No unknown keys, no silent conversions of numbers into text."""

    model_config = ConfigDict(extra="forbid", frozen=True)
