from __future__ import annotations

from bench.samples import Sample, differences, module_counts, summary


def test_modules_are_read_from_the_answer_of_a_run() -> None:
    answer = {"blades": {"BLD-001": {"modules": 4}, "BLD-002": {"modules": 2}}}
    assert module_counts(answer) == {"BLD-001": 4, "BLD-002": 2}


def test_a_run_that_counts_no_modules_is_no_run_with_none() -> None:
    assert module_counts({"blades": {"BLD-001": {"status": "ok"}, "BLD-002": {"modules": None}}}) == {}


def test_connections_are_those_that_came_since() -> None:
    assert differences({"BLD-001": 3, "BLD-002": 1}, {"BLD-001": 4, "BLD-002": 1}) == {"BLD-001": 1, "BLD-002": 0}


def test_the_compute_blade_with_the_most_counts_and_the_controller_beside_it() -> None:
    samples = [
        Sample(4.0, 2.0, 1.0, {"C": 9, "A": 2, "B": 3}, {"C": 1, "A": 1, "B": 1}, {"Verify": 1.5, "Odd": 1.0}),
        Sample(6.0, 3.0, 1.0, {"C": 9, "A": 2, "B": 2}, {"C": 1, "A": 1, "B": 1}, {"Verify": 2.5}),
    ]
    found = summary(samples, "C")
    assert found["seconds"]["median"] == 5.0
    assert found["cpu_seconds"]["values"] == [2.0, 3.0]
    assert found["modules_per_blade"]["values"] == [3, 2]
    assert found["modules_controller"]["values"] == [9, 9]
    assert found["connections_per_blade"]["max"] == 1
    assert list(found["phases"]) == ["Verify"]


def test_a_floor_has_times_only() -> None:
    found = summary([Sample(0.4, 0.2, 0.1)], "C")
    assert found.keys() == {"seconds", "cpu_seconds", "blade_cpu_seconds"}
