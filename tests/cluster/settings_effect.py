"""Gives live daemons another value of a setting, and asks them whether it took effect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

CONF, CGROUP = "/etc/slurm/slurm.conf", "/etc/slurm/cgroup.conf"
RELEASES = {"bookworm": "22.05", "trixie": "24.11"}
_TOLD = re.compile(r"^(\S+)\s+= ?(.*)$", re.MULTILINE)


def values(release: str) -> dict[str, dict[str, Any]]:
    """Another value of each setting that the release has, with what it needs beside it."""
    listed = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text())
    return {key: each for key, each in listed.items() if each.get("only", release) == release}


@dataclass(frozen=True)
class Effect:
    """What another value did: `by_reconfigure` and `by_restart` are what the daemons said that they have by then.

    Each is a set of `shown` (slurmctld shows another value), `slurmctld` and `slurmd` (they have loaded the plugin).
    `wanted` is what they have once it took effect; `alive` is whether slurmctld outlived the reconfigure.
    """

    key: str
    wanted: frozenset[str]
    by_reconfigure: frozenset[str]
    by_restart: frozenset[str]
    alive: bool
    words: str = ""


class Daemons:
    """slurmctld and one slurmd of a lab, whose configuration is the test's for a while."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.node = lab, lab.compute[0]
        self.conf, self.cgroup = lab.ask(f"cat {CONF}"), lab.ask(f"cat {CGROUP}")

    def shown(self) -> dict[str, str]:
        """What slurmctld says that it works with; {} while it does not answer."""
        said = self.lab.tried(self.lab.controller, "timeout 10 scontrol show config")
        return dict(_TOLD.findall(said.out)) if said.code == 0 else {}

    def loaded(self, plugin: str) -> Iterator[str]:
        """The daemons that have a plugin in their memory."""
        for daemon, blade in (("slurmctld", self.lab.controller), ("slurmd", self.node)):
            main = f"systemctl show --property=MainPID --value {daemon}"
            if self.lab.tried(blade, f"grep -q /{plugin} /proc/$({main})/maps").code == 0:
                yield daemon

    def has(self, key: str, given: Mapping[str, Any], before: Mapping[str, str]) -> frozenset[str]:
        """See `Effect`."""
        name = given.get("shown_as", key)
        now = self.shown()
        shown = {"shown"} if now and _values(now, name) != _values(before, name) else set()
        return frozenset(shown | ({*self.loaded(given["plugin"])} if "plugin" in given else set()))

    def put(self, key: str, given: Mapping[str, Any]) -> None:
        """Writes the files with another value of the key."""
        value = f"{key}={given['value']}"
        if given.get("beside"):
            self._write(CGROUP, _without(self.cgroup, [key]) + f"\n{value}\n")
            return
        more = given.get("more", [])
        names = [key, *(line.split("=")[0] for line in more), *given.get("drops", [])]
        self._write(CONF, "\n".join([value, *more, _without(self.conf, names), ""]))

    def put_back(self) -> None:
        """Writes the files as they were."""
        self._write(CONF, self.conf + "\n")
        self._write(CGROUP, self.cgroup + "\n")

    def _write(self, path: str, text: str) -> None:
        self.lab.ask(f"cat > {path} <<'END_OF_FILE'\n{text}END_OF_FILE")

    def reconfigure(self) -> Said:
        """`scontrol reconfigure`; said once more where slurmctld is still at work on the one before."""
        said = self.lab.tried(self.lab.controller, "timeout 30 scontrol reconfigure")
        if "timed out" in said.text:
            said = self.lab.tried(self.lab.controller, "timeout 30 scontrol reconfigure")
        return said

    def restart(self) -> bool:
        """Restarts both daemons; whether they answer."""
        self.lab.tried(self.lab.controller, "systemctl reset-failed slurmctld; systemctl restart slurmctld")
        self.lab.tried(self.node, "systemctl restart slurmd")
        return bool(until(self.shown, 15))


def _values(shown: Mapping[str, str], name: str) -> list[str]:
    """What is shown of a key; of a list 24.11 shows `Prolog[0]`, `Prolog[1]`."""
    return [value for key, value in shown.items() if re.sub(r"\[\d+\]$", "", key) == name]


def _without(text: str, keys: list[str]) -> str:
    known = {key.lower() for key in keys}
    return "\n".join(line for line in text.splitlines() if line.split("=")[0].strip().lower() not in known)


def measured(daemons: Daemons, key: str, given: Mapping[str, Any], seconds: float) -> Effect:
    """What another value does by a reconfigure, within that time, and where something is missing then by a restart."""
    before = daemons.shown()
    wanted = {*given.get("in", []), *(["shown"] if given.get("shown", True) else [])}

    def all_of_it() -> frozenset[str]:
        now = daemons.has(key, given, before)
        return now if wanted <= now else frozenset()

    daemons.put(key, given)
    try:
        said = daemons.reconfigure()
        first = until(all_of_it, seconds) or daemons.has(key, given, before)
        alive = bool(daemons.shown())
        last = first
        if not wanted <= first:
            up = daemons.restart()
            last = until(all_of_it, 20) or daemons.has(key, given, before) if up else frozenset({"down"})
        return Effect(key, frozenset(wanted), first, last, alive, said.text.strip()[:200])
    finally:
        daemons.put_back()
        # What a restart brought goes with a restart.
        daemons.reconfigure()
        if daemons.shown() != before and _differs(daemons.shown(), before):
            assert daemons.restart(), "the daemons do not come back"


def _differs(now: Mapping[str, str], before: Mapping[str, str]) -> bool:
    moving = ("BOOT_TIME", "NEXT_JOB_ID", "HASH_VAL")
    return {key: now[key] for key in now if key not in moving} != {
        key: before[key] for key in before if key not in moving
    }
