"""Filters that compare what is wanted of files with the facts of a blade."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any


def _file_states() -> ModuleType:
    """The module_utils that the blades use; Ansible itself offers them to modules only."""
    path = Path(__file__).resolve().parent.parent / "module_utils" / "file_states.py"
    spec = importlib.util.spec_from_file_location("provision_file_states", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def files_right(files: Iterable[Mapping[str, Any]], blade: Mapping[str, Any]) -> bool:
    """Whether the blade's facts prove that every file is as `file_set` would leave it.

    A path that the facts do not have proves nothing, and neither does a secret, which no fact holds.
    """
    wanted_state = _file_states().wanted_state
    states = blade["paths"]
    return all(
        entry.get("content_b64") is None
        and states.get(entry["path"]) == wanted_state(entry, entry.get("content") or "")
        for entry in files
    )


class FilterModule:
    """What Ansible asks a filter plugin for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by name."""
        return {"files_right": files_right}
