"""What happened on which blade: ansible-runner's events, folded into one state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.answer import fits
from provisioner.blade_told import without_texts
from provisioner.run.diagnose import Diagnosis, diagnose
from provisioner.run.hostkeys import HostKeys
from provisioner.run.keys import CHANGED_KEY, NOTE_KEY, TROUBLE_KEY
from provisioner.run.refused_key import refused_key

_MOST_ATTEMPTS = 1000
# What is kept of the answers of one blade: a run has tens of tasks, and a blade may answer megabytes to each.
_LARGEST_KEPT, _LARGEST_DIFF, _MOST_NOTES = 2**20, 2**22, 50
# Actions of Ansible that stay on this machine; every other one runs a module on the blade.
_LOCAL = {
    "add_host", "assert", "debug", "fail", "group_by", "import_role", "include_role", "include_tasks", "include_vars",
    "meta", "set_fact", "tell", "validate_argument_spec",
}  # fmt: skip


@dataclass
class BladeState:
    """One blade's part of a run. Times are seconds; `modules` counts what was executed on the blade.

    `lines` say what changed; `titles` are tasks that changed something, for a blade of which no line is told. `failure`
    says why it failed, or, where it is `serving` the cluster all the same, what does not work there.
    """

    lines: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    diffs: list[Mapping[str, Any]] = field(default_factory=list)
    failure: Diagnosis | None = None
    serving: bool = False
    unreachable: bool = False
    tasks: int = 0
    modules: int = 0
    seconds: float = 0.0
    doing: str = "waiting"

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
        blade.doing = _title(data)


def _ok(state: RunState, data: Mapping[str, Any]) -> None:
    blade = _count(state, data)
    result = _result(data)
    if blade is None:
        return
    blade.modules += _executions(data, result)
    blade.notes += [str(note) for note in _notes(result)[: _MOST_NOTES - len(blade.notes)]]
    for trouble in _told(data, result, TROUBLE_KEY):
        blade.failure, blade.serving = diagnose({"msg": trouble}, _title(data), "fail"), True
    if told := _told(data, result, CHANGED_KEY):
        blade.lines += [line for line in told if line not in blade.lines]
    elif result.get("changed"):
        blade.titles.append(_title(data))
    if result.get("changed"):
        diffs = result.get("diff") or []
        listed = diffs if isinstance(diffs, list) else [diffs]
        blade.diffs += [diff for diff in listed if isinstance(diff, Mapping) and fits(diff, _LARGEST_DIFF)]
    state.results.setdefault(str(data.get("host")), {})[str(data.get("task"))] = _kept(result)


def _skipped(state: RunState, data: Mapping[str, Any]) -> None:
    _count(state, data)


def _failed(state: RunState, data: Mapping[str, Any]) -> None:
    if data.get("ignore_errors"):
        return
    if blade := _count(state, data):
        blade.modules += _executions(data, _result(data))
        blade.failure = diagnose(_result(data), _title(data), str(data.get("task_action") or ""))
        blade.doing = "failed"


def _unreachable(state: RunState, data: Mapping[str, Any]) -> None:
    if blade := _count(state, data):
        result = {**_result(data), "unreachable": True}
        key = refused_key(str(result.get("msg") or ""), str(data.get("host")), state.host_keys)
        blade.failure = key or diagnose(result, "connect")
        blade.unreachable = True
        blade.doing = "unreachable"


def _stats(state: RunState, data: Mapping[str, Any]) -> None:
    state.close_phase()
    state.finished = True


def _count(state: RunState, data: Mapping[str, Any]) -> BladeState | None:
    blade = state.blades.get(str(data.get("host")))
    if blade is not None:
        blade.doing = "waits for the others"
        blade.tasks += 1
        blade.seconds += float(data.get("duration") or 0)
    return blade


def _executions(data: Mapping[str, Any], result: Mapping[str, Any]) -> int:
    """How often the task's module ran on the blade: per item of a loop and per attempt of a wait."""
    if str(data.get("task_action") or "").rsplit(".", 1)[-1] in _LOCAL:
        return 0
    items = result.get("results")
    rounds = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else [result]
    return sum(_attempts(each) for each in rounds if not each.get("skipped"))


def _attempts(result: Mapping[str, Any]) -> int:
    """What Ansible counted; a module's answer may hold anything under the same key."""
    found = result.get("attempts")
    return found if isinstance(found, int) and 0 < found <= _MOST_ATTEMPTS else 1


def _result(data: Mapping[str, Any]) -> Mapping[str, Any]:
    result = data.get("res")
    return result if isinstance(result, Mapping) else {}


def _kept(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result as far as a verb may ask for it."""
    facts = result.get("ansible_facts")
    named = without_texts(facts) if isinstance(facts, Mapping) else {}
    small = {name: fact for name, fact in named.items() if fits(fact, _LARGEST_KEPT)}
    rest = {key: value for key, value in result.items() if key != "ansible_facts" and fits(value, _LARGEST_KEPT)}
    return {**rest, "ansible_facts": small} if small else rest


def _notes(result: Mapping[str, Any]) -> list[Any]:
    facts = result.get("ansible_facts")
    found = facts.get(NOTE_KEY) if isinstance(facts, Mapping) else result.get(NOTE_KEY)
    return found if isinstance(found, list) else []


def _told(data: Mapping[str, Any], result: Mapping[str, Any], key: str) -> list[str]:
    """Lines of the task `tell`, which runs on this machine; an answer of a node may hold any fact."""
    facts = result.get("ansible_facts")
    found = facts.get(key) if isinstance(facts, Mapping) else None
    is_ours = data.get("task_action") == "tell"
    return [str(line) for line in found] if is_ours and isinstance(found, list) else []


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
