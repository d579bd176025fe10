"""Who works on a cluster: how a run names itself in a lock, and what is said of the one that holds it."""

from __future__ import annotations

import getpass
import os
import re
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PLAIN = re.compile(r"[^\w.@:+-]")
NEXT = "wait for it, or, if you know that it is dead, `provision unlock`"


def this_owner(run: str, process: int) -> dict[str, Any]:
    """The owner of a lock: who runs what where, and the process by which this machine knows whether it lives.

    Args:
        run: the id of the run; '' is named after the process.
        process: the main process of the run.
    """
    return {
        "run": run or f"ansible-{process}",
        "by": account(),
        "at": socket.gethostname(),
        "machine": _machine(),
        "pid": process,
        "start": _start(process),
    }


def account() -> str:
    """The name of this account, or its number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def is_dead(owner: Mapping[str, Any]) -> bool:
    """Whether the owner ran on this very machine and does no more; of any other machine nothing is known."""
    if not owner.get("machine") or owner["machine"] != _machine():
        return False
    process, start = _count(owner.get("pid")), _count(owner.get("start"))
    return process > 0 and start > 0 and _start(process) != start


def busy(cluster: str, owner: Mapping[str, Any], next_step: str = NEXT) -> tuple[str, str]:
    """What is said to a run that has to wait, and its next step.

    Args:
        owner: who holds the lock, with its `age` in seconds; what a lock says is taken with care.
    """
    words = {key: _PLAIN.sub("", str(owner.get(key) or ""))[:64] for key in ("run", "by", "at", "address")}
    if not words["run"]:
        return f"another run works on cluster {cluster}", next_step
    age = _count(owner.get("age"))
    since = time.strftime("%H:%M" if age < 12 * 3600 else "%Y-%m-%d %H:%M", time.localtime(time.time() - age))
    address = f" ({words['address']})" if words["address"] else ""
    who = f"{words['run']} by {words['by']}@{words['at']}{address} since {since} ({_span(age)})"
    return f"another run works on cluster {cluster}: {who}", next_step


def _count(value: Any) -> int:
    """A number as a lock says it, 0 for anything else; a lock is older than 30 years in no case."""
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e9 else 0


def _span(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _machine() -> str:
    """This boot of this machine and its space of process numbers; '' where that cannot be told.

    Containers share a boot, and the same number is another process in each.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _start(process: int) -> int:
    """When a process started, in ticks since boot: its number alone comes again. 0 when there is none."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0
