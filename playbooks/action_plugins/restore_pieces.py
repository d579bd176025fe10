"""The task `restore_pieces`: files of a private folder of this machine come to a private folder of a node.

Each passes in pieces through the input of a module, so it is on no command line, in no result and in no log.
"""

from __future__ import annotations

import base64
from pathlib import Path

from ansible.plugins.action import ActionBase

PIECE = 4 * 2**20


class ActionModule(ActionBase):
    """`restore_pieces: {files: [{name, file}], folder}`; answers `refused` with the reason, '' for none."""

    def run(self, tmp=None, task_vars=None):
        """Sends every file."""
        result = super().run(tmp, task_vars)
        folder = Path(self._task.args["folder"])
        try:
            why = self._send(folder, task_vars)
        except OSError as error:
            # A task that fails shows nothing of its reason, since its pieces are not to be shown.
            why = f"{error.strerror} in {folder.parent} of this machine"
        return {**result, "changed": False, "refused": why}

    def _send(self, folder, task_vars):
        asked = [{"step": "fresh"}] if self._task.args.get("fresh", True) else []
        for words in (*asked, *self._pieces(folder)):
            answer = self._execute_module(module_name="cluster_restore", module_args=words, task_vars=task_vars)
            if answer.get("refused") or answer.get("failed") or answer.get("unreachable"):
                return str(answer.get("refused") or answer.get("msg") or "it does not answer")
        return ""

    def _pieces(self, folder):
        for each in self._task.args["files"]:
            with (folder / each["file"]).open("rb") as stream:
                offset = 0
                while (part := stream.read(PIECE)) or offset == 0:
                    content = base64.b64encode(part).decode()
                    yield {"step": "piece", "name": each["name"], "offset": offset, "content": content}
                    offset += len(part)
                    if not part:
                        break
