"""docs/programs.md shows the very files that tests/programs runs, and names the programs whose versions are kept."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

import pytest

from tests.contracts.ansible_files import ROOT

PAGE = ROOT / "docs" / "programs.md"
TESTS = ROOT / "tests" / "programs"


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("programs_page", ROOT / "docs" / "programs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_the_files_as_they_are(writer: ModuleType) -> None:
    assert writer.page(PAGE.read_text()) == PAGE.read_text(), "python docs/programs.py"


def test_every_file_is_shown_and_run(writer: ModuleType) -> None:
    files = {str(file.relative_to(TESTS / "shown")) for file in (TESTS / "shown").rglob("*") if file.is_file()}
    assert writer.shown(PAGE.read_text()) == files
    tests = (TESTS / "test_programs.py").read_text()
    assert [file for file in files if f'"{file}"' not in tests] == []


def test_what_the_page_installs_is_what_the_tests_install() -> None:
    found = re.search(r"pip install (.+)", PAGE.read_text())
    assert found is not None
    pinned = re.findall(r"^([\w.-]+)==", (TESTS / "requirements.txt").read_text(), re.MULTILINE)
    assert [name for name in found[1].split() if name not in pinned] == []


def test_no_program_of_users_is_a_dependency_of_the_project() -> None:
    text = (ROOT / "pyproject.toml").read_text() + (ROOT / "constraints.txt").read_text()
    for name in ("submitit", "dask", "parsl", "snakemake"):
        assert name not in text
