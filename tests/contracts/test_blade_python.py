"""What runs on the blades is written for their Python, and needs nothing that is not there."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.ansible_files import ROOT

PROGRAMS = sorted(path.parent for path in (ROOT / "provisioner" / "on_node").glob("*/main.py"))
FOLDERS = [ROOT / "playbooks" / "library", ROOT / "playbooks" / "module_utils", *PROGRAMS]
FILES = sorted(path for folder in FOLDERS for path in folder.glob("**/*.py"))
# Of the standard library, what came after 3.9 and is likely to be written by habit.
LATER_NAMES = {
    "tomllib", "UTC", "StrEnum", "pairwise", "batched", "TypeAlias", "ParamSpec", "ExceptionGroup", "TaskGroup",
    "NoneType", "file_digest", "bit_count", "hardlink_to", "add_note", "aiter", "anext",
}  # fmt: skip
LATER_KEYWORDS = {
    "zip": {"strict"}, "dataclass": {"slots", "kw_only"}, "bisect_left": {"key"}, "run": {"process_group"},
    "Popen": {"process_group"}, "rmtree": {"onexc", "dir_fd"}, "TemporaryDirectory": {"delete"},
}  # fmt: skip

per_file = pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")


def later(source: str) -> Iterator[str]:
    """What Python 3.9 does not have; the syntax by its own grammar, names and keywords by these lists."""
    try:
        tree = ast.parse(source, feature_version=(3, 9))
    except SyntaxError as error:
        yield str(error)
        return
    lazy = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names = [node.id]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            yield from (word.arg for word in node.keywords if word.arg in LATER_KEYWORDS.get(called, set()))
            if called in ("isinstance", "issubclass") and isinstance(node.args[-1], ast.BinOp):
                yield "a union of types at run time"
        elif isinstance(node, ast.arg) and not lazy and isinstance(node.annotation, ast.BinOp):
            yield "a union of types at run time"
        yield from (name for name in names if name in LATER_NAMES)


def test_there_are_files() -> None:
    names = {path.name for path in FILES}
    assert names >= {"scratch.py", "decide.py", "blade_facts.py", "file_set.py", "slurm_verify.py", "file_states.py"}
    assert {folder.name for folder in PROGRAMS} >= {"health"}


@per_file
def test_it_is_python_3_9(file: Path) -> None:
    assert list(later(file.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "match 1:\n    case 1: pass",
        "try: pass\nexcept* OSError: pass",
        "from datetime import UTC",
        "import datetime\nnow = datetime.datetime.now(datetime.UTC)",
        "zip([1], [2], strict=False)",
        "import enum\nclass A(enum.StrEnum): pass",
        "from itertools import pairwise",
        "import tomllib",
        "from tomllib import loads",
        "from dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\nclass A: pass",
        "isinstance(1, int | str)",
        "def f(a: int | None) -> None: pass",
        "(5).bit_count()",
    ],
)
def test_what_is_later_than_python_3_9_is_noticed(source: str) -> None:
    assert list(later(source))


@pytest.mark.parametrize(
    "source",
    [
        "from __future__ import annotations\ndef f(a: int | None, b: list[str]) -> str | None: ...",
        "a = {} | {}\nif (b := 1): 'x'.removeprefix('x')",
        "from datetime import timezone",
    ],
)
def test_what_python_3_9_has_is_not_blamed(source: str) -> None:
    assert list(later(source)) == []


@per_file
def test_it_needs_the_standard_library_only(file: Path) -> None:
    own = {path.stem for folder in FOLDERS for path in folder.iterdir()}
    for node in ast.walk(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            words = name.split(".")
            ours = words[:2] == ["ansible", "module_utils"] and words[2] in {"basic", *own}
            assert ours or words[0] in sys.stdlib_module_names, name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_ruff_knows_their_python(folder: Path) -> None:
    """Else it would ask for what the blades do not have: `datetime.UTC`, `zip(strict=...)`."""
    settings = next(path for path in (folder / "ruff.toml", folder.parent / "ruff.toml") if path.exists())
    assert tomllib.loads(settings.read_text())["target-version"] == "py39"
