"""The task `tell`: what a run changed, what a person should know besides, what is waited for; asks no node."""

from __future__ import annotations

from typing import ClassVar

from ansible.plugins.action import ActionBase

from provisioner.run.keys import BECAUSE_KEY, CHANGED_KEY, LEFT_KEY, NOTE_KEY, TROUBLE_KEY, WAITS_KEY


class ActionModule(ActionBase):
    """`tell: {changed: [...], notes: [...], troubles: [...], left: [...], because: text, waits: text}`, each where
    there is anything.

    Also in check mode.
    """

    _LISTS: ClassVar[dict[str, str]] = {
        "changed": CHANGED_KEY, "notes": NOTE_KEY, "troubles": TROUBLE_KEY, "left": LEFT_KEY
    }  # fmt: skip
    _TEXTS: ClassVar[dict[str, str]] = {"waits": WAITS_KEY, "because": BECAUSE_KEY}
    _VALID_ARGS = frozenset({*_LISTS, *_TEXTS})
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Hands the lines to the summary; the task has changed something when a line says so."""
        told: dict[str, object] = {key: list(self._task.args.get(name) or []) for name, key in self._LISTS.items()}
        told |= {key: self._task.args.get(name) for name, key in self._TEXTS.items()}
        facts = {key: given for key, given in told.items() if given}
        return {**super().run(tmp, task_vars), "changed": bool(told[CHANGED_KEY]), "ansible_facts": facts}
