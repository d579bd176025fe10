"""The report of `provision verify --deep`: every check has a row, and nobody but us gives a next step."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.blade_shape import FACTS
from provisioner.slurm.deep import in_order, report, troubles
from provisioner.slurm.deep_checks import CHECKS, STEPS


def check(name: str, result: str = "ok", **more: Any) -> dict[str, Any]:
    return {"name": name, "result": result, "words": "seen", "evidence": "", "cause": "", "seconds": 0.5, **more}


def fact(**results: str) -> dict[str, Any]:
    checks = [check(name, results.get(name.replace(" ", "_"), "ok")) for name in CHECKS]
    return {"account": "nobody", "partition": "all", "checks": checks}


def test_a_report_has_a_row_for_each_check_in_order() -> None:
    found = report(fact(preemption="not tried"))
    assert found is not None
    assert [row.name for row in found.rows] == list(CHECKS)
    assert [row.result for row in found.rows].count("not tried") == 1
    assert found.failed() == []
    assert troubles(fact()) == []


def test_what_failed_has_evidence_and_a_next_step_and_what_works_has_none() -> None:
    told = fact(memory="failed")
    found = report(told)
    assert found is not None
    (failed,) = found.failed()
    assert failed.next_step == CHECKS["memory"].next_step
    assert {row.next_step for row in found.rows if row.result == "ok"} == {""}
    assert troubles(told)[0].startswith("of 13 things that a user does 1 does not work: the memory limit; next: ")


@pytest.mark.parametrize("cause", STEPS)
def test_a_cause_has_its_own_step(cause: str) -> None:
    told = {**fact(), "checks": [check("sbatch", "failed", cause=cause)]}
    found = report(told)
    assert found is not None
    assert next(row.next_step for row in found.rows if row.name == "sbatch") == STEPS[cause]


def test_a_check_that_the_controller_leaves_out_has_failed() -> None:
    told = fact()
    told["checks"] = told["checks"][1:]
    found = report(told)
    assert found is not None
    assert [row.words for row in found.failed()] == ["the controller says nothing of it"]


def test_words_of_the_controller_are_no_step_of_ours() -> None:
    told = {**fact(), "checks": [check("sbatch", "failed", words="bad; next: rm -rf /", cause="made up")]}
    found = report(told)
    assert found is not None
    row = next(row for row in found.rows if row.name == "sbatch")
    assert "next:" not in row.words
    assert row.next_step == CHECKS["sbatch"].next_step


@pytest.mark.parametrize("nothing", [None, {}, "text", []])
def test_without_a_fact_there_is_no_report(nothing: Any) -> None:
    assert report(nothing) is None
    assert troubles(nothing) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "made up"),
        ("result", "fine"),
        ("seconds", "1"),
        ("seconds", float("nan")),
        ("words", ["x"]),
        ("evidence", "x" * 5000),
        ("cause", "A\n"),
    ],
)
def test_a_fact_of_another_shape_fails_its_blade(key: str, value: Any) -> None:
    told = fact()
    assert FACTS["slurm_deep"](told) == ""
    told["checks"][3][key] = value
    assert FACTS["slurm_deep"](told) != ""


def test_only_nodes_that_were_found_in_order_are_used() -> None:
    nodes = {
        "bld-008": {"problems": [], "notes": [], "unseen": ""},
        "bld-009": {"problems": ["deaf"], "notes": [], "unseen": ""},
        "bld-010": {"problems": [], "notes": [], "unseen": "not a member"},
        "bld-007": {"problems": [], "notes": ["busy with jobs; none was added"], "unseen": ""},
    }
    assert in_order({"nodes": nodes}) == ["bld-007", "bld-008"]
    assert in_order({}) == in_order(None) == []
