"""Jobs that a person gave up: each is told once, and their nodes are waited for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, answer_of

MODULE = ansible_module("slurm_give_up")


class Queue:
    """squeue with these jobs by number; what is told takes them away, unless they are stuck."""

    def __init__(self, **states: str) -> None:
        self.states = {name.lstrip("j"): state for name, state in states.items()}
        self.told: list[tuple[str, ...]] = []
        self.stuck: set[str] = set()
        self.refuses = False

    def run(self, *command: str, **more: Any) -> tuple[int, str, str]:
        if command[0] == "squeue":
            states = next(word for word in command if word.startswith("--states=")).split("=")[1].split(",")
            return 0, "\n".join(number for number, state in self.states.items() if state in states), ""
        self.told.append(command)
        if self.refuses:
            return 1, "", "scontrol: Job is not allowed to be requeued"
        for number in {*command[1:], *command[-1].split(",")} & self.states.keys() - self.stuck:
            self.states[number] = "PENDING" if command[0] == "scontrol" else "CANCELLED"
        return 0, "", ""


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    made = Queue(j17="RUNNING", j18="PENDING", j23="RUNNING", j24="RUNNING", j99="RUNNING")
    monkeypatch.setattr(MODULE, "run", made.run)
    return made


def test_each_is_told_and_nobody_else(queue: Queue) -> None:
    answer = answer_of(MODULE, ends=["17", "18"], requeues=["23", "24"])
    assert (answer["changed"], answer["left"]) == (True, [])
    assert queue.told == [("scancel", "17", "18"), ("scontrol", "requeue", "23,24")]
    assert queue.states["99"] == "RUNNING"


def test_whoever_is_gone_by_now_is_no_error(queue: Queue) -> None:
    answer = answer_of(MODULE, ends=["1"], requeues=["2"])
    assert (answer["left"], queue.told) == ([], [])


def test_check_mode_tells_nobody(queue: Queue) -> None:
    assert answer_of(MODULE, ends=["17"], _ansible_check_mode=True)["changed"] is True
    assert queue.told == []


def test_one_that_does_not_leave_is_named(queue: Queue) -> None:
    queue.stuck = {"17"}
    answer = answer_of(MODULE, ends=["17"], patience=0)
    assert "jobs 17 do not leave their nodes; next: " in answer["msg"]


def test_slurm_that_refuses_is_quoted(queue: Queue) -> None:
    queue.refuses = True
    answer = answer_of(MODULE, requeues=["23"])
    assert "Job is not allowed to be requeued" in answer["msg"]
