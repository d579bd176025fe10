"""Programs that destroy are never told to do it whatever they find."""

from __future__ import annotations

import ast
from pathlib import Path

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"
FILES = sorted([*PLAYBOOKS.glob("module_utils/**/*.py"), *PLAYBOOKS.glob("library/*.py")])


def test_the_files_that_call_them_are_looked_at() -> None:
    for program in ("mkfs.xfs", "vgcreate"):
        assert any(f'["{program}"' in file.read_text() for file in FILES), program


def test_mkfs_is_never_forced() -> None:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.List):
                words = [item.value for item in node.elts if isinstance(item, ast.Constant)]
                assert not (words[:1] == ["mkfs.xfs"] and "-f" in words), file
                assert not (words[:1] == ["vgcreate"] and {"-f", "--force", "--yes", "-y"} & set(words)), file
