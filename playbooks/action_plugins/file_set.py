"""Spares the remote call of file_set where the facts of this run show every file to be right already."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible.plugins.action import ActionBase


def _file_states() -> ModuleType:
    """The module_utils of the blades; Ansible itself offers them to modules only."""
    path = Path(__file__).resolve().parent.parent / "module_utils" / "file_states.py"
    spec = importlib.util.spec_from_file_location("provision_file_states", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def known_right(files: list[dict[str, Any]], facts: dict[str, Any]) -> bool:
    """Whether facts of this run prove that every file is as wanted.

    Facts age: a path that was written since they were gathered (`file_set_written`) proves nothing, and
    neither does a secret, which no fact holds.
    """
    wanted_state = _file_states().wanted_state
    states = facts.get("blade", {}).get("paths", {})
    written = facts.get("file_set_written", [])
    for entry in files:
        path = entry["path"]
        if path not in states or path in written or entry.get("content_b64") is not None:
            return False
        if states[path] != wanted_state(entry, entry.get("content") or ""):
            return False
    return True


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible ships no types
    """Runs before, and often instead of, the module of the same name."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The module's result, or `changed: false` without having asked the blade."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        facts = variables.get("ansible_facts", {})
        if known_right(self._task.args.get("files", []), facts):
            return {**result, "changed": False, "paths": []}
        done: dict[str, Any] = self._execute_module(task_vars=variables)
        if done.get("changed") and not self._task.check_mode:
            written = [*facts.get("file_set_written", []), *done.get("paths", [])]
            done["ansible_facts"] = {"file_set_written": written}
        return {**result, **done}
