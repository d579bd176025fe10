"""An ill node takes no jobs, its own jobs go on, and nobody else's drain is touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.job_tmp import REASON as JOB_TMP
from tests.cluster.job_tmp import TEND, UNMOUNT, node, put_on, state, submit
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

CHECK = "/usr/local/sbin/slurm-health"
OURS = "Reason=provision: health: "
# An illness that is made and mended at once.
ILL = "echo 'tmpfs /var/tmp tmpfs rw 0 0' >> /etc/fstab; mount -t tmpfs -o ro tmpfs /var/tmp"
MENDED = r"sed -i '\,^tmpfs /var/tmp ,d' /etc/fstab; umount /var/tmp"
WORDS = f"{OURS}/var/tmp is read-only"
# A file of the kernel that says something else, and as it was.
SAYS = "sed '{change}' {file} > /run/ill && mount --bind /run/ill {file}"
UNSAID = "umount {file}; rm -f /run/ill"
CPUS, MEMORY = "/sys/devices/system/cpu/online", "/proc/meminfo"
CHRONYC = "dpkg-divert --quiet --rename /usr/bin/chronyc && printf '#!/bin/sh\\necho {0}\\n' > /usr/bin/chronyc && "
FAR_OFF = "C0000201,192.0.2.1,3,0,90.5,0,0,0,0,0,0,0,0,Normal"
OTHERS = {
    "a full log folder": (
        "mount -t tmpfs -o size=64m tmpfs /var/log/slurm; head -c 64m /dev/zero > /var/log/slurm/full || true",
        "umount /var/log/slurm",
        "/var/log/slurm is full, 0 MiB are free",
    ),
    "a CPU gone": (SAYS.format(change="s/.*/0/", file=CPUS), UNSAID.format(file=CPUS), "1 of "),
    "memory gone": (
        SAYS.format(change="s/^MemTotal: .*/MemTotal: 1048576 kB/", file=MEMORY),
        UNSAID.format(file=MEMORY),
        "1024 of",
    ),
    "broken memory": (
        SAYS.format(change="/^HardwareCorrupted:/d; $aHardwareCorrupted: 4 kB", file=MEMORY),
        UNSAID.format(file=MEMORY),
        "4 KiB of memory are broken",
    ),
    "the clock": (
        CHRONYC.format(FAR_OFF) + "chmod +x /usr/bin/chronyc",
        "rm /usr/bin/chronyc; dpkg-divert --quiet --rename --remove /usr/bin/chronyc",
        "its clock is 90 s off",
    ),
}


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A member with scratch, well and free again afterwards."""
    name = cluster.compute[0]
    yield name
    cluster.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    cluster.inside(name, "fsfreeze --unfreeze /scratch 2> /dev/null; mountpoint --quiet /scratch || mount /scratch")
    cluster.inside(name, f"mount -o remount,rw /scratch; {MENDED} 2> /dev/null; {TEND}; {CHECK}")
    cluster.ask(f"scontrol update nodename={name.lower()} state=resume 2> /dev/null; true")


def test_slurm_checks_the_nodes_and_its_jobs_go_on(cluster: Lab, blade: str) -> None:
    """Each five minutes; here the site wants it sooner."""
    with cluster.variables_of_the_site(slurmctld_config={"HealthCheckInterval": 5}):
        assert cluster.slurm(cluster.compute).code == 0
        job = submit(cluster, blade, "sleep 600")
        assert until(lambda: state(cluster, job) == "RUNNING", 30)
        cluster.inside(blade, ILL)
        assert until(lambda: WORDS in node(cluster, blade), 60), node(cluster, blade)
        verified = cluster.provision("verify", f"--nodes={blade}", "--json")
        assert verified.code == 1, verified.text
        assert "its health check lets it take no jobs: /var/tmp is read-only" in verified.failure(blade)
        assert state(cluster, job) == "RUNNING"
        cluster.inside(blade, MENDED)
        assert until(lambda: "DRAIN" not in node(cluster, blade), 60), node(cluster, blade)
        assert state(cluster, job) == "RUNNING"
        cluster.ask(f"scancel {job}")
    assert cluster.slurm(cluster.compute).code == 0
    assert "HealthCheckInterval     = 300 sec" in cluster.ask("scontrol show config")
    assert cluster.slurm(cluster.compute).json["changed"] == 0


def test_a_node_that_is_ill_when_slurmd_starts_gets_no_job_first(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, f"{ILL}; systemctl restart slurmd")
    assert until(lambda: WORDS in node(cluster, blade), 30), node(cluster, blade)
    cluster.inside(blade, f"{MENDED}; {CHECK}")
    assert cluster.state(blade, "idle") == "idle"


