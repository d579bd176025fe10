"""What the result of one task says of a blade: an answer of a node may hold anything. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.answer import fits
from provisioner.blade_told import without_texts
from provisioner.run.keys import NOTE_KEY

_MOST_ATTEMPTS = 1000
# A run has tens of tasks, and a blade may answer megabytes to each.
_LARGEST_KEPT = 2**20
# Actions of Ansible that stay on this machine; every other one runs a module on the blade.
_LOCAL = {
    "add_host", "assert", "debug", "fail", "group_by", "import_role", "include_role", "include_tasks", "include_vars",
    "meta", "set_fact", "tell", "validate_argument_spec",
}  # fmt: skip


def executions(data: Mapping[str, Any], result: Mapping[str, Any]) -> int:
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


def result_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the task returned; {} for anything that is no result."""
    result = data.get("res")
    return result if isinstance(result, Mapping) else {}


def kept(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result as far as a verb may ask for it."""
    facts = result.get("ansible_facts")
    named = without_texts(facts) if isinstance(facts, Mapping) else {}
    small = {name: fact for name, fact in named.items() if fits(fact, _LARGEST_KEPT)}
    rest = {key: value for key, value in result.items() if key != "ansible_facts" and fits(value, _LARGEST_KEPT)}
    return {**rest, "ansible_facts": small} if small else rest


def notes(result: Mapping[str, Any]) -> list[Any]:
    """What a person should know, as a node or a task of this machine says."""
    facts = result.get("ansible_facts")
    found = facts.get(NOTE_KEY) if isinstance(facts, Mapping) else result.get(NOTE_KEY)
    return found if isinstance(found, list) else []


def told(data: Mapping[str, Any], result: Mapping[str, Any], key: str) -> list[str]:
    """Lines of the task `tell`, which runs on this machine; an answer of a node may hold any fact."""
    facts = result.get("ansible_facts")
    found = facts.get(key) if isinstance(facts, Mapping) else None
    is_ours = data.get("task_action") == "tell"
    return [str(line) for line in found] if is_ours and isinstance(found, list) else []


def word(data: Mapping[str, Any], result: Mapping[str, Any], key: str) -> str:
    """A text of the task `tell`; '' for every other task, so that a wait is over with the next one."""
    facts = result.get("ansible_facts")
    if data.get("task_action") != "tell" or not isinstance(facts, Mapping):
        return ""
    return str(facts.get(key) or "")
