"""Programs that destroy are never told to do it whatever they find."""

from __future__ import annotations

import ast
from pathlib import Path

ROLE = Path(__file__).parents[3] / "roles/scratch"
FILES = sorted([*ROLE.glob("module_utils/**/*.py"), *ROLE.glob("library/*.py")])


def test_mkfs_is_never_forced() -> None:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.List):
                words = [item.value for item in node.elts if isinstance(item, ast.Constant)]
                assert not (words[:1] == ["mkfs.xfs"] and "-f" in words), file
                assert not (words[:1] == ["vgcreate"] and {"-f", "--force", "--yes", "-y"} & set(words)), file
