"""The task `tell`: what a run changed, what a person should know besides, what is waited for; asks no node."""

from __future__ import annotations

from typing import ClassVar

from ansible.plugins.action import ActionBase

from provisioner.run.keys import CHANGED_KEY, NOTE_KEY, TROUBLE_KEY, WAITS_KEY


class ActionModule(ActionBase):
    """`tell: {changed: [...], notes: [...], troubles: [...], waits: text}`, each where there is anything.

    Also in check mode.
    """

    _LISTS: ClassVar[dict[str, str]] = {"changed": CHANGED_KEY, "notes": NOTE_KEY, "troubles": TROUBLE_KEY}
    _VALID_ARGS = frozenset({*_LISTS, "waits"})
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Hands the lines to the summary; the task has changed something when a line says so."""
        told = {key: list(self._task.args.get(name) or []) for name, key in self._LISTS.items()}
        told[WAITS_KEY] = self._task.args.get("waits")
        facts = {key: given for key, given in told.items() if given}
        return {**super().run(tmp, task_vars), "changed": bool(told[CHANGED_KEY]), "ansible_facts": facts}
