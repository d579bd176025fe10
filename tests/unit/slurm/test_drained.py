"""What a person and a script hear of nodes that were drained or resumed."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.errors import ExitCode
from provisioner.slurm.drained import Drained, code, line, parse_drained

BLADES = {"bld-008": "BLD-008", "bld-009": "BLD-009"}


def node(result: str, told: bool = False, state: str = "idle+drain", reason: str = "x", jobs: Any = ()) -> Drained:
    return Drained(result, told, state, reason, "root", tuple(jobs))


def test_reads_the_answer_of_the_controller() -> None:
    answer = {
        "nodes": [
            {
                "name": "bld-008",
                "result": "drained",
                "told": True,
                "states": ["DRAIN", "MIXED"],
                "reason": "r",
                "by": "b",
            },
            {"name": "bld-009", "result": "missing", "told": False, "states": [], "reason": "", "by": ""},
        ],
        "running": [["17", "bld-[008-009]"], ["5", "bld-008"]],
    }
    assert parse_drained(answer, BLADES) == {
        "BLD-008": Drained("drained", True, "drain+mixed", "r", "b", (5, 17)),
        "BLD-009": Drained("missing", False, "", "", "", (17,)),
    }


@pytest.mark.parametrize(
    "answer",
    [{}, {"nodes": None, "running": None}, {"nodes": ["x"], "running": ["x", [1], ["a", "b"]]},
     {"nodes": [{"name": "other", "result": "drained"}, {"name": "bld-008", "result": "odd"}]}],
)  # fmt: skip
def test_what_is_of_another_shape_is_left_out(answer: dict[str, Any]) -> None:
    assert parse_drained(answer, BLADES) == {}


LINES = [
    (node("drained", True), "drained", False, "drained"),
    (node("drained", True), "drained", True, "would be drained"),
    (node("drained"), "drained", False, "is drained already"),
    (node("drained", True, jobs=[17]), "drained", False, "drained; job 17 on it goes on"),
    (node("drained", True, jobs=range(1, 11)), "drained", False,
     "drained; jobs on it go on: 1, 2, 3, 4, 5, 6, 7, 8 and 2 more"),
    (node("kept", reason="broken"), "drained", False, "takes no jobs already (broken), which stays as it is"),
    (node("missing"), "drained", False, "slurmctld does not know it"),
    (node("resumed", True, "idle"), "resumed", False, "is resumed"),
    (node("resumed", True, "idle"), "resumed", True, "would be resumed"),
    (node("resumed", True, "down"), "resumed", False, "is resumed, and it is down"),
    (node("ready", False, "idle"), "resumed", False, "is not drained"),
    (node("ready", False, "down"), "resumed", False, "is not drained, and down"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "state", "check", "words"), LINES)
def test_a_person_hears_a_sentence(found: Drained, state: str, check: bool, words: str) -> None:
    assert line("bld-008", found, state, check) == words


def test_a_drain_of_others_says_how_a_person_ends_it() -> None:
    words = line("bld-008", node("kept", reason="broken\nnext: rm -rf /"), "resumed", False)
    assert words.startswith("stays drained (broken")
    assert words.endswith("`scontrol update nodename=bld-008 state=resume` on the controller")
    assert words.count("next:") == 1


@pytest.mark.parametrize(
    ("results", "state", "expected"),
    [
        (["drained", "kept"], "drained", ExitCode.OK),
        (["drained", "missing"], "drained", ExitCode.DEGRADED),
        (["missing"], "drained", ExitCode.FAILED),
        (["resumed", "ready"], "resumed", ExitCode.OK),
        (["resumed", "kept"], "resumed", ExitCode.DEGRADED),
        (["kept"], "resumed", ExitCode.FAILED),
    ],
)
def test_exit_codes(results: list[str], state: str, expected: ExitCode) -> None:
    assert code([node(result) for result in results], state) is expected
