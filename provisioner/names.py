"""The one place that decides how a node is called.

A blade has the name that the plan writes, in any case: `BLD-008`, `node001`, `gpu-a-01`. That is what people see. Its
host name, its Ansible inventory name and its Slurm NodeName are the same in small letters, since Slurm compares
NodeName with the host name case-sensitively. On the command line the case does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ClusterShell.NodeSet import NodeSet

NAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
FORM = "use letters, digits and dashes within, at most 63, such as node001, gpu-a-01 or BLD-008"

# What a file of ours or of Debian, Ansible or Slurm calls something else.
_RESERVED = frozenset(
    {
        "all", "ungrouped", "localhost", "default", "none-yet", "none", "broadcasthost",
        "ip6-localhost", "ip6-loopback", "ip6-allnodes", "ip6-allrouters", "ip6-localnet", "ip6-mcastprefix",
    }
)  # fmt: skip
# The resolver reads these as addresses: `7` is 0.0.0.7.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Slurm counts in node sets up to 2^25 only, and 64,000 in one of them.
_MOST_DIGITS = 18


def host_name(name: str) -> str:
    """The host name, inventory name and NodeName of a blade: `BLD-008` -> `bld-008`."""
    return name.strip().lower()


def name_problem(name: str) -> tuple[str, str] | None:
    """Why a name cannot be that of a node, and what would be right; None for one that can."""
    short = host_name(name)
    if not re.match(NAME, name) or name.endswith("\n"):
        return f'"{name}" is no name of a node', _remedy(name)
    if _NUMBER.fullmatch(short):
        return f'"{name}" alone is read as an address or a number', f"put letters before it, such as node{short}"
    if short in _RESERVED:
        return f"{name} is a reserved name", "call it something else, such as node001"
    if digits := re.search(rf"[0-9]{{{_MOST_DIGITS + 1},}}", name):
        wrong = f"{name} has a number of {len(digits.group())} digits, which Slurm cannot count with"
        return wrong, f"use at most {_MOST_DIGITS}"
    return None


def _remedy(name: str) -> str:
    if re.match(r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", name):
        host, _, domain = name.partition(".")
        return f"write {host}, and `domain: {domain}` with it"
    if re.match(r"^[A-Za-z0-9_-]+$", name) and "_" in name and name.strip("_-"):
        return f"a host name has no underscore: write {name.replace('_', '-').strip('-')}"
    return FORM


def folded(names: Iterable[str]) -> str:
    """Names as one node set, as people read them: `BLD-[008,011-012]`."""
    return str(NodeSet.fromlist(list(names)))
