"""A timer on this machine: what is there, what is to be there, and the steps between the two."""

from __future__ import annotations

import contextlib
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from provisioner.errors import ProvisionError
from provisioner.scheduled.systemd import properties, stamp, systemctl
from provisioner.scheduled.units import MARK
from provisioner.whole_file import write_whole

SUFFIXES = (".service", "-notify.service", "-failed.service", ".timer")


@dataclass
class Units:
    """The units of a plan in a folder of systemd.

    Args:
        folder: where they are.
        name: what they are called, without suffix.
        system: whether root's service manager has them.
    """

    folder: Path
    name: str
    system: bool
    there: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for suffix in SUFFIXES:
            path = self.folder / f"{self.name}{suffix}"
            if os.path.lexists(path):
                self.there[path.name] = _ours(path)

    @property
    def timer(self) -> str:
        """The unit that fires."""
        return f"{self.name}.timer"

    @property
    def run(self) -> str:
        """The unit of a run."""
        return f"{self.name}.service"

    def differing(self, wanted: Mapping[str, str]) -> list[str]:
        """The files that are not as they are wanted."""
        return [name for name, text in wanted.items() if self.there.get(name) != text]

    def diff(self, wanted: Mapping[str, str]) -> list[str]:
        """All differences, old against new, as `diff -u` has them."""
        lines: list[str] = []
        for name in self.differing(wanted):
            path, old = self.folder / name, self.there.get(name)
            before = "/dev/null" if old is None else str(path)
            lines += difflib.unified_diff(
                (old or "").splitlines(), wanted[name].splitlines(), before, str(path), "", "", 3, ""
            )
        return lines

    def steps(self, wanted: Mapping[str, str]) -> list[str]:
        """What is to be done so that the timer runs as wanted, in words; nothing where it does.

        Each is asked for anew, so that what a killed installation left half done is found.

        Raises:
            ProvisionError: systemd does not answer.
        """
        changed = self.differing(wanted)
        found = [f"write {self.folder / name}" for name in changed]
        state = properties(self.system, self.timer, "ActiveState", "UnitFileState", "NeedDaemonReload")
        service = properties(self.system, self.run, "NeedDaemonReload")
        if changed or "yes" in (state.get("NeedDaemonReload"), service.get("NeedDaemonReload")):
            found.append("reload systemd")
        if state.get("UnitFileState") != "enabled":
            found.append(f"enable {self.timer}")
        if state.get("ActiveState") != "active":
            found.append(f"start {self.timer}")
        elif self.timer in changed or state.get("NeedDaemonReload") == "yes":
            found.append(f"restart {self.timer}")
        return found

    def install(self, wanted: Mapping[str, str]) -> None:
        """Makes the units as they are wanted, and the timer run.

        Raises:
            ProvisionError: systemd does not take them.
        """
        steps = self.steps(wanted)
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in self.differing(wanted):
            write_whole(self.folder / name, wanted[name], 0o644)
        if "reload systemd" in steps:
            systemctl(self.system, "daemon-reload")
        if f"enable {self.timer}" in steps:
            systemctl(self.system, "enable", self.timer)
        if f"start {self.timer}" in steps or f"restart {self.timer}" in steps:
            systemctl(self.system, "restart", self.timer)

    def is_at_work(self) -> bool:
        """Whether a run is, or what follows it.

        Raises:
            ProvisionError: systemd does not answer.
        """
        units = [name for name in self.there if name.endswith(".service")]
        return any(properties(self.system, unit, "ActiveState").get("ActiveState") == "activating" for unit in units)

    def remove(self) -> list[str]:
        """Stops the timer and takes the units away; returns those that are still needed.

        Without its unit systemd would end a run after 90 s, so that of a run at work stays.

        Raises:
            ProvisionError: systemd does not let go of it.
        """
        if self.timer in self.there:
            systemctl(self.system, "disable", "--now", self.timer)
            # One that is installed later has missed nothing.
            with contextlib.suppress(OSError):
                stamp(self.system, self.timer).unlink()
        needed = [name for name in self.there if name != self.timer] if self.is_at_work() else []
        for name in self.there:
            if name not in needed:
                (self.folder / name).unlink(missing_ok=True)
        systemctl(self.system, "daemon-reload")
        return needed


def _ours(path: Path) -> str:
    """The text of a unit of ours.

    Raises:
        ProvisionError: it is somebody else's.
    """
    text = None
    if path.is_file() and not path.is_symlink():
        text = path.read_bytes()[:100_000].decode(errors="replace")
    if text is None or not text.startswith(MARK):
        raise ProvisionError(
            f"{path} is not of `provision timer install`, so it stays as it is", "rename or remove it, then try again"
        )
    return text
