"""Ids come into the plan's text, and nothing else in it changes."""

from __future__ import annotations

from difflib import ndiff
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.plan.adopt import adopted, with_ids
from provisioner.plan.load import parse_plan

PLAN = Path("plan.yml")
HEAD = """#!/usr/bin/env -S provision inventory --plan
# A site.
cluster: {name: c, network: 10.0.0.0/24, controller: BLD-001}
tiers:
  fat: {slurm: [controller]}
  medium: {slurm: [compute], scratch: {size_gb: 300}}   # 10k SAS
blades:
  BLD-001: {bay: 1, address: 10.0.0.1, tier: fat, ram: 8}
"""
BLADE = "{{bay: 2, address: 10.0.0.2, tier: medium, ram: 8, disks: {}}}"
ID, OTHER = "/dev/disk/by-id/wwn-0xa", "/dev/disk/by-id/wwn-0xb"


def edited(text: str, ids: dict[int, list[str]]) -> list[str]:
    """The lines that came and went in the plan with this text for BLD-002."""
    before = f"{HEAD}{text}"
    after = adopted(before, PLAN, {"BLD-002": ids})
    plan = parse_plan(before, PLAN)
    assert parse_plan(after, PLAN) == with_ids(plan, {"BLD-002": ids})
    return [row for row in ndiff(before.splitlines(), after.splitlines()) if row[0] in "+-"]


def test_a_short_form_on_one_line_becomes_a_mapping_per_disk() -> None:
    line = f"  BLD-002: {BLADE.format('[2 x 300 GB SAS, 1 x 146 GB SAS]')}   # keep"
    assert edited(f"{line}\n", {0: [ID, OTHER]})[-1] == (
        "+   BLD-002: {bay: 2, address: 10.0.0.2, tier: medium, ram: 8, disks: "
        f"[{{size_gb: 300, id: {ID}}}, {{size_gb: 300, id: {OTHER}}}, 1 x 146 GB SAS]}}   # keep"
    )


BLOCK = """  BLD-002:
    bay: 2
    address: 10.0.0.2
    tier: medium
    ram: 8
    disks:
      - {size_gb: 146, purpose: boot}   # the system
"""


@pytest.mark.parametrize(
    ("entry", "ids", "came"),
    [
        ("- 1 x 300 GB SAS   # new", [ID], [f"      - {{size_gb: 300, id: {ID}}}   # new"]),
        (
            "- 2 x 300 GB SSD",
            [ID, OTHER],
            [f'      - {{size_gb: 300, type: "SSD", id: {ID}}}', f'      - {{size_gb: 300, type: "SSD", id: {OTHER}}}'],
        ),
        ("- {size_gb: 300, note: x}", [ID], [f"      - {{size_gb: 300, note: x, id: {ID}}}"]),
        ("- {size_gb: 300, count: 1}", [ID], [f"      - {{size_gb: 300, id: {ID}}}"]),
        (
            "- {count: 2, size_gb: 300, purpose: scratch, note: a b}",
            [ID, OTHER],
            [f'      - {{size_gb: 300, id: {one}, purpose: scratch, note: "a b"}}' for one in (ID, OTHER)],
        ),
        ("- size_gb: 300   # why\n        note: x", [ID], [f"        id: {ID}"]),
        ("- 1 x 300 GB SAS", [f"{ID}:lun:"], [f'      - {{size_gb: 300, id: "{ID}:lun:"}}']),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_list_over_several_lines_keeps_comments_and_order(
    entry: str, ids: list[str], came: list[str], newline: str
) -> None:
    text = f"{HEAD}{BLOCK}      {entry}\n    note: last\n".replace("\n", newline)
    after = adopted(text, PLAN, {"BLD-002": {1: ids}})
    assert ("\r" in after) == (newline == "\r\n")
    rows = list(ndiff(text.splitlines(), after.splitlines()))
    assert [row[2:] for row in rows if row.startswith("+")] == came
    assert after.count(newline) == after.count("\n")


def test_nodes_are_blades() -> None:
    text = f"{HEAD}{BLOCK}      - 1 x 300 GB SAS\n".replace("\nblades:", "\nnodes:")
    assert f"id: {ID}" in adopted(text, PLAN, {"BLD-002": {1: [ID]}})


def test_a_node_of_a_set_has_no_place_for_an_id() -> None:
    text = f"{HEAD}  n[1-2]: {{address: 10.0.0.11, tier: medium, ram: 8, disks: [1 x 300 GB SAS]}}\n"
    with pytest.raises(UsageError, match="cannot be edited safely"):
        adopted(text, PLAN, {"n2": {0: [ID]}})


@pytest.mark.parametrize(
    "text",
    [
        "  BLD-002: &same {bay: 2, address: 10.0.0.2, tier: medium, ram: 8, disks: [1 x 300 GB SAS]}\n"
        "  BLD-003: {<<: *same, bay: 3, address: 10.0.0.3}\n",
        "  BLD-003: {bay: 3, address: 10.0.0.3, tier: medium, ram: 8, disks: &disks [1 x 300 GB SAS]}\n"
        "  BLD-002: {bay: 2, address: 10.0.0.2, tier: medium, ram: 8, disks: *disks}\n",
        "  BLD-003: &same {bay: 3, address: 10.0.0.3, tier: medium, ram: 8, disks: [1 x 300 GB SAS]}\n"
        "  BLD-002: {<<: *same, bay: 2, address: 10.0.0.2}\n",
        f"{BLOCK.replace('- {size_gb: 146, purpose: boot}', '- count: 2').replace('# the system', '')}"
        "        size_gb: 300\n",
    ],
    ids=["inherited by another", "shared list", "inherited", "count over lines"],
)
def test_what_cannot_be_edited_safely_is_left_alone(text: str) -> None:
    disks = parse_plan(HEAD + text, PLAN).blades["BLD-002"].disks
    with pytest.raises(UsageError, match="cannot be edited safely"):
        adopted(HEAD + text, PLAN, {"BLD-002": {0: [ID, OTHER][: disks[0].count]}})


@given(
    forms=st.lists(
        st.sampled_from(["1 x 300 GB SAS", "2 x 300 GB SAS", "{size_gb: 300}", "{size_gb: 146}", "{size_gb: 300 , }"]),
        min_size=1,
        max_size=5,
    ),
    flow=st.booleans(),
    chosen=st.sets(st.integers(0, 4), min_size=1),
)
def test_any_list_of_disks_gets_its_ids(forms: list[str], flow: bool, chosen: set[int]) -> None:
    forms = [*forms, "1 x 300 GB SAS"]
    lines = f"[{', '.join(forms)}]" if flow else "".join(f"\n      - {form}  # {n}" for n, form in enumerate(forms))
    text = f"{HEAD}  BLD-002:\n    bay: 2\n    address: 10.0.0.2\n    tier: medium\n    ram: 8\n    disks: {lines}\n"
    entries = parse_plan(text, PLAN).blades["BLD-002"].disks
    ids = {
        number: [f"/dev/disk/by-id/wwn-0x{number}{n}" for n in range(entries[number].count)]
        for number in chosen
        if number < len(entries)
    }
    after = adopted(text, PLAN, {"BLD-002": ids})
    assert parse_plan(after, PLAN) == with_ids(parse_plan(text, PLAN), {"BLD-002": ids})
    assert after.startswith(HEAD)
    assert all(f"# {n}" in after for n in range(len(forms)) if not flow)
