"""What may import what in the package, as the table in CONTRIBUTING.md says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.ansible_files import ROOT

PACKAGE = ROOT / "provisioner"
# The verbs `provision lab` and the lab itself; whatever else is needed when the blades are real.
OF_THE_LAB = {*(PACKAGE / "cli").glob("lab*.py"), *(PACKAGE / "lab").glob("**/*.py")}
FOR_REAL_BLADES = sorted(set(PACKAGE.glob("**/*.py")) - OF_THE_LAB)


def imported(file: Path, root: Path = ROOT) -> Iterator[str]:
    """Every module, and every name of one, that a file imports anywhere in it, by full name."""
    parts = file.relative_to(root).parts[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        if isinstance(node, ast.ImportFrom):
            base = [*parts[: len(parts) - node.level + 1]] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{each.name}" for each in node.names)


def within(names: Iterator[str], package: str) -> list[str]:
    """Those of the names that are the package or stand in it."""
    return [name for name in names if f"{name}.".startswith(f"{package}.")]


@pytest.mark.parametrize("file", FOR_REAL_BLADES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nothing_that_real_blades_need_is_in_the_lab(file: Path) -> None:
    assert within(imported(file), "provisioner.lab") == []


@pytest.mark.parametrize(
    "line",
    [
        "import provisioner.lab",
        "import provisioner.lab.settings as ours",
        "from provisioner import lab",
        "from provisioner.lab.settings import LabFiles",
        "from ..lab import settings",
        "from .. import lab",
        "def later():\n    from provisioner.lab import lab",
    ],
)
def test_an_import_is_found_however_it_is_written(line: str, tmp_path: Path) -> None:
    file = tmp_path / "provisioner" / "run" / "odd.py"
    file.parent.mkdir(parents=True)
    file.write_text(f"import provisioner.laboratory\n{line}\n")
    assert len(within(imported(file, tmp_path), "provisioner.lab")) == 1
