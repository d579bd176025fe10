"""The task `unix_users`: the users and groups of the accounts file, on a node."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.action import ActionBase

from provisioner.accounts.load import load_accounts
from provisioner.accounts.people import people
from provisioner.console_text import their_words
from provisioner.errors import ProvisionError


class ActionModule(ActionBase):
    """`unix_users: {file}`; returns `lines`, and fails where a number is another account's."""

    _VALID_ARGS = frozenset({"file"})

    def run(self, tmp=None, task_vars=None):
        """Runs the module with what the file says."""
        result = super().run(tmp, task_vars)
        try:
            wanted = people(load_accounts(Path(str(self._task.args["file"]))))
        except ProvisionError as error:
            return {**result, "failed": True, "msg": f"{error.message}; next: {error.next_step}"}
        answer = self._execute_module(module_args=wanted, task_vars=task_vars)
        if answer.get("failed") or answer.get("unreachable"):
            return answer
        if found := _words(answer.get("problems")):
            step = "correct accounts.yml, or give the account on the blade another number, then run again"
            return {**result, "failed": True, "msg": f"{'. Also: '.join(found)}; next: {step}"}
        told = {"lines": _words(answer.get("lines")), "changed": answer.get("changed") is True, "troubles": []}
        if trouble := answer.get("trouble"):
            words = f"SSH keys of users do not count here: {their_words(trouble, 300)}"
            told["troubles"] = [f"{words}; next: look at `sshd -T` on it"]
        return {**result, **told}


def _words(found):
    return [their_words(each, 300) for each in found] if isinstance(found, list) else []
