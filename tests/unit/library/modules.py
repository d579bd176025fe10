"""Loads the project's Ansible modules, and runs one in this process with the arguments of a task."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible.module_utils.testing import patch_module_args

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"


def load(path: Path, name: str) -> ModuleType:
    """The file as a module, also for others to import under its name."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def ansible_module(name: str) -> ModuleType:
    """A module of `playbooks/library`, with what it shares with others where Ansible puts it."""
    waiting = {f"ansible.module_utils.{path.stem}": path for path in sorted((PLAYBOOKS / "module_utils").glob("*.py"))}
    for each in waiting:
        sys.modules.pop(each, None)
    while waiting:
        # One that imports another has to come after it.
        for each, path in list(waiting.items()):
            try:
                load(path, each)
            except ModuleNotFoundError as error:
                if error.name not in waiting:
                    raise
                del sys.modules[each]
            else:
                del waiting[each]
    sys.modules["ansible.module_utils.blade_disks"] = importlib.import_module("playbooks.module_utils.blade_disks")
    return load(PLAYBOOKS / "library" / f"{name}.py", f"provision_{name}")


def shared(name: str) -> ModuleType:
    """What modules share, as the module that was loaded last has it."""
    return sys.modules[f"ansible.module_utils.{name}"]


def answer_of(module: ModuleType, **arguments: Any) -> dict[str, Any]:
    """What the module answers to a task with these arguments, `failed` included."""
    out = io.StringIO()
    with (
        patch_module_args({"_ansible_remote_tmp": "/tmp", "_ansible_keep_remote_files": False, **arguments}),
        contextlib.redirect_stdout(out),
        contextlib.suppress(SystemExit),
    ):
        module.main()
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer
