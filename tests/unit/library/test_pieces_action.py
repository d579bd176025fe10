"""Pieces of a backup come and go; whatever stops them is said, though nothing of the task itself is ever shown."""

from __future__ import annotations

import base64
import errno
import hashlib
import importlib
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

# Ansible's plugins come without types.
fetch: Any = importlib.import_module("playbooks.action_plugins.backup_pieces")
send: Any = importlib.import_module("playbooks.action_plugins.restore_pieces")
TEXT = b"canary"
FILE = {"name": "files.json", "size": len(TEXT), "sha256": hashlib.sha256(TEXT).hexdigest()}


def task(kind: Any, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], **args: Any) -> Any:
    """The task, with a node that gives this answer to everything."""
    monkeypatch.setattr(kind.ActionBase, "run", lambda self, tmp=None, task_vars=None: {})
    made = object.__new__(kind.ActionModule)
    made._task = SimpleNamespace(args=args)
    made._execute_module = lambda **asked: answer
    return made.run()


def refusing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*words: Any, **more: Any) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)


def test_a_file_comes_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"content": base64.b64encode(TEXT).decode()}
    found = task(fetch, monkeypatch, answer, files=[FILE], folder=str(tmp_path))
    assert found == {"changed": False, "refused": ""}
    assert (tmp_path / "files.json").read_bytes() == TEXT


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_this_machine_refuses_is_said(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        refusing(patched, number)
        found = task(fetch, patched, {}, files=[FILE], folder=str(tmp_path / "run"))
    assert found["refused"] == f"files.json: {os.strerror(number)} in {tmp_path} of this machine"


def test_a_file_that_is_gone_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [{"name": "state", "file": "state.tar.gz"}]
    found = task(send, monkeypatch, {}, files=files, folder=str(tmp_path / "run"))
    assert found == {"changed": False, "refused": f"No such file or directory in {tmp_path} of this machine"}


def test_what_the_node_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = task(send, monkeypatch, {"refused": "No space left on device"}, files=[], folder=str(tmp_path))
    assert found["refused"] == "No space left on device"
