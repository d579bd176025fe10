"""What `apt-get --simulate` says of an upgrade, and whether it stays within the release. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.console_text import their_words

# Inst slurmd [22.05.8-4] (22.05.8-4+deb12u3 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])
_INSTALL = re.compile(r"^Inst (?P<name>\S+)(?: \[(?P<old>[^]]+)\])? \((?P<new>\S+) (?P<origins>[^)\[]*)", re.MULTILINE)
_REMOVE = re.compile(r"^(?:Remv|Purg) (?P<name>\S+)", re.MULTILINE)
# Our own question before it: Cand slurmd: 22.05.8-4 24.11.5-4
_CANDIDATE = re.compile(r"^Cand (?P<name>\S+): (?P<old>\S+) (?P<new>\S+)$", re.MULTILINE)
_FAILED = re.compile(r"^Failed$", re.MULTILINE)
_ERROR = re.compile(r"^E: (.*)$", re.MULTILINE)
_DEBIAN = re.compile(r"\bDebian[^:, ]*:(?P<release>[0-9]+)")
_SLURM_RELEASE = re.compile(r"[0-9]+\.[0-9]+")


@dataclass(frozen=True)
class Step:
    """One package that apt would put in; `old` is '' for one that is not there yet."""

    name: str
    old: str
    new: str
    origins: str


def upgrade_steps(simulation: str) -> list[Step]:
    """The packages that apt would put in, in its own order."""
    return [
        Step(match["name"], match["old"] or "", match["new"], match["origins"].strip(" ,"))
        for match in _INSTALL.finditer(simulation)
    ]


def upgrade_lines(simulation: str) -> list[str]:
    """`slurmd 22.05.8-4 -> 22.05.8-4+deb12u3`, a line per package."""
    return [f"{step.name} {step.old or '(new)'} -> {step.new}" for step in upgrade_steps(simulation)]


def upgrade_problems(simulation: str, debian: str) -> list[str]:
    """Why the upgrade is not made, each as `what is wrong; next: what to do`.

    Args:
        simulation: the output of `apt-get --simulate install --only-upgrade ...`, after the candidates and before
            `Failed` when apt found no way.
        debian: VERSION_ID of the blade's release.
    """
    steps = upgrade_steps(simulation)
    removed = [match["name"] for match in _REMOVE.finditer(simulation)]
    found = []
    candidates = [Step(match["name"], match["old"], match["new"], "") for match in _CANDIDATE.finditer(simulation)]
    if strangers := {step.name: step.new for step in [*steps, *candidates] if _other_release(step, debian)}:
        names = their_words(", ".join(f"{name} {version}" for name, version in strangers.items()))
        found.append(
            f"apt would take {names} from another release than Debian {debian}; next: take that release out of "
            "/etc/apt/sources.list* on it, run apt-get update, then run again"
        )
    if removed:
        found.append(
            f"apt would remove {their_words(', '.join(removed))}; next: look at "
            "`apt-get --simulate install --only-upgrade slurmd` on it"
        )
    if _FAILED.search(simulation) and not found:
        why = _ERROR.search(simulation)
        found.append(
            f"apt finds no way to upgrade it: {their_words(why[1]) if why else 'it does not say why'}; next: look at "
            "`apt-get --simulate install --only-upgrade slurmd` on it"
        )
    return found


def _other_release(step: Step, debian: str) -> bool:
    """By the release that Debian's own archives name, and by Slurm's version whatever archive it comes from."""
    releases = {match["release"] for match in _DEBIAN.finditer(step.origins)}
    if releases and debian not in releases:
        return True
    if not step.name.startswith(("slurm", "libslurm")) or not step.old:
        return False
    return _release(step.old) != _release(step.new)


def _release(version: str) -> Iterable[str]:
    return _SLURM_RELEASE.findall(version.partition(":")[2] or version)[:1]
