"""Reports of blades -> what is shown and the lines for the plan."""

from __future__ import annotations

import textwrap

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.disks import FoundDisk, parse_report, plan_lines
from provisioner.plan.derive import ScratchDisk, scratch_disks
from provisioner.plan.model import Plan
from provisioner.plan.node import Blade

PLAN = Plan.model_validate(
    {
        "cluster": {"name": "c", "network": "10.0.0.0/24", "controller": "BLD-001"},
        "tiers": {
            "fat": {"slurm": ["controller"]},
            "medium": {"slurm": ["compute"], "scratch": {"size_gb": 300}},
        },
        "blades": {
            "BLD-001": {"bay": 1, "address": "10.0.0.1", "tier": "fat", "ram": 8},
            "BLD-002": {
                "bay": 2,
                "address": "10.0.0.2",
                "tier": "medium",
                "ram": 8,
                "disks": ["3 x 300 GB SAS"],
            },
        },
    }
)
BOOT = FoundDisk("/dev/sda", 300, "boot", id="/dev/disk/by-id/wwn-a")
FREE = FoundDisk("/dev/sdb", 299, "free", id="/dev/disk/by-id/wwn-b")
CEPH = FoundDisk("/dev/sdc", 900, "used", id="/dev/disk/by-id/wwn-c", evidence=("ceph_bluestore",))
SSD = FoundDisk("/dev/sdd", 120, "free")


def test_the_lines_are_the_blade_in_the_plan() -> None:
    lines = plan_lines(PLAN, "BLD-002", [BOOT, FREE, CEPH, SSD])
    assert lines == [
        "  BLD-002:",
        "    disks:",
        "      - {size_gb: 300, id: /dev/disk/by-id/wwn-a, purpose: boot}",
        "      - {size_gb: 300, id: /dev/disk/by-id/wwn-b, purpose: scratch}",
        "      - {size_gb: 900, id: /dev/disk/by-id/wwn-c, purpose: ceph}  # holds ceph_bluestore",
        "      - {size_gb: 120}  # /dev/sdd has no stable id",
    ]


def test_the_lines_pasted_give_exactly_the_free_disk_as_scratch() -> None:
    text = "\n".join(plan_lines(PLAN, "BLD-002", [BOOT, FREE, CEPH, SSD]))
    disks = yaml.safe_load(textwrap.dedent(text))["BLD-002"]["disks"]
    blade = Blade.model_validate({"bay": 2, "address": "10.0.0.2", "tier": "medium", "ram": 8, "disks": disks})
    assert scratch_disks(PLAN, blade) == [ScratchDisk(300, "/dev/disk/by-id/wwn-b")]


def test_a_free_disk_of_a_blade_without_scratch_gets_no_purpose() -> None:
    assert plan_lines(PLAN, "BLD-001", [FREE])[2] == "      - {size_gb: 299, id: /dev/disk/by-id/wwn-b}"


def test_a_blade_without_disks_says_why() -> None:
    assert plan_lines(PLAN, "BLD-001", [])[0].startswith("  # BLD-001: no disk is visible")


@pytest.mark.parametrize(
    ("disk", "state"),
    [
        (BOOT, "boot"),
        (FREE, "free"),
        (CEPH, "in use: ceph_bluestore"),
        (
            FoundDisk("/dev/sdb", 1, "scratch", evidence=("/scratch is mounted from it",)),
            "scratch: /scratch is mounted from it",
        ),
    ],
)
def test_the_verdict_in_words(disk: FoundDisk, state: str) -> None:
    assert disk.state == state


def test_a_report_is_read() -> None:
    reported = [
        {
            "path": "/dev/sda",
            "size_gb": 300,
            "verdict": "used",
            "id": "",
            "evidence": ["swap"],
            "size_bytes": 1,
        }
    ]
    assert parse_report(reported) == [FoundDisk("/dev/sda", 300, "used", evidence=("swap",))]


HOSTILE = st.sampled_from(
    ["\n      - {size_gb: 1, purpose: scratch}", "}  # x", ", purpose: scratch", "/dev/sdb:", "/dev/../etc", "\x1b[2J",
     "a\rb", "/dev/disk/by-id/wwn-a", "{{ 1 }}", "\u2028", "'", '"', "&a", "*a", "!!python/object:x"]
) | st.text(max_size=20)  # fmt: skip
DISKS = st.builds(
    FoundDisk,
    path=HOSTILE,
    size_gb=st.integers(0, 10_000),
    verdict=st.sampled_from(["boot", "free", "used", "scratch"]) | HOSTILE,
    id=HOSTILE,
    model=HOSTILE,
    evidence=st.lists(HOSTILE, max_size=2).map(tuple),
)


@given(st.lists(DISKS, min_size=1, max_size=3))
def test_whatever_a_blade_says_pasted_lines_hold_checked_values_only(disks: list[FoundDisk]) -> None:
    lines = plan_lines(PLAN, "BLD-002", disks)
    assert len(lines) == 2 + len(disks)
    for line in lines:
        assert line.isprintable()
    loaded = yaml.safe_load("\n".join(lines))
    assert list(loaded) == ["BLD-002"]
    assert list(loaded["BLD-002"]) == ["disks"]
    for entry, disk in zip(loaded["BLD-002"]["disks"], disks, strict=True):
        assert entry.keys() <= {"size_gb", "id", "purpose"}
        assert entry.get("id", disk.id) == disk.id
    ids = [entry["id"] for entry in loaded["BLD-002"]["disks"] if "id" in entry]
    if len(set(ids)) == len(ids):
        values = {"bay": 2, "address": "10.0.0.2", "tier": "medium", "ram": 8, **loaded["BLD-002"]}
        Blade.model_validate(values)


@pytest.mark.parametrize(
    "reported",
    ["x", None, [5], [{}], [{"path": "/dev/sda", "size_gb": "NaN", "verdict": "free"}],
     [{"path": [], "size_gb": 1, "verdict": "free"}], [{"path": "x", "size_gb": 1, "verdict": "y", "evidence": 5}]],
)  # fmt: skip
def test_a_report_of_another_shape_is_no_disk(reported: object) -> None:
    assert parse_report(reported) == []
