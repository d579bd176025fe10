"""What the pages tell people to write into their files is taken as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioner.accounts.load import parse_accounts
from provisioner.plan.load import load_plan
from provisioner.settings.check import settings_problems
from provisioner.settings.known import known_options
from tests.contracts.ansible_files import KEEPERS, ROOT
from tests.contracts.test_docs import DOCUMENTS, pieces

PLAN = ROOT / "inventories" / "asgard" / "plan.yml"
PAGES = [*DOCUMENTS, *(ROOT / "roles" / role / "README.md" for role in KEEPERS)]
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHUO0VnbBcL0cMSWzmYfSkmTgeLQlGxOEJwoIBHHmV5B"


def mappings(page: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Pieces of code that are named values in YAML, in blocks and between backticks."""
    for text, _ in pieces(page):
        if not re.match(r"(#[^\n]*\n)*[a-z_]+:\s", text):
            continue
        try:
            found = yaml.safe_load(text)
        except yaml.YAMLError:
            continue  # such as a line that a program prints
        if isinstance(found, dict):
            yield text, found


ALL = [(page, text, found) for page in PAGES for text, found in mappings(page)]
SETTINGS = [(page.name, text) for page, text, found in ALL if found.keys() <= known_options(ROOT / "roles").keys()]
ACCOUNTS = [(page.name, text) for page, text, found in ALL if {"accounts", "users"} <= found.keys()]


def test_there_are_examples_of_each_kind() -> None:
    assert len(SETTINGS) >= 10
    assert {name for name, _ in ACCOUNTS} == {"accounts.md", "features.md"}


@pytest.mark.parametrize(("page", "text"), SETTINGS)
def test_a_setting_on_a_page_is_one(page: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text(text)
    assert [str(each) for each in settings_problems(load_plan(PLAN), tmp_path, ROOT / "roles")] == []


@pytest.mark.parametrize(("page", "text"), ACCOUNTS)
def test_an_accounts_file_on_a_page_is_one(page: str, text: str) -> None:
    found = parse_accounts(text.replace("AAAA...", KEY), Path("accounts.yml"))
    assert found.accounts
    assert found.users
