"""The database of accounting is on another blade, and the controller, that blade or both come back from a backup."""

from __future__ import annotations

import signal
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.accounting import are_written, completed, nodes
from tests.cluster.background import background
from tests.cluster.labs import Lab, Said
from tests.cluster.size import RELEASES
from tests.cluster.test_backup import is_up
from tests.cluster.test_restore import as_ada, running, with_users
from tests.cluster.waiting import until

MAIN_PID = "systemctl show --property=MainPID --value"


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster with users and tokens, whose last node has the database."""
    with with_users(request.param, tmp_path_factory.mktemp("plan"), accounting={"host": "BLD-003"}) as made:
        yield made


@pytest.fixture
def ended(lab: Lab) -> set[str]:
    """Jobs that are over, and in the history."""
    jobs = {as_ada(lab, "--wrap=true") for _ in range(2)}
    assert are_written(lab, jobs)
    return jobs


@pytest.fixture
def job(lab: Lab, ended: set[str]) -> Iterator[str]:
    """One that runs where the database is not."""
    number = as_ada(lab, f"--nodelist={lab.compute[0].lower()} --wrap='sleep 1500'")
    assert until(lambda: lab.ask(f"squeue -ho %T -j {number}") == "RUNNING", 60)
    # Its begin is in the history, too.
    assert until(lambda: number in known(lab), 60)
    yield number
    lab.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")


@pytest.fixture
def taken(lab: Lab, job: str, tmp_path: Path) -> str:
    """A backup of now, which has the database of the other blade."""
    said = lab.provision("backup", f"--to={tmp_path}", "--plain", "--json")
    assert said.code == 0, said.text
    with tarfile.open(said.json["file"]) as archive:
        assert "accounting.sql.gz" in archive.getnames()
    for name in (lab.controller, lab.spare):
        assert "backup" not in lab.inside(name, "ls /var/lib/provision").split()
    return str(said.json["file"])


def known(lab: Lab) -> set[str]:
    """The jobs that the history has, whatever became of them."""
    return set(lab.ask("sacct --allusers --noheader --parsable2 --allocations --format=JobID || true").split())


def restore(lab: Lab, *words: str) -> Said:
    return lab.provision("restore", *words, "--json")


def lives(lab: Lab, job: str, slurmd: str) -> None:
    """Asserts that the job runs on, users are there, and a run finds nothing to do."""
    assert until(lambda: is_up(lab) and job in running(lab), 60), running(lab)
    assert lab.inside(lab.compute[0], f"{MAIN_PID} slurmd") == slurmd, "the node was not touched"
    assert until(lambda: "RUNNING" in lab.ask(f"sacct -nXP -j {job} --format=State || true"), 60)
    assert lab.ask("sacctmgr --noheader --parsable2 show user ada format=user") == "ada"
    said = lab.slurm(nodes(lab))
    assert said.code == 0, said.text
    again = lab.slurm(nodes(lab))
    assert (again.code, again.json["changed"]) == (0, 0), again.text
    assert until(lambda: set(lab.states().values()) <= {"mixed", "idle"}, 60), lab.states()


def ends(lab: Lab, job: str) -> None:
    """Asserts that the job ends as it would have, and that the history has its end."""
    lab.ask(f"scancel {job}")
    assert until(lambda: "CANCELLED" in lab.ask(f"sacct -nXP -j {job} --format=State || true"), 60)
    assert are_written(lab, {as_ada(lab, "--wrap=true")})


def test_a_backup_without_the_database_touches_nothing(lab: Lab, job: str, tmp_path: Path) -> None:
    slurmctld = lab.ask(f"{MAIN_PID} slurmctld")
    backup = ("backup", f"--to={tmp_path}", "--plain", "--json")
    lab.inside(lab.spare, "systemctl stop slurmdbd mariadb")
    try:
        silent = lab.provision(*backup)
    finally:
        lab.inside(lab.spare, "systemctl start mariadb slurmdbd")
    lab.lab("off", lab.spare)
    try:
        away = lab.provision(*backup)
    finally:
        lab.lab("on", lab.spare)
    assert (silent.code, away.code) == (1, 1), silent.text + away.text
    assert "the database does not answer" in silent.failure(lab.spare)
    assert away.json["blades"][lab.spare]["status"] == "unreachable"
    assert list(tmp_path.iterdir()) == []
    assert lab.ask(f"{MAIN_PID} slurmctld") == slurmctld
    assert job in running(lab)
    assert until(lambda: job in known(lab), 60)


def test_a_reimaged_controller_keeps_the_database_that_lives(lab: Lab, ended: set[str], job: str, taken: str) -> None:
    slurmd = lab.inside(lab.compute[0], f"{MAIN_PID} slurmd")
    later = as_ada(lab, "--wrap=true")
    assert are_written(lab, {later})
    lab.lab("reimage", lab.controller)

    refused = restore(lab, taken)
    assert refused.code == 2, refused.text
    (problem,) = refused.json["problems"]
    assert "the accounting database" in problem
    assert "`--keep database`" in problem
    assert lab.tried(lab.controller, "ls /etc/munge").code != 0, "nothing was touched"

    said = restore(lab, taken, "--keep=database")
    assert said.code == 0, said.text
    lives(lab, job, slurmd)
    assert {*ended, later} <= completed(lab)
    ends(lab, job)


def test_a_reimaged_blade_of_the_database_has_its_history_again(
    lab: Lab, ended: set[str], job: str, taken: str
) -> None:
    slurmd = lab.inside(lab.compute[0], f"{MAIN_PID} slurmd")
    lab.lab("reimage", lab.spare)
    # slurmctld keeps for the database what happens while it is away.
    away = as_ada(lab, "--wrap=true")
    assert until(lambda: away not in lab.ask("squeue --noheader --format=%A").split(), 60)

    refused = restore(lab, taken)
    assert refused.code == 2, refused.text
    assert "slurmctld's state" in str(refused.json["problems"])
    checked = restore(lab, taken, "--keep=state,config", "--check")
    assert (checked.code, checked.json["parts"]["database"]) == (0, "is put in place"), checked.text
    assert lab.tried(lab.spare, "ls /var/lib/mysql").code != 0, "a check touches nothing"

    said = restore(lab, taken, "--keep=state,config")
    assert said.code == 0, said.text
    lives(lab, job, slurmd)
    assert until(lambda: {*ended, away} <= completed(lab), 60), completed(lab)
    ends(lab, job)


@pytest.mark.parametrize("point", ["", "mariadbd", "slurmdbd"])
def test_both_come_back_as_they_were(lab: Lab, ended: set[str], job: str, taken: str, point: str) -> None:
    slurmd = lab.inside(lab.compute[0], f"{MAIN_PID} slurmd")
    for name in (lab.controller, lab.spare):
        lab.lab("reimage", name)
    if point:
        with background(lab, "restore", taken) as run:
            run.reaches(lambda: bool(lab.inside(lab.spare, f"pgrep -x {point} || true")))
            run.stop(signal.SIGKILL)
    said = restore(lab, taken)
    assert said.code == 0, said.text
    lives(lab, job, slurmd)
    assert ended <= completed(lab)
    assert "restoring" not in lab.inside(lab.spare, "mariadb -BNe 'show databases'")
    for name in (lab.controller, lab.spare):
        assert "restore" not in lab.inside(name, "ls /var/lib/provision").split()
    ends(lab, job)
