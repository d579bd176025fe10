"""What happened on which blade: ansible-runner's events, folded into one state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.answer import fits
from provisioner.run.diagnose import Diagnosis, diagnose, left_alone
from provisioner.run.hostkeys import HostKeys
from provisioner.run.keys import BECAUSE_KEY, CHANGED_KEY, LEFT_KEY, TROUBLE_KEY, WAITS_KEY
from provisioner.run.refused_key import refused_key
from provisioner.run.task_result import executions, kept, notes, result_of, told, word

# What is kept of the answers of one blade: a run has tens of tasks, and a blade may answer megabytes to each.
_LARGEST_DIFF, _MOST_NOTES = 2**22, 50


@dataclass
class BladeState:
    """One blade's part of a run. Times are seconds; `modules` counts what was executed on the blade.

    `since` is when it began with what it is `doing`, by the clock of the run; `is_at_work` while that is a task. What
    it `waits` for is told by tasks. `lines` say what changed; `titles` are tasks that changed something, for a blade of
    which no line is told. `failure` says why it failed, or, where it is `serving` the cluster all the same, what does
    not work there. `skipped` says why nothing was done on it, or why nobody looked at it. `installation` is what it
    was found to be: `standing` and `why`, see `slurm.installation`.
    """

    lines: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    left_because: str = ""
    diffs: list[Mapping[str, Any]] = field(default_factory=list)
    failure: Diagnosis | None = None
    serving: bool = False
    skipped: str = ""
    installation: Mapping[str, str] = field(default_factory=dict)
    unreachable: bool = False
    tasks: int = 0
    modules: int = 0
    seconds: float = 0.0
    doing: str = "waiting"
    is_at_work: bool = False
    since: float = 0.0
    waits: str = ""

    @property
    def changed(self) -> list[str]:
        """What changed, for a person."""
        return self.lines or self.titles


@dataclass
class RunState:
    """A run as far as its events tell."""

    blades: dict[str, BladeState]
    phases: dict[str, float] = field(default_factory=dict)
    phase: str = ""
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    finished: bool = False
    words: list[str] = field(default_factory=list)
    host_keys: HostKeys = field(default_factory=HostKeys)
    clock: Callable[[], float] = time.monotonic
    _phase_start: float = 0.0

    def take(self, event: Mapping[str, Any]) -> None:
        """Folds one event of ansible-runner into the state; unknown kinds are left alone."""
        if event.get("event") in ("error", "verbose") and event.get("stdout"):
            # Ansible's words outside of any task: why it would not even start.
            self.words.append(str(event["stdout"]).strip())
        handler = _HANDLERS.get(str(event.get("event")))
        if handler is not None:
            handler(self, event.get("event_data") or {})

    def close_phase(self) -> None:
        """Books the time since the last phase began; also for a run that was stopped inside one."""
        now = self.clock()
        if self.phase:
            self.phases[self.phase] = self.phases.get(self.phase, 0.0) + now - self._phase_start
        self._phase_start, self.phase = now, ""

    def phase_seconds(self) -> float:
        """How long the phase has taken up to now."""
        return self.clock() - self._phase_start

    def failed(self) -> list[str]:
        """Hosts that failed or were unreachable, also those that serve the cluster all the same."""
        return [name for name, blade in self.blades.items() if blade.failure is not None]

    def lost(self) -> list[str]:
        """Of those the ones that the cluster has to do without."""
        return [name for name in self.failed() if not self.blades[name].serving]


def facts_in(results: Mapping[str, Any]) -> dict[str, Any]:
    """The facts in what tasks returned, as the last of them left each."""
    found = [result.get("ansible_facts") for result in results.values()]
    return {name: fact for facts in found if isinstance(facts, Mapping) for name, fact in facts.items()}


def _play_start(state: RunState, data: Mapping[str, Any]) -> None:
    state.close_phase()
    state.phase = str(data.get("name") or data.get("play") or "")


def _task_start_on_host(state: RunState, data: Mapping[str, Any]) -> None:
    if blade := state.blades.get(str(data.get("host"))):
        blade.doing, blade.is_at_work, blade.since = blade.waits or _title(data), True, state.clock()


def _ok(state: RunState, data: Mapping[str, Any]) -> None:
    blade = _count(state, data)
    result = result_of(data)
    if blade is None:
        return
    blade.modules += executions(data, result)
    new = [note for note in map(str, notes(result)) if note not in blade.notes]
    blade.notes += new[: _MOST_NOTES - len(blade.notes)]
    blade.waits = word(data, result, WAITS_KEY)
    for trouble in told(data, result, TROUBLE_KEY):
        blade.failure, blade.serving = diagnose({"msg": trouble}, _title(data), "fail"), True
    if left := told(data, result, LEFT_KEY):
        blade.left += [line for line in left if line not in blade.left]
        blade.left_because = word(data, result, BECAUSE_KEY)
    if lines := told(data, result, CHANGED_KEY):
        blade.lines += [line for line in lines if line not in blade.lines]
    elif result.get("changed"):
        blade.titles.append(_title(data))
    if result.get("changed"):
        diffs = result.get("diff") or []
        listed = diffs if isinstance(diffs, list) else [diffs]
        blade.diffs += [diff for diff in listed if isinstance(diff, Mapping) and fits(diff, _LARGEST_DIFF)]
    state.results.setdefault(str(data.get("host")), {})[str(data.get("task"))] = kept(result)


def _skipped(state: RunState, data: Mapping[str, Any]) -> None:
    _count(state, data)


def _failed(state: RunState, data: Mapping[str, Any]) -> None:
    if data.get("ignore_errors"):
        return
    if blade := _count(state, data):
        blade.modules += executions(data, result_of(data))
        action = str(data.get("task_action") or "")
        blade.skipped = left_alone(result_of(data), action)
        blade.failure = None if blade.skipped else diagnose(result_of(data), _title(data), action)
        blade.serving = False
        blade.doing = "skipped" if blade.skipped else "failed"


def _unreachable(state: RunState, data: Mapping[str, Any]) -> None:
    if blade := _count(state, data):
        result = {**result_of(data), "unreachable": True}
        key = refused_key(str(result.get("msg") or ""), str(data.get("host")), state.host_keys)
        blade.failure = key or diagnose(result, "connect")
        blade.unreachable, blade.serving = True, False
        blade.doing = "unreachable"


def _stats(state: RunState, data: Mapping[str, Any]) -> None:
    state.close_phase()
    state.finished = True


def _count(state: RunState, data: Mapping[str, Any]) -> BladeState | None:
    blade = state.blades.get(str(data.get("host")))
    if blade is not None:
        blade.doing, blade.is_at_work, blade.since = "waits for the others", False, state.clock()
        blade.waits = ""
        blade.tasks += 1
        blade.seconds += float(data.get("duration") or 0)
    return blade


def _title(data: Mapping[str, Any]) -> str:
    """`munge | Put the key in place`, as Ansible itself names a task of a role."""
    role, task = data.get("role"), str(data.get("task") or "")
    return f"{role} | {task}" if role and not task.startswith(f"{role} :") else task


_HANDLERS: dict[str, Callable[[RunState, Mapping[str, Any]], None]] = {
    "playbook_on_play_start": _play_start,
    "runner_on_start": _task_start_on_host,
    "runner_on_ok": _ok,
    "runner_on_skipped": _skipped,
    "runner_on_failed": _failed,
    "runner_on_unreachable": _unreachable,
    "playbook_on_stats": _stats,
}
