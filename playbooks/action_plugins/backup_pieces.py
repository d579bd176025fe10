"""The task `backup_pieces`: what was prepared on a node comes to a private folder of this machine, piece by piece.

A file of any size passes through answers that are small; nothing of it is kept in a result, an event or a log.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """`backup_pieces: {files: [{name, size, sha256}], folder}`; answers `refused` with the reason, '' for none."""

    def run(self, tmp=None, task_vars=None):
        """Fetches every file."""
        result = super().run(tmp, task_vars)
        folder = Path(self._task.args["folder"])
        for file in self._task.args["files"]:
            try:
                why = self._fetch(file, folder, task_vars)
            except OSError as error:
                # A task that fails shows nothing of its reason, since its pieces are not to be shown.
                why = f"{file['name']}: {error.strerror} in {folder.parent} of this machine"
            if why:
                return {**result, "changed": False, "refused": why}
        return {**result, "changed": False, "refused": ""}

    def _fetch(self, file, folder, task_vars):
        name, left, digest = Path(str(file["name"])).name, int(file["size"]), hashlib.sha256()
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            while left > 0:
                asked = {"step": "piece", "name": name, "offset": int(file["size"]) - left}
                answer = self._execute_module(module_name="cluster_backup", module_args=asked, task_vars=task_vars)
                try:
                    content = base64.b64decode(str(answer.get("content") or ""), validate=True)
                except binascii.Error:
                    content = b""
                if not content or len(content) > left:
                    return f"{name} did not come as a whole"
                stream.write(content)
                digest.update(content)
                left -= len(content)
        return "" if digest.hexdigest() == file["sha256"] else f"{name} came damaged"
