"""The task `trial`: files that could lock everybody out come, and last only once a second session has proved itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from provisioner.console_text import their_words

# Whatever ~/.ssh/config says: a connection that is open already would go on where nobody gets in any more.
FRESH = "-o ControlMaster=no -o ControlPath=none -o ServerAliveInterval=15"
TRIES = 2
POLL_SECONDS = 3
LASTS = "is unconfirmed here and stays in force: the node had confirmed it when the answer was lost"


class ActionModule(ActionBase):
    """`trial: {name, files, apply, undo, proofs, patience}`, see the module; in check mode it does nothing.

    Should this process die at any point, the node takes the files back by itself.
    """

    def run(self, tmp=None, task_vars=None):
        """Begins, confirms over a session of its own, and answers whether anything `changed`, with the `paths`."""
        result = super().run(tmp, task_vars)
        given = dict(self._task.args)
        if self._task.check_mode:
            return {**result, "changed": False, "paths": []}
        begun = self._tried({**given, "step": "begin"}, task_vars)
        if begun.get("unreachable"):
            words = f"the connection broke while {self._paths(given)} came on trial: the node takes that back by itself"
            why = f"{words} ({their_words(begun.get('msg'), 300)})"
            return {**result, "failed": True, "msg": f"{why}; next: look at it, then run again"}
        if begun.get("failed") or not begun.get("paths"):
            return begun
        why = self._confirm(given, task_vars)
        if not why:
            return begun
        back = self._take_back(given, task_vars)
        words = f"{their_words(why, 500)}, so {self._paths(given)} {back}"
        step = "look at `journalctl -u ssh -n 50` on it, then run again"
        return {**result, "failed": True, "msg": f"{words}; next: {step}"}

    def _confirm(self, given, task_vars):
        """Why the change is not confirmed, '' when it is. A session may break by chance, so there are two."""
        why = ""
        for number in range(TRIES):
            # sshd that reads its files anew listens to nobody for a moment.
            time.sleep(POLL_SECONDS if number else 0)
            with self._fresh_sessions():
                answer = self._tried({**given, "files": [], "step": "confirm"}, task_vars)
            if not answer.get("failed") and not answer.get("unreachable"):
                return ""
            why = str(answer.get("msg") or "no answer")
            if not answer.get("unreachable"):
                # The node itself has answered, and has taken it back.
                return why if answer.get("invocation") else f"the second session could not become root ({why})"
        return f"no second session could be opened ({why})"

    def _take_back(self, given, task_vars):
        """How the way back went: over the connection that is open since before, else by the node itself."""
        asked = {"name": given["name"], "files": given["files"], "step": "take_back"}
        answer = self._tried(asked, task_vars)
        if not answer.get("failed"):
            return LASTS if answer.get("lasts") else "was taken back"
        deadline = time.monotonic() + int(given.get("patience", 90)) + 15
        while time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            with self._fresh_sessions():
                answer = self._tried(asked, task_vars)
            if not answer.get("failed"):
                return LASTS if answer.get("lasts") else "was taken back by the node itself"
        return "is to be taken back by the node itself, which does not answer yet"

    @staticmethod
    def _paths(given):
        return ", ".join(str(entry["path"]) for entry in given["files"])

    def _tried(self, asked, task_vars):
        """The answer of the module; `failed` and, where there was no connection, `unreachable`, whatever happens."""
        try:
            answer = self._execute_module(module_name="trial", module_args=asked, task_vars=task_vars)
        except AnsibleError as error:
            return {"failed": True, "unreachable": True, "msg": str(error)}
        return {**answer, "failed": True} if answer.get("unreachable") else answer

    @contextmanager
    def _fresh_sessions(self) -> Iterator[None]:
        """Every command meanwhile has an SSH connection of its own; the option is read anew for each."""
        before = self._connection.get_option("ssh_args")
        self._connection.set_option("ssh_args", FRESH)
        try:
            yield
        finally:
            self._connection.set_option("ssh_args", before)
