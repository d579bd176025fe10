"""SSH to a compute node only with a job there; a change that locks everybody out is taken back, whatever happens."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.background import running
from tests.cluster.labs import Lab, Said
from tests.cluster.logins import PAM, PENDING, Person, move_in, plan_says
from tests.cluster.waiting import until

HELD = "squeue --noheader --name=held --states=RUNNING --format=%A"


@pytest.fixture(scope="module")
def before(cluster: Lab) -> dict[str, str]:
    return {blade: cluster.inside(blade, f"cat {PAM}") for blade in cluster.compute}


@pytest.fixture(scope="module")
def limited(cluster: Lab, before: dict[str, str]) -> Iterator[Said]:
    """The run that lets only users with jobs in; it is taken back at the end, to the last letter."""
    with plan_says(cluster, compute_ssh="jobs"):
        said = cluster.slurm(cluster.compute)
        assert said.code == 0, said.text
        yield said
    assert cluster.slurm(cluster.compute).code == 0
    assert {blade: cluster.inside(blade, f"cat {PAM}") for blade in cluster.compute} == before
    for blade in cluster.compute:
        assert cluster.inside(blade, "ls /etc/ssh/sshd_config.d/provision-* 2> /dev/null; true") == ""


@pytest.fixture(scope="module")
def ada(cluster: Lab, tmp_path_factory: pytest.TempPathFactory) -> Person:
    return move_in(cluster, tmp_path_factory.mktemp("ada"), [cluster.controller, *cluster.compute])


@pytest.fixture
def held(cluster: Lab, ada: Person, limited: Said) -> Iterator[tuple[str, str]]:
    """A job of hers on a node: its number, and the blade."""
    blade = cluster.compute[0]
    words = f"--nodelist={blade.lower()} --mem=64 --job-name=held --output=/dev/null --chdir=/"
    cluster.ask(f"runuser -u {ada.name} -- sbatch {words} --wrap 'touch /tmp/of-the-job; sleep 600'")
    job = until(lambda: cluster.ask(HELD), 30)
    assert job
    yield job, blade
    cluster.ask("scancel --name=held")
    assert until(lambda: cluster.state(blade, "idle", 0) == "idle", 60)


def on_trial(cluster: Lab, blade: str) -> bool:
    return cluster.tried(blade, f"test -e {PENDING}").code == 0


def is_limited(cluster: Lab, blade: str) -> bool:
    return "pam_slurm_adopt" in cluster.inside(blade, f"cat {PAM}")


def test_nothing_is_left_to_do(cluster: Lab, limited: Said) -> None:
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text
    assert not [blade for blade in said.json["blades"].values() if blade["changed"]], said.text
    for blade in cluster.compute:
        assert cluster.tried(blade, "ls /var/lib/provision/trial/* /etc/systemd/system/provision-trial-*").out == ""


def test_who_has_no_job_there_stays_outside(cluster: Lab, limited: Said, ada: Person) -> None:
    for blade in cluster.compute:
        said = ada.ssh(blade, "true")
        assert said.code == 255
    assert ada.ssh(cluster.controller, "true").code == 0


def test_admins_and_runs_get_in_also_while_slurm_is_broken(
    cluster: Lab, limited: Said, tmp_path: Path, ada: Person
) -> None:
    blade = cluster.compute[1]
    people = []
    for name, more in (("root", ""), ("ops", "--groups=sudo")):
        (tmp_path / name).mkdir()
        people.append(move_in(cluster, tmp_path / name, [blade], name, more))
    cluster.inside(blade, "systemctl stop slurmd munge")
    try:
        assert [each.ssh(blade, "true").code for each in people] == [0, 0]
        assert cluster.provision("lab", "ssh", blade, "sudo", "true").code == 0
        assert ada.ssh(blade, "true").code == 255
    finally:
        assert cluster.slurm([blade]).code == 0


def test_a_session_is_part_of_the_job(cluster: Lab, ada: Person, held: tuple[str, str]) -> None:
    job, blade = held
    said = ada.ssh(blade, "cat /proc/self/cgroup; echo id $SLURM_JOB_ID; ls /tmp/of-the-job; nproc")
    assert said.code == 0, said.text
    assert f"/job_{job}/step_extern" in said.out
    assert f"id {job}" in said.out
    assert "/tmp/of-the-job" in said.out
    assert said.out.split()[-1] == "1"
    assert ada.ssh(cluster.compute[1], "true").code == 255


def test_a_session_ends_with_its_job(cluster: Lab, ada: Person, held: tuple[str, str]) -> None:
    job, blade = held
    with ada.session(blade, "echo in; sleep 600") as session:
        assert session.stdout is not None
        assert session.stdout.readline() == "in\n"
        cluster.ask(f"scancel {job}")
        assert until(lambda: session.poll() is not None, 60)
        assert cluster.tried(blade, f"pgrep -u {ada.name}").out == ""
        # The job's last step ends a moment after what runs in it.
        assert until(lambda: ada.ssh(blade, "true").code == 255, 30)


def test_systemd_takes_no_session_out_of_its_job(cluster: Lab, ada: Person, held: tuple[str, str]) -> None:
    """A usual Debian has pam_systemd; its session scope would end the limits of the job."""
    _, blade = held
    cluster.inside(blade, "apt-get -qq install --no-install-recommends libpam-systemd >/dev/null 2>&1")
    assert "pam_systemd.so" in cluster.inside(blade, "cat /etc/pam.d/common-session")
    try:
        said = cluster.slurm([blade])
        assert said.code == 0, said.text
        assert said.json["blades"][blade]["changed"] == [f"file {PAM}: content"]
        inside = ada.ssh(blade, "cat /proc/self/cgroup; echo session $XDG_SESSION_ID .")
        assert "session-" not in inside.out
        assert "user.slice" not in inside.out
        assert "session ." in inside.out, inside.text
    finally:
        cluster.inside(blade, "apt-get -qq purge libpam-systemd >/dev/null 2>&1")
        assert cluster.slurm([blade]).code == 0


def test_what_locks_runs_out_is_taken_back_on_the_first_node(cluster: Lab, limited: Said) -> None:
    """They log in as somebody who is no admin here."""
    with plan_says(cluster, compute_ssh="anybody"):
        assert cluster.slurm(cluster.compute).code == 0
    first, *others = cluster.compute
    old = {blade: cluster.inside(blade, f"cat {PAM}") for blade in cluster.compute}
    with cluster.variables_of_the_site(adopt_users=["nobody"], adopt_admins=[]):
        said = cluster.slurm(cluster.compute)
    assert said.code == 3, said.text
    assert "taken back" in said.failure(first)
    assert "no second session could be opened" in said.failure(first)
    for blade in cluster.compute:
        assert cluster.inside(blade, f"cat {PAM}") == old[blade]
        assert not on_trial(cluster, blade)
    for blade in others:
        assert first in str(said.json["blades"][blade]), said.text
    assert cluster.slurm(cluster.compute).code == 0
    assert all(is_limited(cluster, blade) for blade in cluster.compute)


def test_what_locks_root_out_is_taken_back_though_runs_get_in(cluster: Lab, limited: Said) -> None:
    """A line of an admin that nobody has seen in force since, or ours: what counts is whom PAM lets in with both."""
    blade = cluster.compute[0]
    with plan_says(cluster, compute_ssh="anybody"):
        assert cluster.slurm([blade]).code == 0
    ours = cluster.inside(blade, f"cat {PAM}")
    cluster.inside(blade, f"sed -i '1i account required pam_succeed_if.so quiet user != root' {PAM}")
    theirs = cluster.inside(blade, f"cat {PAM}")
    try:
        said = cluster.slurm([blade])
        assert said.code == 3, said.text
        assert "root would not get in any more" in said.failure(blade), said.text
        assert cluster.inside(blade, f"cat {PAM}") == theirs
        assert not on_trial(cluster, blade)
    finally:
        cluster.inside(blade, f"cat > {PAM} <<'END'\n{ours}\nEND")
    assert cluster.slurm(cluster.compute).code == 0
    assert is_limited(cluster, blade)


def test_a_first_node_that_is_lost_takes_no_other_with_it(cluster: Lab, limited: Said) -> None:
    """Its sshd ends in the midst of the change: the run says so, and verifies the others."""
    first, *others = cluster.compute
    with plan_says(cluster, compute_ssh="anybody"):
        assert cluster.slurm(cluster.compute).code == 0
    ends = f"until [ -e {Path(PENDING).parent} ]; do sleep 0.01; done; systemctl stop ssh; pkill -KILL sshd"
    command = ["podman", "exec", cluster.container(first), "sh", "-c", ends]
    with cluster.variables_of_the_site(provision_trial_patience=5), subprocess.Popen(command) as watch:
        try:
            said = cluster.slurm(cluster.compute)
        finally:
            watch.kill()
            cluster.inside(first, "systemctl start ssh")
    assert said.code == 3, said.text
    assert said.json["blades"][first]["status"] in ("failed", "unreachable"), said.text
    assert said.json["phases"]["Verify"] > 0, said.text
    assert said.json["verified"], said.text
    assert until(lambda: not on_trial(cluster, first), 60)
    for blade in cluster.compute:
        assert not is_limited(cluster, blade)
    for blade in others:
        assert f"{first}, took it back or does not answer" in said.failure(blade)
    assert cluster.slurm(cluster.compute).code == 0
    assert all(is_limited(cluster, blade) for blade in cluster.compute)


def test_one_user_without_a_job_shuts_nobody_else_out(cluster: Lab, limited: Said, ada: Person) -> None:
    """sshd of Debian 13 answers an address no more where it has refused several; others have the same."""
    blade = cluster.compute[1]
    assert {ada.ssh(blade, "true").code for _ in range(8)} == {255}
    assert cluster.provision("lab", "ssh", blade, "sudo", "true").code == 0


def test_a_setting_of_sshd_that_would_undo_it_is_told(cluster: Lab, limited: Said, ada: Person) -> None:
    blade = cluster.compute[0]
    drop_in = "/etc/ssh/sshd_config.d/00-test.conf"
    cluster.inside(blade, f"echo KbdInteractiveAuthentication yes > {drop_in}; chmod 666 {PAM}")
    try:
        said = cluster.slurm([blade])
        assert said.code == 3, said.text
        assert "KbdInteractiveAuthentication is on" in said.failure(blade)
    finally:
        cluster.inside(blade, f"rm {drop_in}")
    assert cluster.slurm([blade]).code == 0
    assert cluster.inside(blade, f"stat --format=%a {PAM}") == "644"


@pytest.mark.parametrize("end", ["in time", "at boot"])
def test_a_run_that_is_killed_before_the_confirmation_takes_it_back(cluster: Lab, limited: Said, end: str) -> None:
    """Its second session hangs; then it is gone, with its machine. Nobody but the node is left to do it."""
    blade = cluster.compute[0]
    with plan_says(cluster, compute_ssh="anybody"):
        assert cluster.slurm([blade]).code == 0
    old = cluster.inside(blade, f"cat {PAM}")
    hang = f"until [ -e {PENDING} ]; do sleep 0.02; done; kill -STOP $(cat /run/sshd.pid)"
    patience = {"in time": 20, "at boot": 1000}[end]
    container = cluster.container(blade)
    with (
        cluster.variables_of_the_site(provision_trial_patience=patience),
        subprocess.Popen(["podman", "exec", container, "sh", "-c", hang]) as watch,
    ):
        try:
            with running(cluster, cluster.command("slurm", f"--nodes={blade}")) as run:
                run.reaches(lambda: watch.poll() is not None and is_limited(cluster, blade))
                run.stop(signal.SIGKILL)
                # Its guard ends the rest, which would hold the lock.
                assert until(lambda: run.strays() == [], 30)
            assert on_trial(cluster, blade)
            assert is_limited(cluster, blade)
            if end == "at boot":
                cluster.lab("reboot", blade)
            assert until(lambda: not on_trial(cluster, blade), 60)
        finally:
            watch.kill()
            cluster.tried(blade, "kill -CONT $(cat /run/sshd.pid)")
    assert cluster.inside(blade, f"cat {PAM}") == old
    assert cluster.slurm(cluster.compute).code == 0
    assert is_limited(cluster, blade)
    assert not on_trial(cluster, blade)
