"""Reads a plan file and says everything that is wrong with it in one go."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from provisioner.plan.checks import meaning_problems
from provisioner.plan.checks.draft import make_draft
from provisioner.plan.gather import gather
from provisioner.plan.model import Plan, PlanFile
from provisioner.plan.positions import Tree, build_tree
from provisioner.plan.problems import PlanError, UnreadableError, shown
from provisioner.plan.ranges import one_of_each
from provisioner.plan.shape import ShapeProblem, shape_problems
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
    """The plan in `text`; what it includes is beside `path`, which also names it in messages.

    Raises:
        PlanError: the plan cannot be used.
        UnreadableError: the text is no YAML, or no mapping.
    """
    tree = plan_tree(text, path)
    shape: list[ShapeProblem] = []
    try:
        PlanFile.model_validate(tree.data)
    except ValidationError as error:
        shape = list(shape_problems(error.errors(include_url=False), tree))
    draft = make_draft(tree, {found.unusable for found in shape if found.unusable is not None})
    meaning = one_of_each(meaning_problems(draft), draft.nodes, tree)
    if problems := [*tree.problems, *(found.problem for found in shape), *meaning]:
        raise PlanError(path, problems)
    plan = {key: value for key, value in draft.data.items() if key not in ("include", "nodes")}
    return Plan.model_validate({**plan, "blades": draft.blades})


def plan_tree(text: str, path: Path) -> Tree:
    """What `text` and the files that it includes say, and where; for what is raised see `parse_plan`."""
    tree = build_tree(compose(text))
    if not isinstance(tree.data, dict):
        at = tree.value_at(())
        wrong = f"the plan is {shown(tree.data)}"
        raise UnreadableError(at.problem(wrong, "write `cluster:`, `tiers:` and `blades:` at the left margin"))
    gather(tree, path)
    return tree
