"""GPUs, as a lab's stand-ins: found, handed out one for one, closed to others, and missed when one is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from tests.cluster.gpus import NVIDIA, Accelerated, at_work, changed, opened
from tests.cluster.job_tmp import ended, state, submit
from tests.cluster.size import RELEASES
from tests.cluster.waiting import until

OPEN = NVIDIA.opens


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accelerated]:
    """The cluster."""
    with at_work(Accelerated("test-gpus", 21, 1, request.param, tmp_path_factory.mktemp("plan"))) as made:
        yield made


def test_they_are_found_and_stay_so(lab: Accelerated) -> None:
    assert lab.gres == "gpu:a100:2"
    assert "State=IDLE " in lab.node(lab.gpu)
    assert " Gres=(null)" in lab.node(lab.plain)
    assert "File=/dev/nvidia0,/dev/nvidia1" in lab.ask("cat /etc/slurm/gres.conf")
    again = lab.run()
    assert (again.code, changed(again)) == (0, {})


def test_a_job_has_what_it_asks_for_and_can_open_no_other(lab: Accelerated) -> None:
    one = lab.job(OPEN, "--gpus=1")
    assert sorted(opened(one).values()) == [False, True]
    assert re.search(r"^told: \d$", one, re.MULTILINE)
    both = lab.job(f"{OPEN}; srun sh -c '{OPEN}'".replace("'$gpu", "$gpu"), "--gpus=a100:2")
    assert set(opened(both).values()) == {True}
    none = lab.job(OPEN)
    assert set(opened(none).values()) == {False}
    assert "told: \n" in none or none.endswith("told:")


def test_two_jobs_have_different_ones(lab: Accelerated) -> None:
    write = f"({OPEN}) > /var/tmp/gpus-$SLURM_JOB_ID; sleep 600"
    jobs = [submit(lab, lab.gpu, write, "--gpus=1", "--mem=32") for _ in range(2)]
    try:
        assert until(lambda: lab.inside(lab.gpu, "cat /var/tmp/gpus-* 2> /dev/null; true").count("told:") == 2, 30)
        told = [lab.inside(lab.gpu, f"cat /var/tmp/gpus-{job}") for job in jobs]
    finally:
        lab.ask(f"scancel {' '.join(jobs)}")
        lab.inside(lab.gpu, "rm -f /var/tmp/gpus-*")
    theirs = sorted(file for words in told for file, has in opened(words).items() if has)
    assert theirs == ["/dev/nvidia0", "/dev/nvidia1"]
    assert lab.state(lab.gpu, "idle") == "idle"


def test_a_job_waits_for_gpus_and_others_pass_it(lab: Accelerated) -> None:
    both = submit(lab, lab.gpu, "sleep 600", "--gpus=2", "--mem=32")
    try:
        assert until(lambda: state(lab, both) == "RUNNING", 30)
        waits = submit(lab, lab.gpu, "true", "--gpus=1", "--mem=32")
        assert lab.job("echo through", "--mem=32", "--time=1") == "through"
        assert state(lab, waits) == "PENDING"
        lab.ask(f"scancel {both}")
        assert ended(lab, waits) == "COMPLETED"
    finally:
        lab.ask("scancel --user=nobody")
    assert lab.state(lab.gpu, "idle") == "idle"


@pytest.fixture
def without_one(lab: Accelerated) -> Iterator[None]:
    """A blade that has booted without its second GPU."""
    lab.lose_one()
    lab.inside(lab.gpu, "systemctl restart slurmd")
    yield
    lab.bring_it_back()
    lab.inside(lab.gpu, "systemctl restart slurmd")
    said = lab.run()
    assert said.code == 0, said.text
    assert lab.gres == "gpu:a100:2"
    assert lab.state(lab.gpu, "idle") == "idle"


def test_jobs_that_have_gpus_are_given_up_by_a_person_alone(lab: Accelerated) -> None:
    """Slurm requeues them when its node has another number of GPUs, though theirs are there."""
    job, other = (submit(lab, lab.gpu, "sleep 600", "--mem=32", *words) for words in (["--gpus=1"], []))
    restarts = f"scontrol show job {job} | grep -o 'Restarts=[0-9]*'"
    lab.lose_one()
    try:
        assert until(lambda: (state(lab, job), state(lab, other)) == ("RUNNING", "RUNNING"), 30)
        shown = lab.run("--check")
        assert (shown.json["plan"]["ends"], shown.json["plan"]["requeues"]) == ([], [job]), shown.text
        refused = lab.run()
        assert f"requeue jobs {job} (" in refused.failure("BLD-001"), refused.text
        later = lab.run("--scheduled")
        assert later.json["blades"]["BLD-001"]["left"], later.text
        assert (lab.gres, lab.ask(restarts), state(lab, job)) == ("gpu:a100:2", "Restarts=0", "RUNNING")
        said = lab.run("--yes")
        assert said.code == 3, said.text
        assert (lab.gres, lab.ask(restarts), state(lab, other)) == ("gpu:a100:1", "Restarts=1", "RUNNING")
    finally:
        lab.ask(f"scancel {job} {other}")
        lab.bring_it_back()
    said = lab.run()
    assert (said.code, lab.gres) == (0, "gpu:a100:2"), said.text
    assert lab.state(lab.gpu, "idle") == "idle"


@pytest.mark.usefixtures("without_one")
def test_a_node_that_lost_one_works_on_and_is_told_until_it_is_back(lab: Accelerated) -> None:
    # Before any run slurmd starts all the same, and slurmctld hands out none: the dead one would be among them.
    assert until(lambda: lab.gres == "gpu:0", 60), lab.node(lab.gpu)
    if lab.release == "bookworm":
        assert lab.state(lab.gpu, "idle") == "idle", lab.node(lab.gpu)
        assert lab.job("echo computes") == "computes"
    else:
        # 24.11 takes the whole node out until then.
        assert until(lambda: "+DRAIN" in lab.node(lab.gpu), 60), lab.node(lab.gpu)
    shown = lab.run("--check")
    said = lab.run()
    assert (shown.code, said.code) == (3, 3), said.text
    for each in (shown, said):
        assert "1 of its 2 GPUs is missing" in each.failure(lab.gpu)
    assert lab.gres == "gpu:a100:1"
    assert lab.state(lab.gpu, "idle") == "idle", lab.node(lab.gpu)
    assert opened(lab.job(OPEN, "--gpus=1"))["/dev/nvidia0"]
    again = lab.run()
    assert (again.code, changed(again)) == (3, {})
    assert "1 of its 2 GPUs is missing" in again.failure(lab.gpu)


def test_a_gpu_without_its_driver_is_told(lab: Accelerated) -> None:
    bus = "/sys/bus/pci/devices/0000:42:00.0"
    lab.inside(lab.gpu, f"mkdir {bus}; cd {bus}; for word in class vendor device; do cp ../*40:00.0/$word .; done")
    try:
        said = lab.run()
    finally:
        lab.inside(lab.gpu, f"rm -r {bus}")
    assert (said.code, changed(said)) == (0, {})
    assert any(
        "its GPU at 0000:42:00.0 (10de:20b0) has no driver" in note for note in said.json["blades"][lab.gpu]["notes"]
    )


def test_partitions_keep_jobs_with_gpus_and_others_apart(lab: Accelerated) -> None:
    plan = lab.plan.read_text()
    parts = {"cpu": {"gpus": False, "default": True}, "gpu": {"gpus": True}}
    lab.plan.write_text(yaml.safe_dump(yaml.safe_load(plan) | {"partitions": parts}, sort_keys=False))
    try:
        said = lab.run()
        assert said.code == 0, said.text
        assert lab.ask("sinfo --noheader --partition=cpu,gpu --format='%R %N'").splitlines() == [
            "cpu bld-003",
            "gpu bld-002",
        ]
    finally:
        lab.plan.write_text(plan)
        assert lab.run().code == 0


@pytest.mark.usefixtures("without_one")
def test_one_that_is_back_before_anybody_looked_is_handed_out_again(lab: Accelerated) -> None:
    """The run of the fixture finds what it left, and slurmctld withholds it."""
    assert until(lambda: lab.gres == "gpu:0", 60), lab.node(lab.gpu)


def test_one_that_is_lost_while_slurmd_runs_is_withheld_also_after_slurmctld_was_away(lab: Accelerated) -> None:
    """By the health check, which looks every few minutes: here it is told to."""
    lab.lose_one()
    try:
        lab.inside(lab.gpu, "/usr/local/sbin/slurm-health")
        assert until(lambda: lab.gres == "gpu:0", 30), lab.node(lab.gpu)
        # slurmctld forgets what it was told.
        lab.ask("systemctl restart slurmctld")
        assert until(lambda: "is UP" in lab.ask("scontrol ping; true"), 30)
        lab.inside(lab.gpu, "/usr/local/sbin/slurm-health")
        assert until(lambda: lab.gres == "gpu:0", 30), lab.node(lab.gpu)
        assert lab.run().code == 3
        assert lab.gres == "gpu:a100:1"
    finally:
        lab.bring_it_back()
    said = lab.run()
    assert (said.code, lab.gres) == (0, "gpu:a100:2"), said.text
    assert lab.state(lab.gpu, "idle") == "idle", lab.node(lab.gpu)


def test_slurmd_takes_autodetect_beside_the_files(lab: Accelerated) -> None:
    """From 24.11 on; 22.05 is told that it counts for nothing."""
    with lab.variables_of_the_site(slurmctld_gpu_autodetect="nvidia"):
        said = lab.run()
        assert said.code == 0, said.text
        notes = [note for note in said.json["blades"][lab.controller]["notes"] if "autodetect" in note]
        detects = lab.tried(lab.controller, "grep -q AutoDetect=nvidia /etc/slurm/gres.conf").code == 0
        assert (detects, len(notes)) == ((False, 1) if lab.release == "bookworm" else (True, 0)), notes
        # slurmd reads it with all that it finds on the node.
        lab.inside(lab.gpu, "systemctl restart slurmd")
        assert lab.state(lab.gpu, "idle") == "idle", lab.node(lab.gpu)
        assert lab.gres == "gpu:a100:2"
        assert sorted(opened(lab.job(OPEN, "--gpus=1")).values()) == [False, True]
        again = lab.run()
        assert (again.code, changed(again)) == (0, {})
    assert lab.run().code == 0
