"""The mark of a filesystem that was made for this very disk: a UUID that only this disk can have. Pure.

The first half of the UUID is a nonce, the second a digest of the nonce, the disk's identity and its size. So a
copy on another disk, or a filesystem to which somebody gave our label, is not taken for ours, and nothing has
to be remembered: the mark survives a reimage of the blade.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable

_VERSION_BYTE, _VARIANT_BYTE = 6, 8


def make(identity: str, size: int, nonce: bytes) -> str:
    """The UUID (version 8, RFC 9562) for a disk. 60 bits of the 8 bytes of `nonce` are used."""
    head = bytearray(nonce[:8])
    head[_VERSION_BYTE] = 0x80 | head[_VERSION_BYTE] & 0x0F
    text = f"provision scratch\0{identity}\0{size}\0".encode()
    whole = bytearray(bytes(head) + hashlib.sha256(text + bytes(head)).digest()[:8])
    whole[_VARIANT_BYTE] = 0x80 | whole[_VARIANT_BYTE] & 0x3F
    return str(uuid.UUID(bytes=bytes(whole)))


def for_a_person(identity: str, size: int) -> str:
    """The UUID in the command that a person is offered: the same in every run."""
    return make(identity, size, hashlib.sha256(f"{identity} by hand".encode()).digest())


def fits(text: str, identities: Iterable[str], size: int) -> bool:
    """Whether this UUID was made for a disk with one of these identities."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        return False
    return any(make(identity, size, found.bytes[:8]) == str(found) for identity in identities)


def as_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID as XFS writes them into every block of its own; b'' for no UUID."""
    try:
        return uuid.UUID(text).bytes
    except ValueError:
        return b""
