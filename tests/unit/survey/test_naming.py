from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.names import name_problem
from provisioner.survey.naming import node_names
from tests.unit.survey.machines import seen


@pytest.mark.parametrize(
    ("given_name", "own", "name"),
    [
        ("alpha", "other", "alpha"),
        ("", "node007", "node007"),
        ("gpu_1", "GPU-1", "GPU-1"),
        ("", "debian", "node01"),
        ("", "localhost", "node01"),
        ("", "", "node01"),
        ("all", "", "node01"),
        ("default", "x1", "x1"),
        ("7", "", "node01"),
    ],
)
def test_a_name_that_a_person_or_the_machine_has(given_name: str, own: str, name: str) -> None:
    assert node_names([seen(1, given_name, host_name=own)]) == ([name], [])


def test_machines_with_one_name_get_numbers() -> None:
    machines = [seen(1, host_name="web"), seen(2, host_name="web"), seen(3, host_name="db")]
    names, notes = node_names(machines)
    assert names == ["web-01", "web-02", "db"]
    assert notes == [
        "2 machines are called web: in the plan 10.0.0.11 is web-01, 10.0.0.12 is web-02; next: write other names "
        "there if you like, a run gives them to the machines"
    ]


def test_a_number_that_is_taken_is_left_out() -> None:
    machines = [seen(1, "node01"), seen(2, host_name="debian"), seen(3, host_name="debian")]
    assert node_names(machines) == (["node01", "node02", "node03"], [])


@given(st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=64), min_size=1, max_size=12))
def test_no_two_nodes_have_one_name(words: list[str]) -> None:
    names, _ = node_names([seen(n, host_name=word) for n, word in enumerate(words)])
    assert len({name.lower() for name in names}) == len(words)
    assert [name_problem(name) for name in names] == [None] * len(words)