@pytest.mark.parametrize(("ill", "mended", "words"), OTHERS.values(), ids=OTHERS)
def test_each_illness_drains_the_node_until_it_is_gone(
    cluster: Lab, blade: str, ill: str, mended: str, words: str
) -> None:
    """The kernel's files are stand-ins: nothing really breaks here, and what Slurm then does is real."""
    cluster.inside(blade, CHECK)
    cluster.inside(blade, ill)
    try:
        cluster.inside(blade, CHECK)
        assert f"{OURS}{words}" in node(cluster, blade), cluster.tried(blade, f"{CHECK} --look").text
    finally:
        cluster.inside(blade, mended)
    assert "nothing speaks against" in cluster.inside(blade, CHECK)
    assert cluster.state(blade, "idle") == "idle"


@pytest.mark.parametrize("before", ["drain", "down"])
def test_what_an_admin_did_stays(cluster: Lab, blade: str, before: str) -> None:
    """A node that is down comes back when it registers, whoever set it so: that is Slurm's (ReturnToService=2)."""
    cluster.ask(f"scontrol update nodename={blade.lower()} state={before} reason='fan, says the admin'")
    for script in (ILL, MENDED):
        cluster.inside(blade, f"{script}; {CHECK}")
        assert "Reason=fan, says the admin" in node(cluster, blade)
        assert before == "down" or cluster.states()[blade] == "drained"


def test_an_admin_has_the_last_word_over_a_drain_of_ours(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, f"{ILL}; {CHECK}")
    cluster.ask(f"scontrol update nodename={blade.lower()} state=drain reason='mine, says the admin'")
    cluster.inside(blade, f"{MENDED}; {CHECK}")
    assert "Reason=mine, says the admin" in node(cluster, blade)


def test_scratch_with_folders_of_jobs_is_looked_after_by_them_alone(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, f"{UNMOUNT}; {CHECK}")
    assert OURS not in node(cluster, blade)
    cluster.inside(blade, f"{TEND}; {ILL}; {CHECK}")
    assert JOB_TMP in node(cluster, blade)
    # One cause is gone, the other stays.
    cluster.inside(blade, f"mount /scratch; {TEND}; {CHECK}")
    assert WORDS in node(cluster, blade)
    cluster.inside(blade, f"{TEND}; {CHECK}")
    assert WORDS in node(cluster, blade)
    cluster.inside(blade, f"{MENDED}; {CHECK}")
    assert cluster.state(blade, "idle") == "idle"


def test_scratch_without_them_is_looked_after_here(cluster: Lab, blade: str) -> None:
    with put_on(cluster, blade, "shared"):
        assert cluster.slurm([blade]).code == 0
        for ill, mended, words in (
            (UNMOUNT, "mount /scratch", "scratch is not mounted at /scratch"),
            ("mount -o remount,ro /scratch", "mount -o remount,rw /scratch", "/scratch is read-only"),
            # As a disk that answers no more: the kernel lets nobody go who asks it. Once it may have much to do.
            (
                f"fsfreeze --freeze /scratch; {CHECK}",
                "fsfreeze --unfreeze /scratch",
                "looking at /scratch does not end",
            ),
        ):
            cluster.inside(blade, f"{ill}; {CHECK}")
            assert f"{OURS}{words}" in node(cluster, blade)
            assert words in cluster.inside(blade, CHECK)
            cluster.inside(blade, mended)
            assert until(lambda: "nothing speaks against" in cluster.inside(blade, CHECK), 30)
            assert cluster.state(blade, "idle") == "idle"
        assert cluster.inside(blade, "ls -A /scratch") in ("", ".job-tmp")
        assert cluster.slurm([blade]).json["changed"] == 0
    assert cluster.slurm([blade]).code == 0


def test_a_run_that_mends_a_node_takes_its_drain_back(cluster: Lab, blade: str) -> None:
    with put_on(cluster, blade, "shared"):
        assert cluster.slurm([blade]).code == 0
        cluster.inside(blade, f"{UNMOUNT}; {CHECK}")
        assert OURS in node(cluster, blade)
        said = cluster.slurm([blade])
        assert said.code == 0, said.text
        assert cluster.state(blade, "idle") == "idle"
    assert cluster.slurm([blade]).code == 0


def test_without_munge_slurmds_log_says_why(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, "systemctl stop munge")
    said = cluster.tried(blade, CHECK)
    assert (said.code, said.out) == (1, "munge does not answer\nslurmctld does not answer\n")
    cluster.inside(blade, "systemctl start munge")
    assert cluster.tried(blade, CHECK).code == 0


def test_the_plan_can_leave_it_out(cluster: Lab) -> None:
    plan = cluster.plan.read_text()
    try:
        cluster.plan.write_text(f"{plan}health: false\n")
        said = cluster.slurm(cluster.compute)
        assert said.code == 0, said.text
        assert "HealthCheckProgram      = (null)" in cluster.ask("scontrol show config")
        assert cluster.slurm(cluster.compute).json["changed"] == 0
    finally:
        cluster.plan.write_text(plan)
    assert cluster.slurm(cluster.compute).code == 0
    assert f"HealthCheckProgram      = {CHECK}" in cluster.ask("scontrol show config")
