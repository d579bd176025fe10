"""Events as ansible-runner hands them on, cut down to what the provisioner reads."""

from __future__ import annotations

from typing import Any

from provisioner.run.keys import CHANGED_KEY, WAITS_KEY


def play(name: str) -> dict[str, Any]:
    return {"event": "playbook_on_play_start", "event_data": {"name": name, "play": name}}


def start(host: str, task: str, role: str | None = None) -> dict[str, Any]:
    return {"event": "runner_on_start", "event_data": {"host": host, "task": task, "role": role}}


def ok(host: str, task: str = "Do it", role: str | None = None, **res: Any) -> dict[str, Any]:
    data = {"host": host, "task": task, "role": role, "duration": 0.5, "res": {"changed": False, **res}}
    return {"event": "runner_on_ok", "event_data": data}


def told(host: str, lines: Any, action: str = "tell", changed: bool = True) -> dict[str, Any]:
    """A task that says what was changed, the task `tell` unless another action is named."""
    event = ok(host, "Tell what changed", "state", changed=changed, ansible_facts={CHANGED_KEY: lines})
    event["event_data"]["task_action"] = action
    return event


def waiting(host: str, words: str, action: str = "tell") -> dict[str, Any]:
    """A task that says what the next one of the blade waits for."""
    event = ok(host, "Say who is waited for", "state", ansible_facts={WAITS_KEY: words})
    event["event_data"]["task_action"] = action
    return event


def failed(
    host: str, msg: str = "boom", task: str = "Do it", ignored: bool | None = None, action: str = "ansible.builtin.fail"
) -> dict[str, Any]:
    """A task of a playbook that fails here, in our own words; what a module says is another matter."""
    data = {"host": host, "task": task, "duration": 0.5, "ignore_errors": ignored, "res": {"msg": msg}}
    data["task_action"] = action
    return {"event": "runner_on_failed", "event_data": data}


def unreachable(host: str, msg: str = "ssh: connect to host x port 22: Connection refused") -> dict[str, Any]:
    data = {"host": host, "task": "Look", "duration": 0.5, "res": {"msg": msg, "unreachable": True}}
    return {"event": "runner_on_unreachable", "event_data": data}


def stats() -> dict[str, Any]:
    return {"event": "playbook_on_stats", "event_data": {"ok": {}}}
