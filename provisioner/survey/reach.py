"""Where ssh goes for a target: address, account, port and the host in between, as a person's ~/.ssh/config has it."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from ipaddress import ip_address

from provisioner.plan.fields import USER_NAME
from provisioner.survey.targets import Target

WORDS = ("hostname", "user", "port", "proxyjump", "identityfile")
_AT_ONCE = 16
_SECONDS = 20
_JUMP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9@._:,-]{0,200}")


@dataclass(frozen=True)
class Reach:
    """How a run gets to a target by its address alone, which is all that a plan keeps.

    `jump`, and the key of the target, is what ssh would only find by the name (ProxyJump, IdentityFile); '' and None
    where it needs none, or finds it by the address too.
    """

    target: Target
    address: str
    user: str
    port: int
    jump: str = ""


@dataclass(frozen=True)
class Unreachable:
    """A target that ssh cannot even be sent to, with the reason and the next step."""

    target: Target
    why: str
    next_step: str


def find_ways(targets: Sequence[Target]) -> list[Reach | Unreachable]:
    """The way to each target, in their order; asks this machine's resolver and ssh's configuration, and no target."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(_way, targets))


def _way(target: Target) -> Reach | Unreachable:
    chosen = ssh_settings(target.host)
    host = chosen.get("hostname", target.host)
    address = _address(host)
    if not address:
        return Unreachable(
            target,
            f"the name {host} has no address here",
            "write its address, in a file of hosts as `10.0.0.11 node01`, for --from",
        )
    user = target.user or chosen.get("user", "root")
    if not re.fullmatch(USER_NAME, user):
        return Unreachable(target, f"{user} is no account name that a plan takes", f"name one: USER@{target.host}")
    port = target.port or int(chosen.get("port", "22"))
    by_address = chosen if address == target.host else ssh_settings(address)
    jump, key = (chosen.get(word, "none") for word in ("proxyjump", "identityfile"))
    if target.key is None and key not in ("none", by_address.get("identityfile")):
        target = replace(target, key=key)
    needed = jump if jump not in ("none", by_address.get("proxyjump")) and _JUMP.fullmatch(jump) else ""
    return Reach(target, address, user, port, needed)


def ssh_settings(host: str) -> Mapping[str, str]:
    """What ssh would use for a host: WORDS, and of several keys the first; {} without ssh, or with a broken file."""
    try:
        done = subprocess.run(
            ["ssh", "-G", host], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            check=False, timeout=_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        if key in WORDS:
            found.setdefault(key, value)
    return found


def own_addresses(candidates: Sequence[str]) -> set[str]:
    """Those of the addresses that are this machine's own: only these can be bound here."""
    own = set()
    for candidate in candidates:
        family = socket.AF_INET6 if ip_address(candidate).version == 6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((candidate, 0))
            except OSError:
                continue
            own.add(candidate)
    return own


def _address(host: str) -> str:
    """An address of the host, IPv4 where it has both; '' when nobody knows one."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return ""
    usable = [each for each in found if "%" not in each]
    return min(usable, key=lambda each: (ip_address(each).version, int(ip_address(each))), default="")
