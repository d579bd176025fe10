"""Folders of jobs: /tmp, /var/tmp and /dev/shm on scratch that only the job sees and that go with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.cluster.job_tmp import (
    HOME,
    REASON,
    TEND,
    UNMOUNT,
    ended,
    folders,
    left_of_jobs,
    node,
    put_on,
    said_by,
    state,
    submit,
    tmp_of_a_job,
    without_folders,
)
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

SEEN = "df --output=size,target /tmp /var/tmp /dev/shm; ls -A /tmp /var/tmp /dev/shm"
MINE = "touch /tmp/mine-$SLURM_JOB_ID /var/tmp/mine-$SLURM_JOB_ID /dev/shm/mine-$SLURM_JOB_ID"


def changed(said: Said) -> dict[str, list[str]]:
    """What changed, or would, by blade."""
    assert said.code == 0, said.text
    return {name: sorted(blade["changed"]) for name, blade in said.json["blades"].items() if blade["changed"]}


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A member with scratch, free again and with scratch afterwards."""
    name = cluster.compute[0]
    yield name
    cluster.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    cluster.inside(name, "mountpoint --quiet /scratch || mount /scratch")
    cluster.inside(name, TEND)
    cluster.ask(f"scontrol update nodename={name.lower()} state=resume 2> /dev/null; true")


def test_each_job_has_folders_of_its_own_on_scratch(cluster: Lab, blade: str) -> None:
    first = submit(cluster, blade, f"{MINE}; sleep 600")
    try:
        assert until(lambda: f"mine-{first}" in cluster.inside(blade, f"find {HOME}"), 30)
        said = said_by(cluster, blade, f"{MINE}; {SEEN}; srun ls -A /tmp")
        inside = cluster.inside(blade, "ls -A /tmp /var/tmp /dev/shm")
    finally:
        cluster.ask(f"scancel {first}")
    size = cluster.inside(blade, "df --output=size /scratch | tail -1").strip()
    assert sorted(line.split()[1] for line in said.splitlines() if line.split()[:1] == [size]) == ["/tmp", "/var/tmp"]
    assert f"mine-{first}" not in said
    # In each of the three, and in a step of its own.
    assert said.count("mine-") == 4
    assert "mine-" not in inside
    assert left_of_jobs(cluster, blade) == ""


def test_a_node_without_scratch_shares_its_own_unless_the_plan_says_root(cluster: Lab) -> None:
    blade = cluster.compute[2]
    assert tmp_of_a_job(cluster, blade) == "shared"
    with put_on(cluster, blade, "root"):
        shown = changed(cluster.slurm([blade], "--check"))
        done = changed(cluster.slurm([blade]))
        assert tmp_of_a_job(cluster, blade) == "own"
        assert changed(cluster.slurm([blade])) == {}
    assert done == shown
    assert cluster.slurm([blade]).code == 0
    assert tmp_of_a_job(cluster, blade) == "shared"


def test_what_jobs_ask_of_tmp_is_what_scratch_has(cluster: Lab, blade: str) -> None:
    total = int(cluster.ask(f"sinfo --noheader --nodes={blade.lower()} --format=%d | head -1"))
    there = int(cluster.inside(blade, "df --block-size=1M --output=size /scratch | tail -1"))
    assert 0.97 * there < total < there
    wanted = f"sbatch --chdir=/ --output=/dev/null --nodelist={blade.lower()} --wrap=true --tmp="
    assert "can not be satisfied" in cluster.ask(f"{wanted}{total + 1024}M 2>&1; true")
    fits = cluster.ask(f"{wanted}{total - 1024}M --parsable")
    assert ended(cluster, fits) == "COMPLETED"


