"""Reads `accounts.yml` and says everything that is wrong with it in one go."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from provisioner.accounts.checks import meaning_problems
from provisioner.accounts.model import Accounts
from provisioner.accounts.vocabulary import ACCOUNTS
from provisioner.plan.checks.draft import make_draft
from provisioner.plan.positions import build_tree
from provisioner.plan.problems import PlanError, Problem, UnreadableError, shown
from provisioner.plan.shape import shape_problems
from provisioner.plan.source import read_text
from provisioner.plan.syntax import compose_any

FILE = "accounts.yml"
# A thousand users with two RSA keys each are below 2 MiB and 20,000 values.
_MOST_BYTES = 16 * 2**20
_MOST_VALUES = 400_000


class AccountsError(PlanError):
    """The accounts file cannot be used; see PlanError."""

    what = "the accounts file"


def accounts_file(plan_file: Path) -> Path:
    """Where the accounts of a site stand: beside its plan."""
    return plan_file.parent / FILE


def accounts_beside(plan_file: Path) -> Path | None:
    """The accounts file of a site in full, None where it has none."""
    file = accounts_file(plan_file.resolve())
    return file if file.exists() else None


def load_accounts(path: Path) -> Accounts:
    """The accounts in the file at `path`.

    Raises:
        AccountsError: the file cannot be read or used; its `problems` are all of them.
    """
    try:
        return parse_accounts(read_text(path, _MOST_BYTES, f"write the file {FILE} beside the plan"), path)
    except UnreadableError as error:
        raise AccountsError(path, [error.problem]) from None


def parse_accounts(text: str, path: Path) -> Accounts:
    """The accounts in `text`, none in an empty one; `path` only names it in messages.

    Raises:
        AccountsError: the accounts cannot be used.
        UnreadableError: the text is no YAML, or no mapping.
    """
    root = compose_any(text, _MOST_VALUES)
    if root is None:
        return Accounts()
    tree = build_tree(root)
    if not isinstance(tree.data, dict):
        at = tree.value_at(())
        wrong = f"the accounts file is {shown(tree.data)}"
        raise UnreadableError(Problem(at.line, at.col, wrong, "write `accounts:` and `users:` at the left margin"))
    found = None
    shape = []
    try:
        found = Accounts.model_validate(tree.data)
    except ValidationError as error:
        shape = list(shape_problems(error.errors(include_url=False), tree, ACCOUNTS))
    draft = make_draft(tree, {each.unusable for each in shape if each.unusable is not None})
    problems = [*tree.problems, *(each.problem for each in shape), *meaning_problems(draft)]
    if found is None or problems:
        raise AccountsError(path, problems)
    return found
