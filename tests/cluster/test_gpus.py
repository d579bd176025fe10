"""GPUs, as a lab's stand-ins: found, handed out one for one, closed to others, and missed when one is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.job_tmp import ended, state, submit
from tests.cluster.labs import Lab, Said
from tests.cluster.size import RELEASES
from tests.cluster.waiting import until

DRIVER = "/proc/driver/nvidia/gpus"
# Nothing is behind the one that a job has, and others it may not open.
OPEN = 'for gpu in /dev/nvidia?; do echo "$gpu $(head -c1 $gpu 2>&1)"; done; echo "told: $CUDA_VISIBLE_DEVICES"'
HAS, HAS_NOT = "No such device or address", "Operation not permitted"
TIERS: dict[str, Any] = {
    "fat": {"slurm": ["controller"]},
    "gpu": {"slurm": ["compute"], "gpus": {"type": "a100", "count": 2}},
    "thin": {"slurm": ["compute"]},
}


class Accelerated(Lab):
    """A controller, a node with two GPUs and one without."""

    gpu, plain = "BLD-002", "BLD-003"

    def _plan(self) -> dict[str, Any]:
        plan = super()._plan()
        for blade, tier in zip(plan["blades"].values(), TIERS, strict=True):
            blade |= {"tier": tier, "disks": []}
        return {**plan, "tiers": TIERS}

    def run(self, *words: str) -> Said:
        """A run over both nodes."""
        return self.slurm([self.gpu, self.plain], *words)

    def node(self, blade: str) -> str:
        """What slurmctld says of a node."""
        return self.ask(f"scontrol --oneliner show node {blade.lower()}")

    @property
    def gres(self) -> str:
        """Gres of the node with GPUs, without the sockets that Slurm adds."""
        found = re.search(r" Gres=(\S+)", self.node(self.gpu))
        return re.sub(r"\([^)]*\)", "", found[1]) if found else ""

    def job(self, script: str, *words: str) -> str:
        """What a job of nobody prints on the node with GPUs."""
        out = "/var/tmp/gpus.out"
        self.inside(self.gpu, f"rm -f {out}")
        job = submit(self, self.gpu, script, *words, output=out)
        assert ended(self, job) == "COMPLETED", self.inside(self.gpu, "tail -n 20 /var/log/slurm/slurmd.log")
        return self.inside(self.gpu, f"cat {out}")


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accelerated]:
    """The cluster."""
    made = Accelerated("test-gpus", 21, 1, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.up()
        said = made.run()
        assert said.code == 0, said.text
        yield made
    finally:
        made.lab("down")


def changed(said: Said) -> dict[str, list[str]]:
    """What changed, or would, by blade."""
    return {name: blade["changed"] for name, blade in said.json["blades"].items() if blade["changed"]}


def opened(words: str) -> dict[str, bool]:
    """Whether a job could open each device file."""
    found = {line.split()[0]: line for line in words.splitlines() if line.startswith("/dev/")}
    assert all((HAS in line) != (HAS_NOT in line) for line in found.values()), words
    return {file: HAS in line for file, line in found.items()}


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


def lose_one(lab: Accelerated) -> None:
    """The second GPU is away, and slurmd does not know it yet."""
    lab.inside(lab.gpu, f"mkdir -p /run/gone; rm /dev/nvidia1; mv {DRIVER}/*41:00.0 /run/gone/")


def bring_it_back(lab: Accelerated) -> None:
    # What was put in its place has another number.
    lab.inside(lab.gpu, f"mv /run/gone/* {DRIVER}/; rm -f /dev/nvidia1; mknod --mode=0666 /dev/nvidia1 c 60 1")


@pytest.fixture
def without_one(lab: Accelerated) -> Iterator[None]:
    """A blade that has booted without its second GPU."""
    lose_one(lab)
    lab.inside(lab.gpu, "systemctl restart slurmd")
    yield
    bring_it_back(lab)
    lab.inside(lab.gpu, "systemctl restart slurmd")
    said = lab.run()
    assert said.code == 0, said.text
    assert lab.gres == "gpu:a100:2"
    assert lab.state(lab.gpu, "idle") == "idle"


def test_jobs_that_have_gpus_are_given_up_by_a_person_alone(lab: Accelerated) -> None:
    """Slurm requeues them when its node has another number of GPUs, though theirs are there."""
    job, other = (submit(lab, lab.gpu, "sleep 600", "--mem=32", *words) for words in (["--gpus=1"], []))
    restarts = f"scontrol show job {job} | grep -o 'Restarts=[0-9]*'"
    lose_one(lab)
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
        bring_it_back(lab)
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
