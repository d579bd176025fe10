"""The task `tell`: what a run changed, what a person should know besides, what is waited for; asks no node."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from provisioner.run.keys import CHANGED_KEY, NOTE_KEY, WAITS_KEY


class ActionModule(ActionBase):
    """`tell: {changed: [...], notes: [...], waits: text}`, each where there is anything; also in check mode."""

    _LISTS = ("changed", "notes")
    _VALID_ARGS = frozenset({*_LISTS, "waits"})
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Hands the lines to the summary; the task has changed something when a line says so."""
        lines = {name: list(self._task.args.get(name) or []) for name in self._LISTS}
        told = {CHANGED_KEY: lines["changed"], NOTE_KEY: lines["notes"], WAITS_KEY: self._task.args.get("waits")}
        facts = {key: given for key, given in told.items() if given}
        return {**super().run(tmp, task_vars), "changed": bool(lines["changed"]), "ansible_facts": facts}
