"""Accounts files are read whatever they hold: usable, or with every mistake at its place."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.accounts.load import AccountsError, load_accounts, parse_accounts
from provisioner.accounts.model import Accounts
from provisioner.accounts.vocabulary import ACCOUNTS
from provisioner.plan.fields import PLAIN_TEXT, SLURM_NAME, UNIX_NAME
from provisioner.plan.problems import UnreadableError
from tests.accounts.test_accounts_cases import CASES

PATH = Path("accounts.yml")
# It comes without types.
jsonschema = importlib.import_module("jsonschema")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AccountsError, match="there is no such file; write the file accounts"):
        load_accounts(tmp_path / "accounts.yml")


def test_a_thousand_users_with_long_keys_are_read(tmp_path: Path) -> None:
    file = tmp_path / "accounts.yml"
    key = "ssh-rsa " + "AAAAB3NzaC1yc2EAAAA" + "A" * 700
    users = {f"u{n:04}": {"uid": 2000 + n, "accounts": ["a", "b"], "groups": ["g"]} for n in range(1000)}
    text = yaml.safe_dump({"groups": {"g": {"gid": 1999}}, "accounts": {"a": {}, "b": {}}, "users": users})
    file.write_text(text + f"# {key}\n" * 1000)
    assert len(load_accounts(file).users) == 1000


def test_every_pattern_and_model_has_words() -> None:
    from provisioner.accounts import fields, model

    patterns = {value for name, value in vars(fields).items() if isinstance(value, str) and name.isupper()}
    assert {value for value in patterns if value.startswith("^")} | {PLAIN_TEXT, SLURM_NAME, UNIX_NAME} == set(
        ACCOUNTS.forms
    )
    entries = {each for each in vars(model).values() if getattr(each, "__module__", "") == model.__name__}
    entries = {each for each in entries if isinstance(each, type)}
    assert set(ACCOUNTS.models.values()) == entries - {model.Shares, model.GroupLimits}


def test_the_schema_takes_what_the_project_takes() -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Accounts.model_json_schema()}
    jsonschema.Draft202012Validator.check_schema(schema)
    good = [case for case in CASES if (case / "commands.txt").exists()]
    assert good
    for case in good:
        data = yaml.safe_load((case / "accounts.yml").read_text()) or {}
        jsonschema.validate(json.loads(json.dumps(data)), schema)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
KEYS = st.sampled_from(
    ["users", "accounts", "qos", "groups", "ada", "physics", "high", "uid", "gid", "keys", "account", "parent",
     "limits", "GrpTRES", "cpu", "default_qos", "preempt", "coordinators", "unix", "homes", "home", "name", "admin"]
) | st.text(max_size=5)  # fmt: skip
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@given(st.dictionaries(st.sampled_from(["users", "accounts", "qos", "groups", "homes", "unix"]), TREES))
@settings(max_examples=150)
def test_no_file_is_a_traceback(data: dict[str, Any]) -> None:
    for line in problems(yaml.safe_dump(data, allow_unicode=True)):
        assert "\n" not in line
        assert line.isprintable()


def problems(text: str) -> list[str]:
    """What is said of a text; any other exception than these is a traceback in front of a user."""
    try:
        parse_accounts(text, PATH)
    except AccountsError as error:
        return error.lines
    except UnreadableError as error:
        return [str(error.problem)]
    return []
