"""Which machines a person means: `--scan user@host,...` and lines of a file of hosts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path

from ClusterShell.NodeSet import NodeSet, NodeSetException

from provisioner.errors import UsageError
from provisioner.plan.fields import USER_NAME
from provisioner.plan.problems import PlanError, Problem, UnreadableError, printable
from provisioner.plan.source import read_text

MOST = 1024
FORMS = "write user@host:port, a set such as node[01-04], or an address and a name as in /etc/hosts"
# Never an option of ssh, and nothing that a shell or Ansible reads as more than a name.
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_RANGE = re.compile(r"\[([0-9,/-]*)\]")
# What /etc/hosts has besides machines.
_NO_MACHINES = re.compile(r"127\.|255\.255\.255\.255|::1?$|fe00::|ff0[0-9a-f]::", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """A machine as a person named it.

    Args:
        host: where ssh is to go: a name or an address.
        name: how it is to be called, '' when only its address is known.
        user, port, key: None where ssh itself chooses.
    """

    host: str
    name: str = ""
    user: str | None = None
    port: int | None = None
    key: str | None = None

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.name or self.host


class HostsError(PlanError):
    """A file of hosts cannot be used; with all its problems by line and column."""

    what = "the file of hosts"


def parse_scan(words: str) -> list[Target]:
    """The machines of `--scan`.

    Raises:
        UsageError: a word is no machine; nothing was asked.
    """
    try:
        found = [target for word in _words(words) for target in _parse(word)]
    except ValueError as error:
        raise UsageError(f"--scan: {error}", FORMS) from None
    if not found:
        raise UsageError("--scan names no machine", FORMS)
    return limited(found)


def read_hosts(file: Path) -> list[Target]:
    """The machines of a file; see `parse_hosts`.

    Raises:
        HostsError: it cannot be read, or lines of it.
    """
    try:
        text = read_text(file)
    except UnreadableError as error:
        raise HostsError(
            file, [replace(error.problem, right=error.problem.right.replace("--plan", "--from"))]
        ) from None
    return parse_hosts(text, file)


def parse_hosts(text: str, path: Path) -> list[Target]:
    """The machines of a file: one line for each, `#` begins a comment.

    Raises:
        HostsError: lines cannot be read; all of them are named.
        UsageError: there is no machine in it.
    """
    found: list[Target] = []
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0]
        column = len(content) - len(content.lstrip()) + 1
        try:
            found += _parse_line(content)
        except ValueError as error:
            problems.append(Problem(number, column, str(error), FORMS))
    if problems:
        raise HostsError(path, problems)
    if not found:
        raise UsageError(f"{path} names no machine", FORMS)
    return limited(found)


def node_name(word: str) -> str:
    """The host name in what ssh is told, '' for an address: `node01.example.org` -> `node01`."""
    return "" if _is_address(word) else word.split(".")[0]


def _parse_line(content: str) -> Iterator[Target]:
    words = content.split()
    if not words:
        return
    if _is_address(words[0]) and len(words) > 1:
        if _NO_MACHINES.match(words[0]):
            return
        if not _HOST.fullmatch(words[1]):
            raise ValueError(f"{printable(words[1])} is no host name")
        yield Target(words[0], node_name(words[1]))
        return
    for word in words:
        for each in _words(word):
            yield from _parse(each)


def _parse(word: str) -> Iterator[Target]:
    """`user@host:port`, where host may be a set."""
    user, at, rest = word.rpartition("@")
    if at and not re.fullmatch(USER_NAME, user):
        raise ValueError(f"{printable(user) or 'nothing'} is no account name")
    host, port = _without_port(rest)
    for each in _expanded(host):
        if not (_HOST.fullmatch(each) or _is_address(each)):
            raise ValueError(f"{printable(each) or 'nothing'} is no host name and no address")
        yield Target(each, node_name(each), user or None, port)


def _without_port(rest: str) -> tuple[str, int | None]:
    if _is_address(rest):
        return rest, None
    if bracket := re.fullmatch(r"\[([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\](?::([0-9]+))?", rest):
        return bracket[1], _port(bracket[2]) if bracket[2] else None
    host, colon, port = rest.rpartition(":")
    return (host, _port(port)) if colon else (rest, None)


def _port(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 5 and 0 < int(word) < 65536):
        raise ValueError(f"{printable(word) or 'nothing'} is no port")
    return int(word)


def _expanded(host: str) -> list[str]:
    """The hosts of a set; how many they are is counted before they are made."""
    if "[" not in host:
        return [host]
    if "[" in _RANGE.sub("", host) or "]" in _RANGE.sub("", host):
        raise ValueError(f"{printable(host)} is no set of hosts")
    count = 1
    for ranges in _RANGE.findall(host):
        count *= sum(map(_size, ranges.split(",")))
    if count > MOST:
        raise ValueError(f"{printable(host)} is a set of more than {MOST} hosts")
    try:
        return [str(node) for node in NodeSet(host)]
    except (NodeSetException, ValueError) as error:
        raise ValueError(f"{printable(host)} is no set of hosts: {printable(str(error))}") from None


def _size(words: str) -> int:
    ends = re.match(r"([0-9]{1,12})-([0-9]{1,12})", words)
    return max(int(ends[2]) - int(ends[1]) + 1, 1) if ends else 1


def _words(text: str) -> list[str]:
    """Separated by commas outside of brackets, or blanks."""
    return [word for word in re.split(r",(?![^\[]*\])|\s+", text) if word]


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def limited(found: list[Target]) -> list[Target]:
    """Each machine once, in the order in which they were named.

    Raises:
        UsageError: there are too many.
    """
    if len(found) > MOST:
        raise UsageError(f"{len(found)} machines at once are too many", f"name at most {MOST}, and the rest later")
    once: dict[tuple[str, int | None], Target] = {}
    for target in found:
        once.setdefault((target.host.lower(), target.port), target)
    return list(once.values())
