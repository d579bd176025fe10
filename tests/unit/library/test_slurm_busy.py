"""The jobs that a change ends: those of partitions and nodes that go, and those that name such a node."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, answer_of

MODULE = ansible_module("slurm_busy")
# Number: state, where it runs, the nodes that its user named, whether it may begin anew, and whether it is a script.
JOBS = {
    "17": ("RUNNING", "bld-008", "", "1 1"),
    "18": ("RUNNING", "bld-008", "", "0 1"),
    "19": ("RUNNING", "bld-008", "bld-008", "1 1"),
    "20": ("PENDING", "", "bld-008", "1 1"),
    "21": ("PENDING", "", "bld-[008-009]", "1 1"),
    "22": ("RUNNING", "bld-009", "bld-009", "1 1"),
    "23": ("PENDING", "", "", "1 1"),
}
# What of them have GPUs; 18 is of an array, and Slurm does not know 19 any more.
DETAILS = {
    "17": "JobId=17 JobName=x Nodes=bld-008 CPU_IDs=0 GRES= Nodes=bld-009 CPU_IDs=0 GRES=gpu:a100:1(IDX:0)",
    "18": "JobId=18 JobName=x Nodes=bld-008 CPU_IDs=0 GRES= \nJobId=16 JobName=x Nodes=bld-008 GRES=gpu:1(IDX:0)",
}
FOLDED = {"bld-008": "bld-008", "bld-[008-009]": "bld-008\nbld-009", "bld-009": "bld-009"}


def squeue(*command: str, **more: Any) -> tuple[int, str, str]:
    """What Slurm says of these jobs."""
    if "--details" in command:
        return (0, DETAILS[command[-1]], "") if command[-1] in DETAILS else (1, "", "Invalid job id specified")
    if command[0] == "scontrol":
        return 0, FOLDED[command[-1]], ""
    words = dict(word.lstrip("-").partition("=")[::2] for word in command[1:])
    states = words.get("states", "PENDING,RUNNING").split(",")
    rows = []
    for number, (state, where, named, anew) in JOBS.items():
        if states != ["all"] and state not in states:
            continue
        if "nodelist" in words and words["nodelist"] != where:
            continue
        if "Format" in words:
            rows.append(f"{number} {anew}")
        else:
            rows.append(words["format"].replace("%A", number).replace("%n", named))
    return 0, "\n".join(rows), ""


@pytest.fixture(autouse=True)
def _slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "run", squeue)
    monkeypatch.setattr(MODULE, "our_jobs", dict)


@pytest.mark.parametrize(("named", "some"), [("any", ["21"]), ("all", [])])
def test_who_names_a_node_that_goes_ends_with_it(named: str, some: list[str]) -> None:
    found = answer_of(MODULE, nodes=["bld-008"], gone=["bld-008"], named=named)
    assert (found["ends"], found["requeues"]) == (["18", "19", "20", *some], ["17"])
    assert found["of"] == {"node bld-008": ["17", "18", "19", "20", *some]}


def test_who_names_a_node_that_stays_begins_anew() -> None:
    found = answer_of(MODULE, nodes=["bld-008"])
    assert (found["ends"], found["requeues"]) == (["18"], ["17", "19"])


def test_where_gpus_changed_jobs_with_gpus_begin_anew() -> None:
    found = answer_of(MODULE, gpus=["bld-008"])
    assert (found["ends"], found["requeues"], found["of"]) == ([], ["17", "19"], {"node bld-008": ["17", "19"]})
    both = answer_of(MODULE, nodes=["bld-008"], gpus=["bld-008"])
    assert both["jobs"] == ["17", "18", "19"]


def test_both_nodes_that_are_named_go() -> None:
    nodes = ["bld-008", "bld-009"]
    found = answer_of(MODULE, nodes=nodes, gone=nodes, named="all")
    assert found["ends"] == ["18", "19", "20", "21", "22"]


def test_where_nothing_goes_nobody_is_harmed() -> None:
    assert answer_of(MODULE)["jobs"] == []
