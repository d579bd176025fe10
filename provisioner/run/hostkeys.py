"""The SSH host keys of the blades of a run: those that the plan pins, those on record, those that came new."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from provisioner import knownhosts
from provisioner.names import host_name
from provisioner.plan.derive import host_key_pins
from provisioner.plan.model import Plan
from provisioner.plan.way import Way, way_to
from provisioner.ssh import CLOSED, CONNECT_SECONDS, through

# Asked for one by one until a pinned key comes: a server shows one key per connection.
ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521", "rsa-sha2-512,rsa-sha2-256")
MOST_AT_ONCE = 16


@dataclass(frozen=True)
class HostKeys:
    """Fingerprints (`ED25519 SHA256:...`) by inventory name; `offered` are keys that no pin of the plan allows."""

    recorded: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    offered: Mapping[str, Sequence[str]] = field(default_factory=dict)


def on_record(plan: Plan, blades: Sequence[str], file: Path, lab: bool = False) -> dict[str, list[str]]:
    """The fingerprints that known_hosts has of the blades, by inventory name; [] for one never met.

    Args:
        lab: whether the blades of the lab are meant; see `way_to`.
    """
    text = file.read_text() if file.exists() else ""
    keys = {host_name(name): knownhosts.keys_of(text, way_to(plan, name, lab).known_name) for name in blades}
    return {host: list(map(knownhosts.fingerprint, its)) for host, its in keys.items()}


def settle_pins(plan: Plan, blades: Sequence[str], file: Path) -> HostKeys:
    """Puts the pinned keys of the blades on record, and takes away keys that the pins do not allow.

    A blade whose pinned key is on record is not asked, so nothing here slows a usual run down. Another one is asked for
    its keys, over the same way as the run itself, and without logging in. Keys with another fingerprint are not written
    down: ssh then refuses the blade by itself.
    """
    text = file.read_text() if file.exists() else ""
    pins = {name: host_key_pins(plan.blades[name]) for name in blades}
    wrong = [name for name, allowed in pins.items() if allowed and not _settled(plan, name, text, allowed)]
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        found = dict(
            zip(wrong, pool.map(lambda name: offered_keys(way_to(plan, name), pins[name], file), wrong), strict=True)
        )
    for name, keys in found.items():
        before = _keys(plan, name, text)
        allowed = list(dict.fromkeys(key for key in (*before, *keys) if knownhosts.pinned(key, pins[name])))
        if allowed != before:
            knownhosts.announce(file, way_to(plan, name).known_name, allowed)
    return HostKeys(
        recorded=on_record(plan, blades, file),
        pins={host_name(name): allowed for name, allowed in pins.items() if allowed},
        offered={host_name(name): list(map(knownhosts.fingerprint, keys)) for name, keys in found.items()},
    )


def first_contacts(before: HostKeys, now: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The keys of blades that were met for the first time and taken as they are, by inventory name."""
    return {host: list(keys) for host, keys in now.items() if keys and not before.recorded.get(host)}


def _settled(plan: Plan, name: str, text: str, pins: Sequence[str]) -> bool:
    keys = _keys(plan, name, text)
    return bool(keys) and all(knownhosts.pinned(key, pins) for key in keys)


def _keys(plan: Plan, name: str, text: str) -> list[str]:
    return knownhosts.keys_of(text, way_to(plan, name).known_name)


def offered_keys(way: Way, pins: Collection[str], known_hosts: Path) -> list[str]:
    """The host keys that the blade shows, up to the first pinned one; [] when it does not answer.

    ssh and not ssh-keyscan, which knows nothing of a ProxyJump. It ends where the login would begin.
    """
    found: list[str] = []
    for algorithms in ALGORITHMS:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "known_hosts"
            options = [
                f"UserKnownHostsFile={file}",
                "GlobalKnownHostsFile=none",
                "HashKnownHosts=no",
                "StrictHostKeyChecking=accept-new",
                f"HostKeyAlgorithms={algorithms}",
                "PreferredAuthentications=none",
                "BatchMode=yes",
                "ControlPath=none",
                f"ConnectTimeout={CONNECT_SECONDS}",
                *CLOSED,
                *([through(way.jump, known_hosts)] if way.jump else []),
            ]
            where = ["-p", str(way.port), f"{way.user}@{way.address}"]
            said = _ssh([*(word for option in options for word in ("-o", option)), *where, "true"])
            if not file.exists():
                if "no matching host key type" in said:
                    continue
                return found  # nobody answers; the run says so
            # Under whatever name: a HostKeyAlias of the person's is one.
            found += [" ".join(line.split()[1:3]) for line in file.read_text().splitlines()]
        if any(knownhosts.pinned(key, pins) for key in found):
            break
    return found


def _ssh(arguments: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            ["ssh", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=2 * CONNECT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr
