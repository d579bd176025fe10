"""Partitions that the plan names, and preemption: they come below jobs, and a job that makes way comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.accounting import QUEUE, changed, nodes
from tests.cluster.labs import Lab, Said
from tests.cluster.size import RELEASES
from tests.cluster.waiting import until

LOW: dict[str, Any] = {"default": True, "default_time": "10"}
HIGH: dict[str, Any] = {"nodes": "BLD-[002-003]", "priority_tier": 10}
NAMED = {"low": LOW, "High": HIGH, "own": {"tiers": ["medium"], "hidden": True, "allow_groups": "ada"}}
PREEMPTION: dict[str, Any] = {"by": "partition"}
# Ends at once when it was requeued.
ENDS_LATER = "--wrap='test -n \"$SLURM_RESTART_COUNT\" || sleep 600'"


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster of its own with accounting, and partitions by tier at first: a controller and two compute blades."""
    made = Lab("test-partitions", 18, 1, request.param, tmp_path_factory.mktemp("plan"), accounting=True)
    try:
        made.up()
        said = made.slurm(nodes(made))
        assert said.code == 0, said.text
        for blade in (made.controller, *nodes(made)):
            made.inside(blade, "useradd --uid=1500 ada; useradd --uid=1501 bob")
        yield made
    finally:
        made.lab("down")


def _run(lab: Lab, **keys: Any) -> Said:
    plan = yaml.safe_load(lab.plan.read_text())
    lab.plan.write_text(yaml.safe_dump({**plan, **keys}, sort_keys=False))
    return lab.slurm(nodes(lab))


def _as(lab: Lab, account: str, words: str) -> str:
    return lab.ask(f"cd /tmp && setpriv --reuid={account} --regid={account} --clear-groups {words} 2>&1 || true")


def _submit(lab: Lab, words: str) -> str:
    """The id of a job of ada that takes all CPUs of a node, but little memory."""
    cpus = lab.ask("scontrol show node bld-003 | grep -o 'CPUTot=[0-9]*' | cut -d= -f2")
    sized = f"--cpus-per-task={cpus} --mem=50 --output=/dev/null"
    job = _as(lab, "ada", f"sbatch --parsable {sized} {words}")
    assert job.isdecimal(), job
    return job


def _state(lab: Lab, job: str) -> str:
    return lab.ask(f"squeue --noheader --all --jobs={job} --states=all --format=%T")


def _is(lab: Lab, job: str, state: str, seconds: float = 150) -> bool:
    """Slurm looks at the whole queue once a minute, at its head when something happens."""
    return bool(until(lambda: _state(lab, job) == state, seconds))


def _start_anew(lab: Lab, job: str) -> None:
    """Slurm itself waits two minutes. 22.05 starts it sooner on another node only: a slurmd that knows the job from
    before makes no folders of its own for it."""
    lab.ask(f"scontrol update JobId={job} ReqNodeList=bld-002 StartTime=now")


@pytest.fixture
def queue(lab: Lab) -> Iterator[None]:
    """No job stays, whatever a test found out."""
    yield
    lab.ask("scancel --user=ada")
    assert until(lambda: lab.ask(QUEUE) == "", 120), lab.ask(QUEUE)


@pytest.fixture(scope="module")
def named(lab: Lab) -> Lab:
    """Partitions that the plan names, and preemption; they come below a job that runs and one that waits."""
    runs = _submit(lab, "--partition=medium --nodelist=bld-003 --wrap='sleep 600'")
    kept = _submit(lab, "--nodelist=bld-002 --wrap='sleep 600'")
    waits = _submit(lab, "--nodelist=bld-002 --wrap=true")
    assert _is(lab, kept, "RUNNING"), lab.ask(QUEUE)
    started = lab.ask("systemctl show --property=ActiveEnterTimestampMonotonic slurmctld")

    refused = _run(lab, partitions=NAMED, preemption=PREEMPTION)
    assert refused.code == 1, refused.text
    assert f"the change would end jobs {runs} (" in refused.failure(lab.controller)
    assert "removed partitions: medium" in refused.failure(lab.controller)
    assert _state(lab, runs) == "RUNNING"

    lab.ask(f"scancel {runs}")
    assert _is(lab, runs, "CANCELLED")
    said = lab.slurm(nodes(lab))
    assert said.code == 0, said.text
    assert "reconfigured slurmctld" in said.json["controller"]
    (note,) = [words for words in said.json["blades"][lab.controller]["notes"] if "is not for everybody" in words]
    assert f"jobs {waits} wait in all" in note
    assert _state(lab, kept) == "RUNNING"
    lab.ask(f"scontrol update JobId={waits} Partition=low; scancel {kept}")
    assert _is(lab, waits, "COMPLETED"), lab.ask(f"scontrol show job {waits}")
    assert lab.ask("systemctl show --property=ActiveEnterTimestampMonotonic slurmctld") == started
    return lab


def test_a_second_run_changes_nothing_and_every_node_is_proved(named: Lab) -> None:
    assert changed(named.slurm(nodes(named))) == {}
    verified = named.provision("verify")
    assert verified.code == 0, verified.text
    assert "one job across both nodes" in verified.text
    status = named.provision("status", "--json")
    assert status.code == 0, status.text


def test_a_free_node_is_proved_while_a_job_of_more_priority_waits_for_it(named: Lab, queue: None) -> None:
    runs = _submit(named, "--partition=High --nodelist=bld-003 --wrap='sleep 600'")
    assert _is(named, runs, "RUNNING")
    waits = _submit(named, "--partition=High --nodes=2 --wrap='sleep 600'")
    assert until(lambda: "Resources" in named.ask(f"squeue --noheader --jobs={waits} --format=%r"))
    verified = named.provision("verify")
    assert verified.code == 0, verified.text


def test_people_see_their_partitions_and_a_job_without_words_gets_the_default(named: Lab, queue: None) -> None:
    listed = _as(named, "bob", "sinfo --noheader --format='%R %l'").split()
    assert listed == ["low", "7-00:00:00", "High", "7-00:00:00"]
    assert "not permitted to use this partition" in _as(named, "bob", "srun --partition=all true")
    assert "not permitted to use this partition" in _as(named, "bob", "srun --partition=own true")
    assert _as(named, "ada", "srun --partition=own --nodelist=bld-002 hostname") == "bld-002"
    job = _submit(named, "--wrap=true")
    assert named.ask(f"squeue --noheader --states=all --jobs={job} --format='%P %l'") == "low 10:00"


def test_a_job_that_is_requeued_for_another_comes_back_and_ends(named: Lab, queue: None) -> None:
    low = _submit(named, f"--nodelist=bld-003 {ENDS_LATER}")
    assert _is(named, low, "RUNNING")
    high = _submit(named, "--partition=High --nodelist=bld-003 --wrap='sleep 600'")
    assert _is(named, high, "RUNNING"), named.ask(QUEUE)
    assert _state(named, low) == "PENDING"
    named.ask(f"scancel {high}")
    _start_anew(named, low)
    assert _is(named, low, "COMPLETED"), named.ask(QUEUE)
    assert "Restarts=1" in named.ask(f"scontrol show job {low}")


@pytest.mark.parametrize(("mode", "state"), [("cancel", "PREEMPTED"), ("requeue", "PENDING")])
def test_a_job_has_time_to_end_before_it_makes_way(named: Lab, queue: None, mode: str, state: str) -> None:
    """What it runs by srun is told at once; nobody waits for the whole time where it ends then."""
    kind = {**LOW, "preempt_mode": mode, "grace_time": 600}
    said = _run(named, preemption="partition", partitions={**NAMED, "low": kind})
    assert said.code == 0, said.text
    assert changed(named.slurm(nodes(named))) == {}
    told = f"/run/lock/told-{mode}"
    step = f'trap \\"sleep 1; touch {told}; exit\\" TERM; sleep 600 & wait'
    low = _submit(named, f"--nodelist=bld-003 --wrap='srun --mpi=none bash -c \"{step}\"'")
    assert until(lambda: named.tried("BLD-003", "pgrep --uid ada --full 'slee[p] 600'").code == 0, 30)
    high = _submit(named, "--partition=High --nodelist=bld-003 --wrap='sleep 600'")
    assert _is(named, high, "RUNNING"), named.ask(QUEUE)
    assert _state(named, low) == state
    assert named.inside("BLD-003", f"ls {told}; rm {told}") == told


def test_a_job_that_was_suspended_goes_on(named: Lab, queue: None) -> None:
    said = _run(named, preemption={"by": "partition", "mode": "suspend"})
    assert said.code == 0, said.text
    assert changed(named.slurm(nodes(named))) == {}
    flag = "/run/lock/goes-on"
    low = _submit(named, f"--nodelist=bld-003 --wrap='until test -e {flag}; do sleep 0.2; done'")
    assert _is(named, low, "RUNNING")
    high = _submit(named, "--partition=High --nodelist=bld-003 --wrap='sleep 600'")
    assert _is(named, high, "RUNNING"), named.ask(QUEUE)
    assert _state(named, low) == "SUSPENDED"
    assert changed(named.slurm(nodes(named))) == {}, "a run beside it leaves it alone"
    assert _state(named, low) == "SUSPENDED"
    named.ask(f"scancel {high}")
    assert _is(named, low, "RUNNING"), named.ask(QUEUE)
    named.inside("BLD-003", f"touch {flag}")
    assert _is(named, low, "COMPLETED"), named.ask(QUEUE)


def test_a_job_makes_way_for_one_of_another_qos(named: Lab, queue: None) -> None:
    said = _run(named, preemption="qos")
    assert said.code == 0, said.text
    named.ask("sacctmgr --immediate add qos urgent; sacctmgr --immediate modify qos urgent set preempt=normal")
    low = _submit(named, f"--nodelist=bld-003 --qos=normal {ENDS_LATER}")
    assert _is(named, low, "RUNNING")
    high = _submit(named, "--nodelist=bld-003 --qos=urgent --wrap='sleep 600'")
    assert _is(named, high, "RUNNING"), named.ask(QUEUE)
    named.ask(f"scancel {high}")
    _start_anew(named, low)
    assert _is(named, low, "COMPLETED"), named.ask(QUEUE)
    assert "Restarts=1" in named.ask(f"scontrol show job {low}")


def test_a_job_outlives_the_node_that_leaves_its_partition(named: Lab, queue: None) -> None:
    job = _submit(named, "--nodelist=bld-003 --wrap='sleep 600'")
    assert _is(named, job, "RUNNING")
    said = _run(named, preemption="partition", partitions={**NAMED, "low": {**LOW, "nodes": "BLD-002"}})
    assert said.code == 0, said.text
    assert _state(named, job) == "RUNNING"
    assert named.ask("sinfo --noheader --partition=low --format=%N") == "bld-002"