@pytest.mark.parametrize("how", ["scancel", "slurmd", "slurmstepd", "power"])
def test_they_go_however_the_job_ends(cluster: Lab, blade: str, how: str) -> None:
    job = submit(cluster, blade, f"{MINE}; sleep 600", "--no-requeue")
    assert until(lambda: f"mine-{job}" in cluster.inside(blade, f"find {HOME}"), 30)
    if how == "scancel":
        cluster.ask(f"scancel --signal=KILL --full {job}")
    elif how == "slurmd":
        cluster.inside(blade, "systemctl kill --signal=KILL --kill-whom=main slurmd")
        assert until(lambda: cluster.inside(blade, "systemctl is-active slurmd; true") == "active", 30)
        cluster.inside(blade, f"JOB_TMP_PATIENCE=0 {TEND}")
        assert f"mine-{job}" in cluster.inside(blade, f"find {HOME}")
        cluster.ask(f"scancel {job}")
    elif how == "slurmstepd":
        cluster.inside(blade, "pkill --uid 0 --exact --signal KILL slurmstepd")
        cluster.inside(blade, f"JOB_TMP_PATIENCE=0 {TEND}")
        # Nobody watches it any more, and yet it is somebody's job.
        assert f"mine-{job}" in cluster.inside(blade, f"find {HOME}")
        cluster.inside(blade, "pkill --exact --signal KILL sleep")
        cluster.ask(f"scancel {job}")
        cluster.inside(blade, f"JOB_TMP_PATIENCE=0 {TEND}")
    else:
        cluster.lab("off", blade)
        cluster.lab("on", blade)
        cluster.ask(f"scancel {job}")
        cluster.inside(blade, f"JOB_TMP_PATIENCE=0 {TEND}")
    assert left_of_jobs(cluster, blade) == ""
    assert cluster.state(blade, "idle", 60) == "idle"


def test_without_scratch_no_job_starts_and_the_system_disk_stays_as_it_is(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, UNMOUNT)
    before = cluster.inside(blade, "ls -lA --time-style=full-iso /scratch")
    # Whether or not somebody looked: the job itself is refused, and waits for another node.
    job = submit(cluster, blade, MINE)
    assert until(lambda: REASON in node(cluster, blade), 60), node(cluster, blade)
    assert until(lambda: state(cluster, job) == "PENDING", 30)
    assert cluster.inside(blade, "ls -lA --time-style=full-iso /scratch") == before
    assert "its scratch is not mounted" in cluster.provision("verify", f"--nodes={blade}", "--json").failure(blade)

    cluster.inside(blade, "mount /scratch")
    assert cluster.state(blade, "idle", 90) == "idle"
    # Slurm 24.11 without accounting would take the words for a later drain of its own.
    assert until(lambda: REASON not in node(cluster, blade), 30), node(cluster, blade)
    cluster.ask(f"scancel {job}")
    assert tmp_of_a_job(cluster, blade) == "own"


def test_the_timer_drains_a_node_that_nobody_sends_jobs_to(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, UNMOUNT)
    assert until(lambda: REASON in node(cluster, blade), 90), node(cluster, blade)
    said = cluster.slurm([blade])
    assert said.code == 0, said.text
    assert cluster.state(blade, "idle") == "idle"


def test_a_drain_of_an_admin_stays(cluster: Lab, blade: str) -> None:
    cluster.ask(f"scontrol update nodename={blade.lower()} state=drain reason='fans, says the admin'")
    cluster.inside(blade, f"{UNMOUNT}; {TEND}; mount /scratch; {TEND}")
    assert "Reason=fans, says the admin" in node(cluster, blade)
    assert "DRAIN" in node(cluster, blade)


def test_a_node_that_boots_without_scratch_comes_back_with_it(cluster: Lab, blade: str) -> None:
    # It had none before: without accounting Slurm 24.11 gives its own drain the reason of then.
    cluster.inside(blade, f"{UNMOUNT}; {TEND}; mount /scratch; {TEND}")
    fstab = cluster.inside(blade, "cat /etc/fstab")
    cluster.inside(blade, "sed --in-place '\\: /scratch :d' /etc/fstab")
    cluster.lab("off", blade)
    cluster.lab("on", blade)
    assert until(lambda: REASON in node(cluster, blade), 120), node(cluster, blade)
    cluster.inside(blade, f"cat > /etc/fstab << 'EOF'\n{fstab}\nEOF\nsystemctl daemon-reload; mount /scratch")
    assert cluster.state(blade, "idle", 120) == "idle"
    assert tmp_of_a_job(cluster, blade) == "own"


