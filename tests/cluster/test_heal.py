"""What Slurm did to a node because of a cause that is gone, a run takes back; what a person did, it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from tests.cluster.as_found import forget_reasons
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

# slurmd starts without scratch, and scratch comes later: what a run that was killed in between leaves behind. What
# drains such a node with words of ours, and takes that back, is asleep.
WITHOUT_SCRATCH = (
    "systemctl stop slurm-job-tmp.timer slurm-job-tmp.path slurmd; umount --lazy /scratch; systemctl start slurmd"
)
TAKEN_BACK = "Slurm's own drain ({}) was taken back"


def node(lab: Lab, blade: str) -> str:
    """The node as slurmctld has it."""
    return lab.ask(f"scontrol --oneliner show node {blade.lower()}")


def becomes(lab: Lab, blade: str, words: str) -> None:
    """Waits until slurmctld says so of the node."""
    assert until(lambda: words in node(lab, blade), 60), node(lab, blade)


def notes(said: Said, blade: str) -> str:
    """All notes of a blade."""
    return "\n".join(said.json["blades"][blade]["notes"])


def held_scratch(lab: Lab, blade: str) -> int:
    """MiB of scratch that slurmd holds."""
    found = re.search(r"temp disk space += (\d+)", lab.inside(blade, "scontrol show slurmd"))
    assert found is not None
    return int(found[1])


def scratch(lab: Lab, blade: str) -> int:
    """MiB of scratch that there are, rounded down as slurmd does."""
    blocks, size = lab.inside(blade, "stat --file-system --format='%b %S' /scratch").split()
    return int(blocks) * int(size) // 2**20


@pytest.fixture
def member(cluster: Lab) -> Iterator[str]:
    """A member with scratch, free again afterwards."""
    blade = cluster.compute[0]
    forget_reasons(cluster)
    yield blade
    cluster.ask(f"scontrol update nodename={blade.lower()} state=resume 2>/dev/null; true")
    assert cluster.state(blade, "idle", 60) == "idle"


def test_a_slurmd_that_started_without_scratch_is_restarted_and_jobs_survive(cluster: Lab, member: str) -> None:
    name = member.lower()
    job = cluster.ask(f"sbatch --parsable --chdir=/ --output=/dev/null --nodelist={name} --wrap='sleep 600'")
    try:
        assert until(lambda: cluster.ask(f"squeue --noheader --job={job} --format=%T") == "RUNNING", 30)
        cluster.inside(member, WITHOUT_SCRATCH)
        becomes(cluster, member, "Reason=Low TmpDisk [slurm@")
        cluster.inside(member, "mount /scratch")

        said = cluster.slurm([member])

        assert said.code == 0, said.text
        assert any(line.startswith("unit slurmd.service: restart: ") for line in said.json["blades"][member]["changed"])
        assert TAKEN_BACK.format("Low TmpDisk") in notes(said, member)
        assert cluster.ask(f"squeue --noheader --job={job} --format='%T %r'") == "RUNNING None"
        assert "Restarts=0" in cluster.ask(f"scontrol show job {job}")
    finally:
        cluster.ask(f"scancel {job}")
    assert held_scratch(cluster, member) == scratch(cluster, member)
    assert cluster.state(member, "idle", 60) == "idle"
    again = cluster.slurm([member])
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_it_heals_when_scratch_is_still_away_and_munge_with_it(cluster: Lab, member: str) -> None:
    cluster.inside(member, WITHOUT_SCRATCH)
    becomes(cluster, member, "Reason=Low TmpDisk [slurm@")
    # Without munge slurmd cannot be asked what it holds.
    cluster.inside(member, "systemctl stop munge")
    said = cluster.slurm([member])
    assert said.code == 0, said.text
    assert held_scratch(cluster, member) == scratch(cluster, member)
    assert cluster.state(member, "idle") == "idle"


def test_it_heals_after_the_blade_was_reimaged(cluster: Lab, member: str) -> None:
    cluster.inside(member, WITHOUT_SCRATCH)
    becomes(cluster, member, "Reason=Low TmpDisk [slurm@")
    cluster.lab("reimage", member)
    said = cluster.slurm([member])
    assert said.code == 0, said.text
    assert TAKEN_BACK.format("Low TmpDisk") in notes(said, member)
    assert cluster.state(member, "idle") == "idle"


def test_scratch_that_comes_in_a_later_run_is_registered(cluster: Lab, member: str) -> None:
    plan = yaml.safe_load(cluster.plan.read_text())
    without = yaml.safe_load(cluster.plan.read_text())
    without["blades"][member]["tier"] = "thin"
    try:
        cluster.plan.write_text(yaml.safe_dump(without, sort_keys=False))
        assert cluster.slurm([member]).code == 0
        cluster.inside(member, WITHOUT_SCRATCH)
        assert "TmpDisk=0" in node(cluster, member)
    finally:
        cluster.plan.write_text(yaml.safe_dump(plan, sort_keys=False))

    said = cluster.slurm([member])

    assert said.code == 0, said.text
    assert held_scratch(cluster, member) == scratch(cluster, member)
    assert cluster.state(member, "idle") == "idle"
    assert f"TmpDisk={int(scratch(cluster, member) * 0.98)}" in node(cluster, member)


def test_a_drain_for_memory_is_taken_back_although_22_05_loses_its_author(cluster: Lab, member: str) -> None:
    """A reconfigure, which puts the edited file right, makes root the author of Slurm's own drain there."""
    name = member.lower()
    cluster.ask(
        f"sed -i '/NodeName={name} /s/RealMemory=/RealMemory=9/' /etc/slurm/slurm.conf; systemctl restart slurmctld"
    )
    becomes(cluster, member, "Reason=Low RealMemory")
    said = cluster.slurm([member])
    assert said.code == 0, said.text
    assert TAKEN_BACK.format("Low RealMemory").split("(Low")[0] in notes(said, member)
    assert cluster.state(member, "idle") == "idle"


