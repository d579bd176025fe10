"""A plan over several files is the plan in one; what is wrong stands at its own file, line and column."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.inventory import inventory
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.plan.overview import overview
from provisioner.plan.problems import PlanError

PLAN = """\
cluster: {name: lab, network: 10.0.0.0/8, controller: head}
include: [rack-a.yml, rack-b.yml]
tiers: {head: {slurm: [controller]}, compute: {slurm: [compute]}}
nodes:
  head: {address: 10.0.0.1, tier: head, ram: 8}
"""
RACK_A = "nodes:\n" + "".join(
    f"  a{number}: {{address: 10.1.{number // 200}.{number % 200 + 1}, tier: compute, ram: 64}}\n"
    for number in range(500)
)
RACK_B = RACK_A.replace("  a", "  b").replace("10.1.", "10.2.").replace("nodes:", "blades:")


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """A plan of a thousand nodes over three files."""
    (tmp_path / "plan.yml").write_text(PLAN)
    (tmp_path / "rack-a.yml").write_text(RACK_A)
    (tmp_path / "rack-b.yml").write_text(RACK_B)
    return tmp_path / "plan.yml"


def test_files_are_one_plan(split: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.yml"
    entries = (RACK_A + RACK_B).replace("nodes:\n", "").replace("blades:\n", "")
    whole.write_text(PLAN.replace("include: [rack-a.yml, rack-b.yml]\n", "") + entries)
    assert load_plan(split) == load_plan(whole)
    assert len(load_plan(split).blades) == 1001


def test_problems_name_their_own_file(split: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(split.parent)
    Path("rack-b.yml").write_text("nodes:\n  b0: {address: 10.1.0.1, tier: compute, ram: much}\n")
    with pytest.raises(PlanError) as raised:
        load_plan(Path("plan.yml"))
    assert raised.value.lines == [
        "rack-b.yml:2:17: address 10.1.0.1 of b0 is already that of a0 (line 2 of rack-a.yml); give each blade its own",
        'rack-b.yml:2:47: b0.ram is "much"; write the installed GiB, or the list of sticks such as [4, 4]',
    ]
    assert raised.value.next_step == "correct rack-b.yml and run again; nothing was touched"
    told = json.loads(json.dumps(raised.value.as_dict()))["problems"]
    assert [(each["file"], each["line"]) for each in told] == [("rack-b.yml", 2)] * 2


def test_only_files_beside_the_plan_are_read(split: Path) -> None:
    split.write_text(PLAN.replace("rack-b.yml", "../rack-b.yml"))
    with pytest.raises(PlanError, match="a file beside the plan"):
        load_plan(split)


OTHER = Path(__file__).parents[2] / "plans" / "other-site" / "plan.yml"
WORDS = yaml.safe_load((Path(__file__).parents[2] / "campaign" / "cases" / "plans.yml").read_text())["values"]


@settings(max_examples=300)
@given(data=st.data())
def test_any_value_or_key_of_a_plan_may_be_anything(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    plan = yaml.safe_load(OTHER.read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = plan
        path: list[object] = []
        while isinstance(place, dict | list) and place and (not path or data.draw(st.booleans())):
            owner, key = (
                place,
                data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place)))),
            )
            place, path = owner[key], [*path, key]
        # A copy: another change may go into it, and the next example draws from the same list.
        word = deepcopy(data.draw(st.sampled_from(WORDS)))
        if isinstance(owner, dict) and data.draw(st.booleans()) and isinstance(word, str | int | None):
            owner[word] = owner.pop(key)
        else:
            owner[key] = word
    file = tmp_path_factory.mktemp("mutant") / "plan.yml"
    file.write_text(yaml.safe_dump(plan))
    found = loaded(file)
    if isinstance(found, PlanError):
        assert found.problems
        assert all(problem.line >= 1 and str(problem).isprintable() for problem in found.problems)
    else:
        inventory(found)
        overview(found).as_json()


def loaded(path: Path) -> Plan | PlanError:
    try:
        return load_plan(path)
    except PlanError as error:
        return error