def test_what_a_dead_job_left_leads_nowhere(cluster: Lab, blade: str) -> None:
    """A link, a mount and a name that is none: the sweeper stays within its own folder and filesystem."""
    left = f"{HOME}/{blade.lower()}/4000000"
    cluster.inside(
        blade,
        f"mkdir -p /root/victim {left}/.4000000/_tmp/mounted; touch /root/victim/file; cd {left}/.4000000/_tmp;"
        "ln -s /root/victim link; ln -s / root; mount --bind /root/victim mounted;"
        f"ln -s /root/victim {HOME}/{blade.lower()}/4000001; chown -R --no-dereference nobody link root",
    )
    cluster.inside(blade, f"JOB_TMP_PATIENCE=0 {TEND}")
    assert cluster.inside(blade, "ls /root/victim") == "file"
    cluster.inside(blade, f"umount {left}/.4000000/_tmp/mounted; JOB_TMP_PATIENCE=0 {TEND}; ls /root/victim/file")
    assert folders(cluster, blade) == ""


def test_what_a_user_put_in_its_place_goes_aside(cluster: Lab, blade: str) -> None:
    """Scratch belongs to all: there may be something of this name before the first job has folders."""
    cluster.inside(blade, f"rm -rf {HOME}; runuser -u nobody -- ln -s /root {HOME}")
    cluster.inside(blade, TEND)
    assert cluster.state(blade, "idle") == "idle"
    assert tmp_of_a_job(cluster, blade) == "own"
    assert cluster.inside(blade, f"stat --format='%F %U %a' {HOME}; ls -A /root/{blade.lower()} 2>&1; true").startswith(
        "directory root 700\nls: cannot access"
    )
    assert cluster.inside(blade, f"readlink {HOME}.*; rm {HOME}.*") == "/root"


def test_a_living_cluster_goes_over_below_its_jobs(cluster: Lab, blade: str) -> None:
    """A job that runs meanwhile goes on with the folders that it had, in steps to come, too."""
    with without_folders(cluster) as notes:
        assert "jobs share /tmp, since slurmctld_config sets Prolog" in notes
        assert tmp_of_a_job(cluster, blade) == "shared"
        # A step that asks for its start while slurmctld is restarted waits for minutes on 22.05, with folders or not.
        steps = "until [ -e /tmp/go ]; do sleep 0.2; done; srun ls /tmp/of-the-job; srun ls /tmp/of-the-job"
        job = submit(cluster, blade, f"touch /tmp/of-the-job; {steps}", output="/tmp/%j.out")
        assert until(lambda: state(cluster, job) == "RUNNING", 30)
    # slurmd takes the configuration, and only then the node looks which jobs have none.
    assert until(lambda: job in cluster.inside(blade, f"ls {HOME}/{blade.lower()}"), 30)
    cluster.inside(blade, "touch /tmp/go")
    assert ended(cluster, job) == "COMPLETED"
    assert cluster.inside(blade, f"cat /tmp/{job}.out") == "/tmp/of-the-job\n/tmp/of-the-job"
    assert "Restarts=0" in cluster.ask(f"scontrol show job {job}")
    cluster.inside(blade, f"rm /tmp/go /tmp/of-the-job /tmp/{job}.out; JOB_TMP_PATIENCE=0 {TEND}")
    assert tmp_of_a_job(cluster, blade) == "own"
    assert left_of_jobs(cluster, blade) == ""


def test_a_second_run_changes_nothing(cluster: Lab) -> None:
    assert changed(cluster.slurm(cluster.compute)) == {}
    assert yaml.safe_load(cluster.plan.read_text())["tiers"]["medium"].get("job_tmp") is None
