from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.run.diagnose import diagnose
from provisioner.slurm.enforcement import Accounts, Enforcement, enforcement, stays_enforced

PLAIN = "ClusterName=demo\nAccountingStorageHost=10.20.0.106\n"
ENFORCING = f"{PLAIN}AccountingStorageEnforce=associations,limits,qos,safe\n"
ACCOUNTS = Accounts(
    {("physics", "ada", ""), ("biology", "ada", ""), ("physics", "bob", "gpu"), ("verify", "nobody", "")},
    {"ada": "physics", "bob": "physics", "nobody": "verify"},
)


def asked(**change: Any) -> Enforcement:
    given: dict[str, Any] = {
        "declared": True,
        "applied": PLAIN,
        "troubles": [],
        "jobs": [],
        "accounts": ACCOUNTS,
        "ours": "nobody",
    }
    return enforcement(**{**given, **change})


def test_it_comes_once_every_account_is_there() -> None:
    assert asked(jobs=[("7", "ada", "physics", "all"), ("8", "ada", "(null)", "all")]) == Enforcement(True)


def test_it_never_comes_without_a_file() -> None:
    assert asked(declared=False) == Enforcement(False)
    assert asked(declared=False, applied=ENFORCING) == Enforcement(False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"troubles": ["a command failed"]}, "not all of the accounts file is in the database"),
        ({"jobs": None}, "slurmctld does not tell whose jobs are there"),
        ({"jobs": [("7", "eve", "(null)", "all")]}, "would never start: eve (7)"),
        ({"jobs": [("7", "ada", "chemistry", "all")]}, "would never start: ada (7)"),
        ({"jobs": [("7", "bob", "", "all")]}, "would never start: bob (7)"),
        ({"jobs": [("7", "bob", "physics", "gpu,all")]}, "would never start: bob (7)"),
        ({"accounts": Accounts({("physics", "ada", "")}, {"ada": "physics"})}, "nobody, as whom jobs of verification"),
    ],
)
def test_it_waits_and_says_what_for(change: dict[str, Any], words: str) -> None:
    found = asked(**change)
    assert not found.on
    (note,) = found.notes
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
    assert asked(jobs=[job]) == Enforcement(True)


def test_once_there_it_stays_whatever_a_run_could_not_bring_about() -> None:
    assert asked(applied=ENFORCING, troubles=["x"], jobs=None, accounts=Accounts([], {})) == Enforcement(True)


def test_many_jobs_are_one_sentence() -> None:
    jobs = [(str(number), f"user{number % 40:02}", "", "all") for number in range(2000)]
    (note,) = asked(jobs=jobs).notes
    assert "and 30 more users" in note
    assert len(note) < 2000


@given(st.text(max_size=300), st.text(max_size=60))
def test_words_of_slurm_make_no_step_of_their_own(number: str, user: str) -> None:
    for note in asked(jobs=[(number, user, "", "all")]).notes:
        assert note.isprintable()
        assert note.lower().count("next:") == 1


@pytest.mark.parametrize(
    ("declared", "applied", "stays"),
    [(True, ENFORCING, True), (True, PLAIN, False), (False, ENFORCING, False), (True, "", False)],
)
def test_a_run_begins_as_the_last_one_ended(declared: bool, applied: str, stays: bool) -> None:
    assert stays_enforced(declared, applied) is stays


def test_a_comment_enforces_nothing() -> None:
    assert not stays_enforced(True, f"{PLAIN}# AccountingStorageEnforce=all\nAccountingStorageEnforce=\n")
