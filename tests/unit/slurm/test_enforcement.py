from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.run.diagnose import diagnose
from provisioner.slurm.enforcement import Associations, enforcement_is_due, obstacles, stays_enforced

PLAIN = "ClusterName=demo\nAccountingStorageHost=10.20.0.106\n"
ENFORCING = f"{PLAIN}AccountingStorageEnforce=associations,limits,qos,safe\n"
THERE = Associations(
    {("physics", "ada", ""), ("biology", "ada", ""), ("physics", "bob", "gpu")}, {"ada": "physics", "bob": "physics"}
)


def test_it_comes_once_every_account_is_there() -> None:
    assert obstacles([], [("7", "ada", "physics", "all"), ("8", "ada", "(null)", "all")], THERE) == []


@pytest.mark.parametrize(
    ("troubles", "jobs", "words"),
    [
        (["a command failed"], [], "not all of the accounts file is in the database"),
        ([], None, "slurmctld does not tell whose jobs are there"),
        ([], [("7", "eve", "(null)", "all")], "would never start: eve (7)"),
        ([], [("7", "ada", "chemistry", "all")], "would never start: ada (7)"),
        ([], [("7", "bob", "", "all")], "would never start: bob (7)"),
        ([], [("7", "bob", "physics", "gpu,all")], "would never start: bob (7)"),
    ],
)
def test_it_waits_and_says_what_for(troubles: list[str], jobs: Any, words: str) -> None:
    (note,) = obstacles(troubles, jobs, THERE)
    assert words in note
    assert note.startswith("limits of accounts are not enforced yet: ")
    assert diagnose({"msg": note}, "Say", "ansible.builtin.fail").next_step


@pytest.mark.parametrize(
    "job",
    [
        ("7", "root", "", "all"),
        ("7", "bob", "physics", "gpu"),
        ("7", "ada", "biology", "all,gpu"),
        ("7", "ada", "N/A", "all"),
    ],
)
def test_a_job_that_slurm_finds_an_account_for_is_no_obstacle(job: tuple[str, ...]) -> None:
    assert obstacles([], [job], THERE) == []


@pytest.mark.parametrize(
    ("site", "applied", "due"),
    [
        ({}, PLAIN, True),
        ({}, "", True),
        ({}, ENFORCING, False),
        ({"accountingstorageenforce": "limits"}, PLAIN, False),
        ({"AccountingStorageEnforce": None}, PLAIN, False),
    ],
)
def test_it_is_due_where_nothing_is_enforced_and_the_site_says_nothing(
    site: dict[str, Any], applied: str, due: bool
) -> None:
    assert enforcement_is_due(applied, site) is due


def test_many_jobs_are_one_sentence() -> None:
    jobs = [(str(number), f"user{number % 40:02}", "", "all") for number in range(2000)]
    (note,) = obstacles([], jobs, THERE)
    assert "and 30 more users" in note
    assert len(note) < 2000


@given(st.text(max_size=300), st.text(max_size=60))
def test_words_of_slurm_make_no_step_of_their_own(number: str, user: str) -> None:
    for note in obstacles([], [(number, user, "", "all")], THERE):
        assert note.isprintable()
        assert note.lower().count("next:") == 1


@pytest.mark.parametrize(
    ("declared", "applied", "stays"),
    [(True, ENFORCING, True), (True, PLAIN, False), (False, ENFORCING, False), (True, "", False)],
)
def test_a_run_begins_as_the_last_one_ended(declared: bool, applied: str, stays: bool) -> None:
    assert stays_enforced(applied, declared) is stays


def test_a_comment_enforces_nothing() -> None:
    assert not stays_enforced(f"{PLAIN}# AccountingStorageEnforce=all\nAccountingStorageEnforce=\n", True)
