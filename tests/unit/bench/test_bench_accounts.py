"""The thousand users that are measured are a file that the project takes."""

from __future__ import annotations

from pathlib import Path

import yaml

from bench.accounts import USERS, thousand_users
from bench.report import tables
from provisioner.accounts.declared import declared_policy
from provisioner.accounts.load import parse_accounts
from provisioner.accounts.policy import Policy
from provisioner.accounts.reconcile import reconcile


def test_they_are_a_file_and_few_commands() -> None:
    accounts = parse_accounts(yaml.safe_dump(thousand_users("n2u")), Path("accounts.yml"))
    assert len(accounts.users) == USERS
    assert len(reconcile(declared_policy(accounts), Policy(), "demo")) < 60


def test_their_figures_are_a_table() -> None:
    figures = {"median": 2.0, "min": 2.0, "max": 2.0, "values": [2.0]}
    found = {"users": 1000, "commands": 45, "first_seconds": figures, "no_change_seconds": figures}
    assert "| 1000 users, 1+2 | 45 |" in tables({"accounts": {"sizes": {"2": found}, "release": "bookworm"}})
