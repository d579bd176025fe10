"""Reads a plan file and says everything that is wrong with it in one go."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from provisioner.plan.checks import meaning_problems
from provisioner.plan.checks.draft import make_draft
from provisioner.plan.model import Plan
from provisioner.plan.positions import build_tree
from provisioner.plan.problems import PlanError, Problem, UnreadableError, shown
from provisioner.plan.shape import shape_problems
from provisioner.plan.source import read_source
from provisioner.plan.syntax import compose


def load_plan(path: Path) -> Plan:
    """The plan in the file at `path`.

    Raises:
        PlanError: the file cannot be read or the plan cannot be used; its `problems` are all of them.
    """
    try:
        return parse_plan(read_source(path), path)
    except UnreadableError as error:
        raise PlanError(path, [error.problem]) from None


def parse_plan(text: str, path: Path) -> Plan:
    """The plan in `text`; `path` only names it in messages.

    Raises:
        PlanError: the plan cannot be used.
        UnreadableError: the text is no YAML, or no mapping.
    """
    tree = build_tree(compose(text))
    if not isinstance(tree.data, dict):
        at = tree.value_at(())
        wrong = f"the plan is {shown(tree.data)}"
        right = "write `cluster:`, `tiers:` and `blades:` at the left margin"
        raise UnreadableError(Problem(at.line, at.col, wrong, right))
    plan = None
    shape = []
    try:
        plan = Plan.model_validate(tree.data)
    except ValidationError as error:
        shape = list(shape_problems(error.errors(include_url=False), tree))
    draft = make_draft(tree, {found.unusable for found in shape if found.unusable is not None})
    problems = [*tree.problems, *(found.problem for found in shape), *meaning_problems(draft)]
    if plan is None or problems:
        raise PlanError(path, problems)
    return plan
