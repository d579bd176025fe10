"""What a node said of itself, short enough to be kept: whether it is still the same is known by it. Pure.

Digests of files and of what differs, and versions and states of units as they are. No secret is in it: of secret files
a run has digests that count for that run only, and these are left out. Nothing in it passes for a template: it comes
back to Ansible as a variable of a run, which Ansible would render.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.console_text import their_words
from provisioner.state.pending import Pending

_OF_PATHS = ("kind", "mode", "owner", "group", "content", "too_big")
_LONGEST = 100
_ODD = re.compile(r"[^A-Za-z0-9.+:~ _-]")


def fingerprint(blade: Mapping[str, Any], pending: Pending) -> dict[str, str]:
    """What a node is now, by the names of its parts.

    Args:
        blade: its facts.
        pending: where it differs from what its roles keep.
    """
    return dict(_parts(blade, pending))


def _parts(blade: Mapping[str, Any], pending: Pending) -> Iterator[tuple[str, str]]:
    yield "machine-id", _digest(blade.get("machine_id"))
    yield "host name", _digest(blade.get("host_name"))
    yield "Debian", _plain((blade.get("os") or {}).get("version_id", ""))
    # The second line is how long the machine runs.
    hardware = [str(blade.get("slurmd_c") or "").split("UpTime=")[0].strip(), blade.get("cpu"), blade.get("memory_mib")]
    yield "hardware", _digest([*hardware, blade.get("gpus")])
    yield "scratch", _digest({key: value for key, value in (blade.get("scratch") or {}).items() if key != "warnings"})
    for name, version in (blade.get("packages") or {}).items():
        yield f"package {name}", _plain(version or "absent")
    for name, unit in (blade.get("units") or {}).items():
        yield f"unit {name}", _plain(" ".join(filter(None, (unit.get("active"), unit.get("enabled")))) or "absent")
    for name, account in (blade.get("users") or {}).items():
        yield f"account {name}", _digest(account)
    for path, state in (blade.get("paths") or {}).items():
        yield f"file {path}", _digest({key: state.get(key) for key in _OF_PATHS})
    yield "what differs", _digest(sorted(str(each["line"]) for each in pending))


def _plain(words: Any) -> str:
    return _ODD.sub("?", str(words))[:_LONGEST]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What is another thing than before, such as `file /etc/hosts` or `package munge 0.5.15-2 -> 0.5.15-3`."""
    found = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    return [f"{their_words(name, 300)}{_from_to(name, before.get(name, ''), now.get(name, ''))}" for name in found]


def _from_to(name: str, old: Any, new: Any) -> str:
    shown = name.startswith(("package ", "unit ", "Debian"))
    return f" {their_words(old, _LONGEST)} -> {their_words(new, _LONGEST)}" if shown else ""


def all_moved(
    expected: Mapping[str, Any], hosts: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> list[str]:
    """What moved since a preview, each with its blade; [] where everything is as it was.

    Args:
        expected: the fingerprints of the preview by inventory name; {} compares nothing.
        hosts: the variables of hosts, with `slurm_fingerprint` of those that answer.
        names: how the plan calls each host.
    """
    if not expected:
        return []
    now = {name: host["slurm_fingerprint"] for name, host in hosts.items() if "slurm_fingerprint" in host}
    found = []
    for name in dict.fromkeys([*expected, *now]):
        blade = names.get(name, name)
        if name not in now:
            found.append(f"{blade} does not answer any more, or is refused")
        elif name not in expected:
            found.append(f"{blade} is there, which the preview does not have")
        else:
            found += [f"{blade}: {what}" for what in moved(expected[name], now[name])]
    return found
