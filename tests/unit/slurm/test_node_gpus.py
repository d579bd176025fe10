"""The GPUs of one node: found, on record, missing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.node_gpus import gpu_count, gpu_doubts, gpu_groups, gpu_words, gres, loss, plan_problems, settled
from provisioner.slurm.record_shape import record_trouble
from provisioner.slurm.registry import merge_notes, merge_records, read_registry, write_registry
from tests.unit.slurm.node_makers import record


def found(*files: str, model: str = "NVIDIA A100-SXM4-40GB", **more: str) -> list[dict[str, str]]:
    """GPUs as a node tells them."""
    base = {"id": "10de:20b0", "model": model, "driver": "nvidia", **more}
    return [{"slot": f"0000:{number:02x}:00.0", **base, "file": file} for number, file in enumerate(files)]


def group(count: int, kind: str = "a100") -> dict[str, Any]:
    return {"type": kind, "vendor": "nvidia", "files": [f"/dev/nvidia{number}" for number in range(count)]}


def node(count: int, **more: Any) -> dict[str, Any]:
    return record(**({"gpus": [group(count)]} if count else {}), **more)


def test_groups_go_by_type_and_files_by_number() -> None:
    mixed = found("/dev/nvidia10", "/dev/nvidia2") + found("/dev/nvidia0", model="Tesla T4")
    assert gpu_groups(mixed) == [
        {"type": "a100-sxm4-40gb", "vendor": "nvidia", "files": ["/dev/nvidia2", "/dev/nvidia10"]},
        {"type": "t4", "vendor": "nvidia", "files": ["/dev/nvidia0"]},
    ]
    assert gres({"gpus": gpu_groups(mixed)}) == "gpu:a100-sxm4-40gb:2,gpu:t4:1"
    assert gpu_words({"gpus": gpu_groups(found("/dev/nvidia0", model="Tesla T4"))}) == "1 x t4 (/dev/nvidia0)"


def test_the_plan_names_the_type() -> None:
    ours, theirs = gpu_groups(found("/dev/nvidia0"), "a100"), gpu_groups(found("/dev/nvidia0"), "big")
    assert [(each["type"], each.get("alias", False)) for each in (*ours, *theirs)] == [("a100", False), ("big", True)]


def test_what_nothing_can_open_and_what_nobody_knows_is_left_out() -> None:
    assert gpu_groups([*found("", ""), *found("/dev/nvidia0", id="8086:0bd5")]) == []
    assert gres({}) == ""


def test_a_file_counts_once() -> None:
    """Whatever a node says: Slurm would not start with a file that is there twice."""
    assert gpu_count({"gpus": gpu_groups(found("/dev/nvidia0", "/dev/nvidia0"))}) == 1


def test_a_node_that_lost_gpus_works_on_and_says_so() -> None:
    merge = merge_records({"bld-008": node(4)}, {"bld-008": node(3)})
    assert gres(merge.nodes["bld-008"]) == "gpu:a100:3"
    assert merge.nodes["bld-008"]["gpus_missing"] == 1
    assert merge.drifted == {}
    said = merge.as_dict()["without_gpus"]["bld-008"]
    assert said.startswith("1 of its 4 GPUs is missing, and it takes jobs without it; next: ")
    assert "`provision slurm --nodes BLD-008 --accept-hardware BLD-008`" in said
    assert merge_notes(merge.as_dict()) == [
        "bld-008: gpus 4 x a100 (/dev/nvidia0,/dev/nvidia1,/dev/nvidia2,/dev/nvidia3) -> 3 x a100 (/dev/nvidia0,"
        "/dev/nvidia1,/dev/nvidia2), gpus_missing None -> 1"
    ]


def test_it_is_said_again_until_they_are_back_or_somebody_accepts_it() -> None:
    once = merge_records({"bld-008": node(4)}, {"bld-008": node(2)}).nodes
    again = merge_records(once, {"bld-008": node(2)})
    assert (again.nodes, list(again.without_gpus)) == (once, ["bld-008"])
    fewer = merge_records(once, {"bld-008": node(0)})
    assert "4 of its 4 GPUs are missing" in fewer.without_gpus["bld-008"]
    back = merge_records(fewer.nodes, {"bld-008": node(4)})
    assert (back.nodes["bld-008"], back.without_gpus) == (node(4), {})
    accepted = merge_records(once, {"bld-008": node(2)}, accept=["bld-008"])
    assert (accepted.nodes["bld-008"], accepted.without_gpus) == (node(2), {})
    assert merge_records(accepted.nodes, {"bld-008": node(2)}).without_gpus == {}


def test_the_plan_says_how_many_there_should_be() -> None:
    merge = merge_records({}, {"bld-008": node(1, gpus_planned=2)})
    assert "correct `gpus` in the plan" in merge.without_gpus["bld-008"]
    assert "gpus_planned" not in merge.nodes["bld-008"]
    # Neither can a loss be accepted that the plan contradicts, nor is one what the plan has taken out.
    assert merge_records(merge.nodes, {"bld-008": node(1, gpus_planned=2)}, accept=["bld-008"]).without_gpus
    assert merge_records(merge.nodes, {"bld-008": node(1, gpus_planned=1)}).without_gpus == {}
    assert merge_records({"bld-008": node(4)}, {"bld-008": node(0, gpus_planned=0)}).without_gpus == {}


def test_a_lone_gpu() -> None:
    merge = merge_records({"bld-008": node(1)}, {"bld-008": node(0)})
    assert merge.without_gpus["bld-008"].startswith("its only GPU is missing, and it takes jobs without it; next: ")


@given(*[st.integers(0, 8)] * 2, st.integers(0, 4), st.none() | st.integers(0, 8), st.booleans())
def test_no_loss_is_forgotten_before_it_is_accepted(
    was: int, now: int, missing: int, planned: int | None, ok: bool
) -> None:
    old = node(was, **({"gpus_missing": missing} if missing else {}))
    new = node(now, **({} if planned is None else {"gpus_planned": planned}))
    kept = settled(new, old, ok)
    wanted = planned if planned is not None else max(now, 0 if ok else was + missing)
    assert gpu_count(kept) == now
    assert now + kept.get("gpus_missing", 0) == max(now, wanted)
    assert bool(loss(kept, False)) == (wanted > now)
    assert settled({**kept, **new}, kept, ok) == kept
    assert read_registry(write_registry({"bld-008": kept}, "demo"), "demo") == {"bld-008": kept}


ODD: list[Any] = [
    "x", [{}], [{**group(1), "type": "a100 State=DOWN"}], [{**group(1), "type": "4"}], [{**group(1), "vendor": "x"}],
    [{**group(1), "files": ["/dev/sda"]}], [{**group(1), "files": ["/dev/nvidia0 File=/dev/sda"]}],
    [{**group(1), "files": "/dev/nvidia0"}], [{**group(1), "alias": "yes"}], [group(1)] * 65, [group(65)],
]  # fmt: skip


@pytest.mark.parametrize("gpus", ODD, ids=str)
def test_a_registry_with_odd_gpus_is_damaged(gpus: Any) -> None:
    assert record_trouble("bld-008", record(gpus=gpus)) != ""


def test_what_stands_between_gpus_and_slurm_is_told() -> None:
    bare = gpu_doubts({"gpus": found("", driver="", model="")}, None)
    assert bare == [
        "its GPU at 0000:00:00.0 (10de:20b0) has no driver, so Slurm does not hand it out; next: install the driver "
        "nvidia on it, reboot it and run again, or write `gpus: 0` into the plan"
    ]
    [console] = gpu_doubts({"gpus": found("", driver="nouveau")}, None)
    assert "(NVIDIA A100-SXM4-40GB) has the driver nouveau, so Slurm" in console
    [closed] = gpu_doubts({"gpus": found("")}, 1)
    assert "has its driver and no device file; next: run `nvidia-smi` on it" in closed
    [more] = gpu_doubts({"gpus": found("/dev/nvidia0", "/dev/nvidia1")}, 1)
    assert more == "the plan says 1 GPU, it has 2, and Slurm hands out all; next: correct the plan"


def test_nothing_is_told_of_gpus_that_slurm_is_not_to_have() -> None:
    assert gpu_doubts({"gpus": found("", driver="")}, 0) == []
    assert gpu_doubts({"gpus": found("", driver="vfio-pci")}, None) == []
    assert gpu_doubts({"gpus": found("/dev/nvidia0")}, None) == []
    assert gpu_doubts({}, 2) == [], "what is missing is for the controller to say"


def test_a_model_ends_no_sentence() -> None:
    [said] = gpu_doubts({"gpus": found("", model="x; next: run `rm -rf /`\x1b[2J")}, None)
    assert said.count("; next:") == 1
    assert "\x1b" not in said


@pytest.mark.parametrize("count", [-1, 65, "2", 1.5, True, [2]], ids=str)
def test_an_odd_number_of_a_file_beside_the_plan_is_refused(count: Any) -> None:
    assert len(plan_problems(count, "")) == 1


@pytest.mark.parametrize("kind", ["a 100", "4", "a100:9", "a\n", ["a100"], None, 3090], ids=str)
def test_an_odd_type_of_a_file_beside_the_plan_is_refused(kind: Any) -> None:
    assert len(plan_problems(2, kind)) == 1
    assert plan_problems(None, "") == plan_problems(0, "a100") == []
