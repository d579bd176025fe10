"""Each folder here is a plan and what must be said about it: `findings.txt`, word for word.

For a plan that cannot be used these are its problems as `plan.yml:LINE:COL: ...`, else its findings. Some have
`variables.yml`, too: what the inventory then says to the roles.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from provisioner.inventory import inventory
from provisioner.plan.findings import findings
from provisioner.plan.load import load_plan
from provisioner.plan.problems import PlanError

CASES = sorted(found.parent for found in Path(__file__).parent.glob("*/findings.txt"))
TOLD = sorted(found.parent for found in Path(__file__).parent.glob("*/variables.yml"))
NAMED = ("slurmctld_partitions", "slurmctld_preemption")


def said_about(path: Path) -> str:
    try:
        plan = load_plan(path)
    except PlanError as error:
        return "\n".join(error.lines)
    found = findings(plan)
    return "\n".join(f"{f.level} {f.blade or 'site'}: {f.message}" for f in found) or "no findings"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plan_gets_these_words(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    assert said_about(Path("plan.yml")) == (case / "findings.txt").read_text().rstrip("\n")


@pytest.mark.parametrize("case", TOLD, ids=lambda case: case.name)
def test_plan_tells_the_roles_this(case: Path) -> None:
    expected = yaml.safe_load((case / "variables.yml").read_text())
    told = inventory(load_plan(case / "plan.yml"))["all"]["vars"]
    assert {name: value for name, value in told.items() if name in NAMED} == expected


def test_every_plan_here_has_its_words() -> None:
    silent = [
        found.parent.name
        for found in Path(__file__).parent.glob("*/plan.yml")
        if not any(found.parent.glob("findings.txt")) and not any(found.parent.glob("inventory.json"))
    ]
    assert silent == []
