"""What runs on the blades is written for their Python, and hands no file to the role's module twice."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROLE = Path(__file__).parents[3] / "roles/scratch"
FILES = sorted([*ROLE.glob("module_utils/**/*.py"), *ROLE.glob("library/*.py")])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_parses_as_python_3_9(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_needs_the_standard_library_only(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            own = name.startswith(("ansible.module_utils.basic", "ansible.module_utils.blade_disks"))
            assert own or name.split(".")[0] in sys.stdlib_module_names, name


def test_mkfs_is_never_forced() -> None:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.List):
                words = [item.value for item in node.elts if isinstance(item, ast.Constant)]
                assert not (words[:1] == ["mkfs.xfs"] and "-f" in words), file
                assert not (words[:1] == ["vgcreate"] and {"-f", "--force", "--yes", "-y"} & set(words)), file
