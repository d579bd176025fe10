"""A plan over several files is the plan in one; what is wrong stands at its own file, line and column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provisioner.plan.load import load_plan
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
        'rack-b.yml:2:47: ram of b0 is the text "much"; write the installed GiB, or the list of sticks such as [4, 4]',
    ]
    assert raised.value.next_step == "correct rack-b.yml and run again; nothing was touched"
    told = json.loads(json.dumps(raised.value.as_dict()))["problems"]
    assert [(each["file"], each["line"]) for each in told] == [("rack-b.yml", 2)] * 2


def test_only_files_beside_the_plan_are_read(split: Path) -> None:
    split.write_text(PLAN.replace("rack-b.yml", "../rack-b.yml"))
    with pytest.raises(PlanError, match="a file beside the plan"):
        load_plan(split)
