"""What a run came to: exit code, per blade what happened, and the next step. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from provisioner.errors import ExitCode
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState, RunState

AFTER_STOP = "run it again; it waits for what is still at work on a blade, and mends what was left half done"


@dataclass(frozen=True)
class Outcome:
    """A finished run, by blade id. Times are seconds.

    `told` is what the playbook's own facts say, in words, by their key in the record; `words` are Ansible's.
    """

    code: ExitCode
    blades: Mapping[str, BladeState]
    phases: Mapping[str, float]
    seconds: float
    interrupted: bool = False
    told: Mapping[str, str] = field(default_factory=dict)
    words: str = ""
    host_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first_contact: Sequence[str] = field(default_factory=list)

    def changed(self) -> int:
        """How many things changed."""
        return sum(len(blade.changed) for blade in self.blades.values())

    def failures(self) -> dict[str, Diagnosis]:
        """Why blades failed, by blade id."""
        return {name: blade.failure for name, blade in self.blades.items() if blade.failure}

    def at_work(self) -> dict[str, str]:
        """Which task ran on which blade when the run was stopped, by blade id."""
        at_work = {name: blade.doing for name, blade in self.blades.items() if blade.is_at_work}
        return at_work if self.interrupted else {}

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON and the run record; secrets never come this far (no_log)."""
        return {
            "exit_code": int(self.code),
            "meaning": self.code.meaning,
            "interrupted": self.interrupted,
            "at_work": self.at_work(),
            "next_step": AFTER_STOP if self.interrupted else "",
            "seconds": round(self.seconds, 1),
            "changed": self.changed(),
            "phases": {name: round(seconds, 1) for name, seconds in self.phases.items()},
            "blades": {name: _blade(name, blade) for name, blade in self.blades.items()},
            **self.told,
            "ansible": self.words,
            "host_keys": {name: list(keys) for name, keys in self.host_keys.items()},
            "first_contact": list(self.first_contact),
        }


def _blade(name: str, blade: BladeState) -> dict[str, Any]:
    return {
        "status": status(blade),
        "changed": blade.changed,
        "notes": blade.notes,
        "left": blade.left,
        "left_because": blade.left_because,
        "modules": blade.modules,
        "seconds": round(blade.seconds, 1),
        "skipped": blade.skipped,
        "installation": dict(blade.installation),
        "failure": _failure(name, blade.failure) if blade.failure else None,
    }


def _failure(name: str, failure: Diagnosis) -> dict[str, Any]:
    return {**asdict(failure), "next_step": failure.step_for(name)}


def status(blade: BladeState) -> str:
    """`unreachable`, `failed`, `skipped`, `changed` or `ok`."""
    if blade.failure is not None:
        return "unreachable" if blade.unreachable else "failed"
    if blade.skipped:
        return "skipped"
    return "changed" if blade.changed else "ok"


def conclude(
    state: RunState, names: dict[str, str], controller: str, code: int, seconds: float, interrupted: bool
) -> Outcome:
    """Decides what the run came to.

    Args:
        names: blade id by inventory name.
        controller: inventory name of the controller; without it there is no cluster.
        code: exit code of Ansible. 0, 2 (a host failed) and 4 (a host was unreachable) are told apart by
            the events; any other means that Ansible itself stopped.
    """
    blades = {names[host]: blade for host, blade in state.blades.items()}
    failed, lost = state.failed(), state.lost()
    everyone = set(state.blades) - {controller}
    # What was not looked at proves nothing.
    skipped = {host for host, blade in state.blades.items() if blade.skipped}
    nothing_good = bool(everyone) and everyone <= skipped.union(lost)
    ended_well = state.finished and code in (0, 2, 4, 6)
    if interrupted:
        verdict = ExitCode.STOPPED
    elif not ended_well or controller in lost or nothing_good:
        verdict = ExitCode.FAILED
    elif failed:
        verdict = ExitCode.DEGRADED
    else:
        verdict = ExitCode.OK
    # Without a failed host and without an end, Ansible itself stopped, and only its words say why.
    words = "" if state.finished or interrupted else "\n".join(state.words).split("Traceback")[0].strip()
    return Outcome(verdict, blades, dict(state.phases), seconds, interrupted, words=words)