@pytest.fixture
def full(cluster: Lab, member: str) -> Iterator[str]:
    """A member whose slurmd works on a small filesystem of its own, on which nothing more can be made."""
    spool = "/var/lib/slurm/slurmd"
    small = f"mount -t tmpfs -o size=8m,nr_inodes=200,mode=0755 tmpfs {spool}"
    cluster.inside(member, f"systemctl stop slurmd; {small}; systemctl start slurmd; mkdir {spool}/fill")
    assert cluster.state(member, "idle", 60) == "idle"
    cluster.inside(member, f"seq 200 | (cd {spool}/fill; xargs touch 2>/dev/null; true)")
    yield member
    cluster.ask("scancel --user=root")
    cluster.inside(member, f"systemctl stop slurmd; umount {spool}; systemctl start slurmd")


def test_a_full_disk_of_slurmd_is_told_and_taken_back_once_there_is_room(cluster: Lab, full: str) -> None:
    """Slurm itself drains the node with the next job; its words are root's, since slurmd is."""
    others = [blade for blade in cluster.compute if blade != full]
    before = cluster.slurm([full, *others])
    assert before.code == 3, before.text
    assert "its disk is full where slurmd works: 0 MiB are free" in before.failure(full)
    cluster.ask(f"sbatch --chdir=/ --output=/dev/null --nodelist={full.lower()} --wrap=true")
    becomes(cluster, full, "Reason=SlurmdSpoolDir is full")

    said = cluster.slurm([full, *others])

    assert said.code == 3, said.text
    assert "its disk is full where slurmd works: 0 MiB are free" in said.failure(full)
    assert "make room on it" in said.failure(full)
    verified = cluster.provision("verify", f"--nodes={','.join([full, *others])}", "--json")
    assert verified.code == 3, verified.text
    assert "its disk is full where slurmd works" in verified.failure(full)
    cluster.ask("scancel --user=root")
    cluster.inside(full, "rm -r /var/lib/slurm/slurmd/fill; mount -o remount,size=200m /var/lib/slurm/slurmd")
    mended = cluster.slurm([full, *others])
    assert mended.code == 0, mended.text
    assert TAKEN_BACK.format("SlurmdSpoolDir is full") in notes(mended, full)
    assert cluster.state(full, "idle") == "idle"


@pytest.mark.parametrize(
    "reason",
    ["fan is loud", "Low TmpDisk", "SlurmdSpoolDir is full?", "x [slurm@2026-01-01T00:00:00]"],
)
def test_a_drain_by_a_person_stays_whatever_its_words(cluster: Lab, member: str, reason: str) -> None:
    """Also through a run that mends something on the node and restarts slurmd."""
    cluster.ask(f"scontrol update nodename={member.lower()} state=drain reason='{reason}'")
    cluster.inside(member, "echo >> /etc/default/slurmd")
    said = cluster.slurm(cluster.compute)
    assert said.code in (0, 3), said.text
    assert "was taken back" not in said.text
    after = node(cluster, member)
    assert "DRAIN" in after
    assert f"Reason={reason} [root@" in after
    assert reason in said.text


def test_verify_alone_takes_nothing_back(cluster: Lab, member: str) -> None:
    cluster.inside(member, WITHOUT_SCRATCH)
    becomes(cluster, member, "Reason=Low TmpDisk [slurm@")
    cluster.inside(member, "mount /scratch; systemctl restart slurmd")
    assert until(lambda: "INVALID_REG" not in node(cluster, member), 30)
    said = cluster.provision("verify", f"--nodes={','.join(cluster.compute)}", "--json")
    assert said.code == 3, said.text
    assert "Slurm itself drained it (Low TmpDisk)" in said.failure(member)
    assert "DRAIN" in node(cluster, member)
    assert cluster.slurm([member]).code == 0
