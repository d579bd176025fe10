"""Which host keys count besides those on record: signed ones, and those that must not count any more.

A file in the form of known_hosts, `known_hosts.ca` beside the site's own. ssh only ever adds to its first file, so this
one can be written as a whole. Its lines:

    @cert-authority 10.20.0.108,10.20.0.111 ssh-ed25519 AAAA... host CA of asgard
    # before 10.20.0.108 ssh-ed25519 AAAA...
    @revoked 10.20.0.108 ssh-ed25519 AAAA...

`before` are keys of blades that were announced: as soon as such a blade shows another key they are revoked, since their
certificate may be good for a year.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from filelock import FileLock

from provisioner.private import write_private

CA, REVOKED, BEFORE = "@cert-authority", "@revoked", "# before"


def trust_file(known_hosts: Path) -> Path:
    """The file beside a known_hosts."""
    return known_hosts.with_name(f"{known_hosts.name}.ca")


def with_ca(text: str, names: Iterable[str], public: str, comment: str) -> str:
    """The file's text with this CA for the hosts of these names, and no other; without any name there is none.

    Args:
        names: as known_hosts has them; a host that the plan pins is none of them.
        public: the CA's key, `type base64`; '' for no CA.
    """
    rest = [line for line in text.splitlines() if not line.startswith(f"{CA} ")]
    hosts = ",".join(names)
    first = [f"{CA} {hosts} {public} {comment}"] if hosts and public else []
    return _joined([*first, *rest])


def put_aside(text: str, name: str, keys: Iterable[str]) -> str:
    """The text with keys that a host had before it was announced; revoked ones of that host count again.

    Who announces a host says that its next key is right, also where that is one of before.
    """
    rest = [line for line in text.splitlines() if not line.startswith(f"{REVOKED} {name} ")]
    return _joined([*rest, *(f"{BEFORE} {name} {key}" for key in keys)])


def lines_of(text: str, name: str) -> list[str]:
    """The lines with the keys of a host that were put aside or revoked."""
    return [line for line in text.splitlines() if line.startswith((f"{REVOKED} {name} ", f"{BEFORE} {name} "))]


def with_lines(text: str, name: str, lines: Iterable[str]) -> str:
    """The text with these lines in place of what it has in `lines_of` a host."""
    gone = {*lines_of(text, name)}
    return _joined([*(line for line in text.splitlines() if line not in gone), *lines])


def settled(text: str, name: str, shown: Collection[str], before: Iterable[str] = ()) -> str:
    """The text once a host has shown its keys: what it had before, and shows no more, is revoked.

    Args:
        shown: the keys that it has now.
        before: keys that it had, besides those that were put aside.
    """
    mark = f"{BEFORE} {name} "
    lines = text.splitlines()
    old = [*before, *(line.removeprefix(mark) for line in lines if line.startswith(mark))]
    rest = [line for line in lines if not line.startswith(mark)]
    return _joined([*rest, *(f"{REVOKED} {name} {key}" for key in old if key not in shown)])


def read_trust(file: Path) -> str:
    """The file's text, '' where it is not there."""
    return file.read_text() if file.exists() else ""


def change_trust(file: Path, change: Callable[[str], str]) -> None:
    """Changes the file's text, which nobody else does meanwhile; without a line there is no file."""
    with FileLock(file.with_name(f".{file.name}.lock")):
        before = read_trust(file)
        text = change(before)
        if text == before:
            return
        if text:
            write_private(file, text)
        else:
            file.unlink(missing_ok=True)


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))
