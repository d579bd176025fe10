"""A controller is reimaged and comes back from a backup: jobs, history and users are there, nodes are not touched."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.accounting import are_written, completed, nodes
from tests.cluster.background import background
from tests.cluster.labs import Lab
from tests.cluster.size import BACKUP_SUBNET, LAB_NAME, RELEASES
from tests.cluster.test_backup import is_up
from tests.cluster.waiting import until

ACCOUNTS = """
accounts:
  physics: {}
users:
  ada: {uid: 2001, accounts: physics}
"""


@contextmanager
def with_users(release: str, folder: Path, accounting: bool | dict[str, str]) -> Iterator[Lab]:
    """A cluster with accounting as the plan may say it, users and tokens."""
    made = Lab(f"{LAB_NAME}-backup", BACKUP_SUBNET, 1, release, folder, accounting=accounting, more={"rest": True})
    try:
        made.up()
        made.accounts_file.write_text(ACCOUNTS)
        said = made.slurm(nodes(made))
        assert said.code == 0, said.text
        yield made
    finally:
        made.lab("down")


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster with accounting, users and tokens."""
    with with_users(request.param, tmp_path_factory.mktemp("plan"), accounting=True) as made:
        yield made


@pytest.fixture
def taken(lab: Lab, tmp_path: Path) -> Path:
    """A backup of now."""
    said = lab.provision("backup", f"--to={tmp_path}", "--plain", "--json")
    assert said.code == 0, said.text
    return Path(said.json["file"])


def as_ada(lab: Lab, words: str) -> str:
    command = f"cd /tmp && sbatch --parsable --output=/dev/null --time=60 {words}"
    return lab.ask(f'setpriv --reuid=2001 --regid=2001 --clear-groups sh -c "{command}"')


def running(lab: Lab) -> str:
    return lab.ask("squeue --noheader --format='%i %T %S %N' | sort")


def slurmd_pids(lab: Lab) -> list[str]:
    return [lab.inside(name, "systemctl show --property=MainPID --value slurmd") for name in nodes(lab)]


@pytest.fixture
def jobs(lab: Lab) -> Iterator[str]:
    """One that runs and one that waits."""
    job = as_ada(lab, "--wrap='sleep 1500'")
    held = as_ada(lab, "--hold --wrap=true")
    assert until(lambda: lab.ask(f"squeue -ho %T -j {job}") == "RUNNING", 60)
    yield job
    lab.ask(f"scancel {job} {held}; true")


def test_a_reimaged_controller_is_what_it_was(lab: Lab, jobs: str, tmp_path: Path) -> None:
    ended = {as_ada(lab, "--wrap=true") for _ in range(2)}
    assert are_written(lab, ended)
    key = lab.ask("sha256sum < /etc/slurm/jwt/hs256.key")
    said = lab.provision("backup", f"--to={tmp_path}", "--plain", "--json")
    assert said.code == 0, said.text
    file, before, daemons = said.json["file"], running(lab), slurmd_pids(lab)

    lab.lab("reimage", lab.controller)
    looked = lab.provision("restore", file, "--check", "--json")
    assert (looked.code, looked.json["problems"]) == (0, [])
    assert set(looked.json["parts"].values()) == {"is put in place"}
    assert lab.tried(lab.controller, "ls /etc/munge").code != 0, "a check touches nothing"

    said = lab.provision("restore", file, "--json")
    assert said.code == 0, said.text
    assert until(lambda: running(lab) == before, 60), running(lab)
    assert until(lambda: set(lab.states().values()) <= {"mixed", "idle"}, 60), lab.states()
    assert slurmd_pids(lab) == daemons, "the nodes were not touched"
    assert ended <= completed(lab)
    assert lab.ask("sacctmgr --noheader --parsable2 show user ada format=user") == "ada"
    assert lab.ask("sha256sum < /etc/slurm/jwt/hs256.key") == key
    # Jobs end as they would have, and new ones have new numbers.
    new = as_ada(lab, "--wrap=true")
    assert are_written(lab, {new})
    assert int(new) > int(jobs)
    again = lab.slurm(nodes(lab))
    assert (again.code, again.json["changed"]) == (0, 0), again.text


@pytest.mark.parametrize("point", ["mariadbd", "files", "slurmctld"])
def test_a_restore_that_is_killed_goes_on(lab: Lab, jobs: str, taken: Path, point: str) -> None:
    reached = {
        "mariadbd": "pgrep -x mariadbd || true",
        "files": "ls /etc/slurm/nodes.json 2> /dev/null || true",
        "slurmctld": "pgrep -x slurmctld || true",
    }
    before = running(lab)
    lab.lab("reimage", lab.controller)
    with background(lab, "restore", str(taken)) as run:
        run.reaches(lambda: bool(lab.ask(reached[point])))
        run.stop(signal.SIGKILL)
        said = lab.provision("restore", str(taken), "--json")
    assert said.code == 0, said.text
    assert until(lambda: running(lab) == before, 60), running(lab)
    assert lab.ask("ls /var/lib/provision") == "applied"
    assert "restoring" not in lab.ask("mariadb -BNe 'show databases'; ls /var/lib/slurm")


def test_what_lives_is_set_aside_and_nothing_is_lost(lab: Lab, taken: Path) -> None:
    refused = lab.provision("restore", str(taken), "--json")
    assert refused.code == 2, refused.text
    assert is_up(lab)
    later = as_ada(lab, "--wrap=true")
    assert are_written(lab, {later})
    said = lab.provision("restore", str(taken), "--overwrite=state,database,config", "--json")
    assert said.code == 0, said.text
    assert later not in completed(lab)
    aside = lab.ask("mariadb -BNe 'show databases' | grep set_aside")
    table = f"{lab.name}_job_table".replace("-", "_")
    tables = lab.ask(f"mariadb -BNe 'show tables from {aside}'")
    assert [name for name in tables.split() if name.replace("-", "_") == table], tables
    assert lab.ask("ls -d /var/lib/slurm/slurmctld.set-aside-*")


def test_ids_that_do_not_fit_are_explained_before_anything_is_touched(lab: Lab, taken: Path) -> None:
    """Debian 12 has no ids."""
    kept = lab.ask("cat /var/lib/slurm/slurmctld/clustername")
    if lab.release == "bookworm":
        assert "|" not in kept
        return
    other = "mariadb -e 'update slurm_acct_db.cluster_table set id = 4095 - id'"
    lab.ask("systemctl stop slurmctld slurmdbd")
    try:
        lab.ask(other)
        words = ("--overwrite=state,config", "--keep=database", "--check", "--json")
        old_state = lab.provision("restore", str(taken), *words)
        lab.ask(f"{other}; printf '{lab.name}|4095' > /var/lib/slurm/slurmctld/clustername")
        words = ("--overwrite=database", "--keep=state,config", "--check", "--json")
        old_database = lab.provision("restore", str(taken), *words)
    finally:
        lab.ask(f"printf '{kept}' > /var/lib/slurm/slurmctld/clustername; systemctl start slurmdbd slurmctld")
    for said, option in ((old_state, "database"), (old_database, "state")):
        assert said.code == 2, said.text
        assert "CLUSTER ID MISMATCH" in str(said.json["problems"])
        assert f"`--overwrite {option}`" in str(said.json["problems"])
    assert until(lambda: is_up(lab), 60)
