"""The task `tell`: what a run changed, and what a person should know besides, a line each. Asks nothing of the node."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

from provisioner.run.keys import CHANGED_KEY, NOTE_KEY, TROUBLE_KEY


class ActionModule(ActionBase):
    """`tell: {changed: [...], notes: [...], troubles: [...]}`, each where there is anything; also in check mode."""

    _VALID_ARGS = frozenset({"changed", "notes", "troubles"})
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Hands the lines to the summary; the task has changed something when a line says so."""
        lines = {name: list(self._task.args.get(name) or []) for name in sorted(self._VALID_ARGS)}
        told = {CHANGED_KEY: lines["changed"], NOTE_KEY: lines["notes"], TROUBLE_KEY: lines["troubles"]}
        facts = {key: given for key, given in told.items() if given}
        return {**super().run(tmp, task_vars), "changed": bool(lines["changed"]), "ansible_facts": facts}
