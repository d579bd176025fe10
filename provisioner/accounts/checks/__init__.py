"""What an accounts file must mean: all rules that no single field can see, on every value that is usable."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.accounts.checks.people import check_people
from provisioner.accounts.checks.sharing import check_sharing
from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Problem


def meaning_problems(draft: Draft) -> Iterator[Problem]:
    """Every rule that the draft breaks, in no order."""
    yield from check_people(draft)
    yield from check_sharing(draft)
