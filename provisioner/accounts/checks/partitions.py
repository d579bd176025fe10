"""Partitions of the plan name accounts and QOS, which the file beside it declares."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.accounts.model import Accounts
from provisioner.accounts.policy import NORMAL, ROOT
from provisioner.plan.derive_partitions import partition_names
from provisioner.plan.model import Plan
from provisioner.plan.positions import Tree
from provisioner.plan.problems import Problem, did_you_mean, label, printable


def unknown_names(plan: Plan, tree: Tree, accounts: Accounts) -> Iterator[Problem]:
    """A problem of the plan for each account and QOS that nobody declares: no job would get in by it.

    Args:
        tree: where the plan says what.
    """
    known = {"account": [*accounts.accounts, ROOT], "qos": [*accounts.qos, NORMAL]}
    for place, kind, name in partition_names(plan):
        if name not in known[kind]:
            noun = "account" if kind == "account" else "QOS"
            wrong = f"{label(place)} names the {noun} {printable(name)}, which accounts.yml does not declare"
            yield tree.value_at(place).problem(wrong, did_you_mean(name, known[kind], "declare it there"))
