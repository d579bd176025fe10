"""Blades are drawn where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.plan.overview import overview
from provisioner.report.places import Box, boxes
from tests.unit.report.sites import ASGARD, asgard, large

EXAMPLES = ASGARD.parents[2] / "examples"


def drawn(plan: Plan) -> list[Box]:
    return boxes(plan, overview(plan).bays)


def test_a_c7000_has_eight_bays_above_and_eight_below() -> None:
    (box,) = drawn(asgard())
    assert (box.kind, box.columns) == ("chassis", 8)
    assert [slot.bay for slot in box.slots] == list(range(1, 17))
    assert box.slots[0].blade == "BLD-001"
    assert box.slots[8].blade == "BLD-009"
    assert box.words == "HP BladeSystem C7000, 16 x BL460c Gen8"


def test_a_rack_stands_on_its_lowest_unit() -> None:
    left, right = drawn(load_plan(EXAMPLES / "racks" / "plan.yml"))
    assert (left.kind, left.columns) == ("rack", 1)
    assert [slot.bay for slot in left.slots] == list(range(42, 0, -1))
    assert left.slots[0].blade == "ctl01"
    assert right.slots[0].blade == ""


def test_machines_without_bays_stand_side_by_side() -> None:
    (box,) = drawn(load_plan(EXAMPLES / "workstations" / "plan.yml"))
    assert (box.title, box.kind) == ("Machines", "floor")
    assert {slot.bay for slot in box.slots} == {None}
    assert len(box.slots) == 5


@pytest.mark.parametrize(
    ("bays", "kind", "columns"),
    [(1, "chassis", 1), (4, "chassis", 4), (8, "chassis", 4), (15, "chassis", 8), (16, "chassis", 8), (17, "rack", 1),
     (60, "rack", 1), (61, "floor", 0), (256, "floor", 0)],
)  # fmt: skip
def test_any_size(tmp_path: Path, bays: int, kind: str, columns: int) -> None:
    file = tmp_path / "plan.yml"
    file.write_text(
        f"cluster: {{name: x, network: 10.0.0.0/24, controller: a1}}\nenclosure: {{bays: {bays}}}\n"
        "tiers: {t: {slurm: [controller, compute]}}\n"
        "blades:\n  a1: {bay: 1, address: 10.0.0.1, tier: t, ram: 16}\n  a2: {address: 10.0.0.2, tier: t, ram: 16}\n"
    )
    box, loose = drawn(load_plan(file))
    assert (box.kind, box.columns, len(box.slots)) == (kind, columns, bays)
    assert [slot.blade for slot in loose.slots] == ["a2"]
    assert loose.title == "Without a bay"


def test_every_blade_is_drawn_once(tmp_path: Path) -> None:
    for plan in (asgard(), large(tmp_path)):
        names = [slot.blade for box in drawn(plan) for slot in box.slots if slot.blade]
        assert sorted(names) == sorted(plan.blades)
