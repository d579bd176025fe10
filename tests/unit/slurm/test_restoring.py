"""What becomes of each part of a backup: what lives is never overwritten without its name."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from provisioner.slurm.restoring import NONE, PARTS, PLACE, SAME, STAYS, judge
from tests.unit.backup.making import SMALL, contents, manifest

FREE = 2**40
BACKUP = manifest(contents())


def controller(**more: Any) -> dict[str, Any]:
    """A reimaged one, and what it has besides."""
    state = {"there": False, "identity": "", "placed": False}
    return {"files": {}, "state": state, "free": FREE, "debian": "13", "slurm": "", **more}


def database(**more: Any) -> dict[str, Any]:
    return {"there": False, "placed": False, "clusters": "", "free": FREE, **more}


def living(identity: str = "demo|7") -> dict[str, Any]:
    files = {name.removeprefix("cluster"): hashlib.sha256(text).hexdigest() for name, text in SMALL.items()}
    return controller(files=files, state={"there": True, "identity": identity, "placed": False})


def test_everything_comes_onto_a_reimaged_controller() -> None:
    found = judge(BACKUP, "demo", controller(), database())
    assert (found.problems, found.is_due) == ([], True)
    assert found.parts == {"munge": PLACE, "tokens": NONE, "config": PLACE, "state": PLACE, "database": PLACE}
    assert sorted(each.name for each in found.files) == sorted(name for name in SMALL if name.startswith("cluster/"))


def test_what_lives_is_named_each_with_its_words() -> None:
    files = {**living()["files"], "/etc/munge/munge.key": "0" * 64, "/etc/slurm/slurm.conf": "0" * 64}
    found = judge(BACKUP, "demo", {**living(), "files": files}, database(there=True, clusters="demo|7"))
    assert len(found.problems) == 4
    for part in ("munge", "config", "state", "database"):
        (problem,) = [each for each in found.problems if f"`--overwrite {part}`" in each]
        assert ("its blade" in problem) == (part == "database")


def test_a_word_decides_for_its_part_alone() -> None:
    found = judge(BACKUP, "demo", living(), database(there=True, clusters="demo|7"), {"database"}, {"state"})
    assert found.problems == []
    assert (found.parts["munge"], found.parts["state"], found.parts["database"]) == (SAME, PLACE, STAYS)
    assert "runawayjobs" in found.notes[0]
    found = judge(BACKUP, "demo", living(), database(there=True, clusters="demo|7"), overwrite={"state"})
    assert [each for each in found.problems if "--overwrite database" in each]


def test_a_restore_that_died_goes_on() -> None:
    files = {**living()["files"], "/etc/slurm/slurm.conf": "0" * 64}
    state = {"there": True, "identity": "demo|7", "placed": True}
    has = controller(files=files, state=state)
    found = judge(BACKUP, "demo", has, database(there=True, placed=True, clusters="demo|7"))
    assert (found.problems, found.is_due) == ([], False)
    found = judge(BACKUP, "demo", controller(), database(there=True, placed=True, clusters="demo|7"))
    assert (found.problems, found.parts["state"], found.parts["database"]) == ([], PLACE, SAME)


def test_one_that_died_still_overwrites_what_it_was_told() -> None:
    files = {**living()["files"], "/etc/slurm/slurm.conf": "0" * 64}
    has = controller(files=files, state={"there": True, "identity": "demo|7", "placed": True})
    meets = database(there=True, placed=True, clusters="demo|7")
    assert judge(BACKUP, "demo", has, meets).parts["config"] == STAYS
    assert judge(BACKUP, "demo", has, meets, overwrite={"config"}).parts["config"] == PLACE


def test_whose_files_become_roots_is_said_before() -> None:
    members = [each.model_copy(update={"owner": "deploy", "group": "adm"}) for each in BACKUP.members]
    backup = BACKUP.model_copy(update={"members": members})
    found = judge(backup, "demo", controller(unknown={"owners": ["deploy"], "groups": []}), database())
    assert "/etc/slurm/slurm.conf becomes root's: the controller has no account deploy" in found.notes


def test_an_old_state_does_not_meet_a_new_database() -> None:
    (problem,) = judge(BACKUP, "demo", controller(), database(there=True, clusters="demo|9"), {"database"}).problems
    assert "id 7" in problem
    assert "id 9" in problem
    assert problem.endswith("`--overwrite database` takes that of the backup, too, and sets the other one aside")
    (problem,) = judge(BACKUP, "demo", controller(), database(there=True, clusters="other|9"), {"database"}).problems
    assert "knows no cluster demo" in problem


def test_a_new_state_does_not_meet_an_old_database() -> None:
    (problem,) = judge(BACKUP, "demo", living("demo|9"), database(), {"state"}).problems
    assert "id 9" in problem
    assert "`--overwrite state`" in problem


def test_releases_without_ids_fit() -> None:
    old = manifest(contents(), debian="12", identity="demo", database="demo|")
    assert (
        judge(old, "demo", controller(debian="12"), database(there=True, clusters="demo|"), {"database"}).problems == []
    )


@pytest.mark.parametrize(
    ("plan", "has", "words"),
    [
        ("other", controller(), "of cluster demo"),
        ("demo", controller(debian="12"), "image the controller with Debian 13"),
        ("demo", controller(debian="\x1b[2J"), "image the controller with Debian 13"),
        ("demo", controller(free=2**20), "are free in /var/lib on the controller"),
    ],
)
def test_what_cannot_be_is_said(plan: str, has: dict[str, Any], words: str) -> None:
    (problem,) = judge(BACKUP, plan, has, database()).problems
    assert words in problem
    assert "; next: " in problem
    assert problem.isprintable()


def test_a_database_that_is_silent_is_not_taken_for_none() -> None:
    found = judge(BACKUP, "demo", controller(), database(there=None), PARTS)
    assert [each for each in found.problems if "does not answer" in each]


def test_a_plan_without_accounting_leaves_the_dump() -> None:
    found = judge(BACKUP, "demo", controller(), None)
    assert (found.problems, found.parts["database"]) == ([], NONE)
