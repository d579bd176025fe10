"""The site's known_hosts: which host keys the blades had, by address."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from provisioner.private import write_private


def known_name(address: str, port: int) -> str:
    """How known_hosts calls a host: the address, with the port where it is not 22."""
    return address if port == 22 else f"[{address}]:{port}"


def replaced(text: str, name: str, keys: Iterable[str]) -> str:
    """The file's text with the host's lines replaced by these keys; all other lines stay."""
    return without(text, [name]) + "".join(f"{name} {key}\n" for key in keys)


def without(text: str, names: Collection[str]) -> str:
    """The file's text without the lines of these hosts."""
    lines = [line for line in text.splitlines() if line.split(" ")[0] not in names]
    return "".join(f"{line}\n" for line in lines)


def keys_of(text: str, name: str) -> list[str]:
    """The keys that the file's text has of a host, each as `type base64`."""
    lines = [line.split() for line in text.splitlines()]
    return [" ".join(words[1:3]) for words in lines if len(words) >= 3 and words[0] == name]


def fingerprint(key: str) -> str:
    """`ED25519 SHA256:...` of a key `type base64`, in the words of ssh itself; '' for what is no key."""
    kind, _, blob = key.partition(" ")
    try:
        digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    except binascii.Error:
        return ""
    name = kind.removeprefix("ssh-").split("-")[0].upper()
    return f"{name} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def pinned(key: str, pins: Collection[str]) -> bool:
    """Whether the fingerprint of a key is one of those that the plan names."""
    return fingerprint(key).partition(" ")[2] in pins


def announce(file: Path, name: str, keys: Iterable[str]) -> None:
    """Writes a host's new keys instead of its old ones."""
    text = file.read_text() if file.exists() else ""
    write_private(file, replaced(text, name, keys))


def forget(file: Path, names: Collection[str]) -> None:
    """Removes hosts; a file that is empty then goes too."""
    if not file.exists():
        return
    if left := without(file.read_text(), names):
        write_private(file, left)
    else:
        file.unlink()
