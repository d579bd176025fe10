"""Host certificates of OpenSSH: what one says, and whether a node keeps the one it has. Pure.

Whether the signature is right is for ssh to judge, at each connection; here it only matters whose it claims to be.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

FOLDER = "/etc/ssh"
KINDS = {"ed25519": "ssh-ed25519", "rsa": "ssh-rsa"}
"""The host keys that are signed: the name in their files, and their type."""
UNSIGNED = "# signed when a run changes this\n"
"""Stands for a certificate that is yet to be made: nothing but a run itself signs."""
_HOST = 2
_SUFFIX = "-cert-v01@openssh.com"
# Fields of the key itself, between the nonce and the serial number.
_KEY_FIELDS = {"ssh-ed25519": 1, "ssh-rsa": 2}
_LONGEST = 20_000
_DAY = 86400


@dataclass(frozen=True)
class Certificate:
    """What a certificate says; times are seconds since 1970, `signer` and `key` are `type base64`."""

    key: str
    signer: str
    names: tuple[str, ...]
    begin: int
    end: int


def key_file(kind: str) -> str:
    """Where a node has the public half of a host key."""
    return f"{FOLDER}/ssh_host_{kind}_key.pub"


def certificate_file(kind: str) -> str:
    """Where a node has the certificate of a host key."""
    return f"{FOLDER}/ssh_host_{kind}_key-cert.pub"


def host_keys(text: str) -> dict[str, str]:
    """The host keys in lines of public keys, as `type base64` by kind; what is none is left out.

    Args:
        text: what a node says: hostile until it was read here.
    """
    found: dict[str, str] = {}
    for line in text[: 4 * _LONGEST].splitlines():
        for kind, name in KINDS.items():
            words = line.split()
            if words[:1] == [name] and len(words) >= 2 and _is_key(name, words[1]):
                found.setdefault(kind, f"{name} {words[1]}")
    return found


def parse_certificate(text: str) -> Certificate:
    """Reads a host certificate, the text of a `-cert.pub` file.

    Raises:
        ValueError: it is none, or one of a user.
    """
    words = text[:_LONGEST].split()
    kind = words[0].removesuffix(_SUFFIX) if words else ""
    if len(words) < 2 or kind not in _KEY_FIELDS or words[0] == kind:
        raise ValueError("it is no certificate of a host key")
    try:
        rest = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        raise ValueError("it is no certificate of a host key") from None
    name, rest = _text(rest)
    if name.decode("ascii", "replace") != words[0]:
        raise ValueError("it says two kinds of keys")
    _, rest = _text(rest)
    fields = []
    for _ in range(_KEY_FIELDS[kind]):
        field, rest = _text(rest)
        fields.append(field)
    _, rest = _number(rest, 8)
    use, rest = _number(rest, 4)
    _, rest = _text(rest)
    listed, rest = _text(rest)
    begin, rest = _number(rest, 8)
    end, rest = _number(rest, 8)
    for _ in range(3):
        _, rest = _text(rest)
    signer, _ = _text(rest)
    if use != _HOST:
        raise ValueError("it is no certificate of a host")
    names = []
    while listed:
        each, listed = _text(listed)
        names.append(each.decode("utf-8", "replace"))
    key = b"".join(map(_packed, [kind.encode(), *fields]))
    kind_of_signer = _text(signer)[0].decode("ascii", "replace")
    return Certificate(f"{kind} {_base64(key)}", f"{kind_of_signer} {_base64(signer)}", tuple(names), begin, end)


def lacks(text: str, key: str, signer: str, names: Collection[str], now: float, days: int) -> str:
    """Why a node needs another certificate, '' where the one that it has is good for long enough.

    It is renewed once less than a third of its time is left.

    Args:
        text: of the certificate, '' for none.
        key: the host key, `type base64`.
        signer: the host CA's public key.
        names: what ssh knows the node by.
        now: seconds since 1970.
        days: how long a new one is good.
    """
    if not text.strip():
        return "it has none"
    try:
        found = parse_certificate(text)
    except ValueError as error:
        return str(error)
    if found.key != key:
        return "it is of another key"
    if found.signer != signer:
        return "another CA signed it"
    if {*found.names} != {*names}:
        return "it is for other names"
    if found.begin > now:
        return "it is not good yet"
    return "it ends soon" if found.end - now < days * _DAY / 3 else ""


def is_foreign(text: str, key: str, signer: str, now: float) -> bool:
    """Whether somebody else's CA has signed this very key, and for now: an admin's, or that of another machine."""
    try:
        found = parse_certificate(text)
    except ValueError:
        return False
    return found.key == key and found.signer != signer and found.begin <= now < found.end


def wanted(
    keys: Iterable[str],
    there: Mapping[str, str],
    signer: str,
    names: Collection[str],
    now: float,
    days: int,
    replace: bool,
) -> dict[str, str]:
    """The certificate that each host key of a node is to have, by kind: the one that is there, or UNSIGNED.

    A certificate of another CA stays, unless `replace` says otherwise: two machines that run for one cluster would else
    sign in turns.

    Args:
        keys: the node's public keys, `type base64`.
        there: the text of the certificate that it has, by kind.
    """
    found = {}
    for kind, key in host_keys("\n".join(keys)).items():
        text = there.get(kind, "")
        stays = not lacks(text, key, signer, names, now, days) or (not replace and is_foreign(text, key, signer, now))
        found[kind] = text if stays else UNSIGNED
    return found


def certificate_notes(
    keys: Iterable[str], there: Mapping[str, str], signer: str, others: str, now: float, replace: bool
) -> list[str]:
    """What a person should know of the certificates of a node; see `wanted`.

    Args:
        others: lines of sshd's files that are not ours and name certificates.
    """
    if not signer:
        return []
    if others:
        return [
            "sshd shows certificates of its host keys that an admin made, so the host CA of the site signs none; next: "
            "take the lines HostCertificate out of its files, or pin its host key in the plan (host_key)"
        ]
    foreign = [
        kind
        for kind, key in host_keys("\n".join(keys)).items()
        if not replace and is_foreign(there.get(kind, ""), key, signer, now)
    ]
    if not foreign:
        return []
    return [
        f"another CA has signed its host key ({', '.join(foreign)}), which stays so; next: bring host_ca from the "
        "machine that signs to this one, or set hostcert_replace: true in group_vars to sign anew"
    ]


def _is_key(name: str, encoded: str) -> bool:
    """Whether this is the public half of a key: its own name and as many fields as it has, and nothing else."""
    try:
        found, rest = _text(base64.b64decode(encoded, validate=True))
        for _ in range(_KEY_FIELDS[name]):
            _, rest = _text(rest)
    except ValueError:
        return False
    return found.decode("ascii", "replace") == name and not rest


def _text(data: bytes) -> tuple[bytes, bytes]:
    size, rest = _number(data, 4)
    if size > len(rest):
        raise ValueError("it is cut off")
    return rest[:size], rest[size:]


def _number(data: bytes, size: int) -> tuple[int, bytes]:
    if len(data) < size:
        raise ValueError("it is cut off")
    return int.from_bytes(data[:size], "big"), data[size:]


def _packed(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
