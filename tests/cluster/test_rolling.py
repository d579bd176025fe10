"""Batch by batch: few nodes are out of work at once, jobs run through, and whoever comes next ends what was begun."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import yaml

from tests.cluster.background import background
from tests.cluster.job_tmp import node, state, submit
from tests.cluster.labs import Lab
from tests.cluster.rolled import FILE, batches, differ, drained, free_members, is_mended, rolling
from tests.cluster.test_upgrade import MINIMUM, OLD, VERSION, make_older, members
from tests.cluster.waiting import until

BOOT = "stat --format=%Y /proc/1"
# As a folder of a job has it, on every processor.
BINDS = """
place=$(mktemp --directory) && mount -t tmpfs none "$place" || exit
mount --make-private "$place" && touch "$place/ns" || exit
for cpu in $(seq 0 $(($(nproc) - 1))); do
  taskset --cpu-list "$cpu" unshare --mount="$place/ns" true && umount "$place/ns" || exit
done
umount "$place" && rmdir "$place"
"""


@pytest.fixture
def rolls(cluster: Lab) -> Iterator[Lab]:
    """Free members in sync and nobody else, and so again afterwards."""
    with free_members(cluster):
        yield cluster


def owner(lab: Lab, blade: str) -> str:
    """Whose drain `provision status` says it is."""
    (found,) = [each for each in lab.provision("status", "--json").json["nodes"] if each["blade"] == blade]
    return str(found["owner"])


def test_nodes_are_done_one_by_one_and_jobs_run_through(rolls: Lab) -> None:
    lab, (first, second) = rolls, rolls.compute[:2]
    differ(lab, first, second)
    # Each job has a /tmp and /var/tmp of its own.
    lab.inside(first, "rm -f /run/rolling-go")
    job = submit(lab, first, "until [ -e /run/rolling-go ]; do sleep 0.2; done")
    assert until(lambda: state(lab, job) == "RUNNING", 30)
    shown = rolling(lab, "--check")
    assert (shown.code, shown.json["batches"]) == (0, [[second], [first]]), shown.text
    assert drained(lab) == []
    with background(lab, "slurm", "--rolling", f"--nodes={first},{second}") as run:
        run.reaches(lambda: "waits for 1 job" in run.text)
        # The other one is done and back, and this one takes no other job.
        assert drained(lab) == [first]
        assert (is_mended(lab, second), is_mended(lab, first)) == (True, False)
        assert "Reason=provision: rolling: " in node(lab, first)
        # As far as slurmctld knows, two at once would be too many.
        assert rolling(lab).code == 4
        lab.inside(first, "touch /run/rolling-go")
        assert run.process.wait(timeout=120) == 0, run.text
    assert until(lambda: state(lab, job) in ("COMPLETED", ""), 30)
    assert is_mended(lab, first)
    assert drained(lab) == []
    (record,) = lab.provision("runs", "--last=1", "--json").json["runs"]
    assert record["what"] == "slurm --rolling"
    assert record["changed"][first] == [f"file {FILE}: absent -> file"]
    again = rolling(lab)
    assert (again.code, batches(again)) == (0, []), again.text


def test_slurm_reboots_them_and_a_drain_of_an_admin_stays(rolls: Lab) -> None:
    lab, (first, second) = rolls, rolls.compute[:2]
    lab.ask(f"scontrol update nodename={second.lower()} state=drain reason='fans, says the admin'")
    before = {name: lab.inside(name, BOOT) for name in (first, second)}
    # Where there are no more than these two, the other one is the last of its partition.
    said = lab.slurm([first, second], "--rolling", "--reboot", "--max-unavailable=2", "--allow-empty-partition")
    assert said.code == 0, said.text
    assert sorted(name for batch in batches(said) for name in batch) == [first, second]
    for name in (first, second):
        assert lab.inside(name, BOOT) != before[name], f"{name} did not reboot"
        lab.inside(name, BINDS)
    assert drained(lab) == [second]
    assert "Reason=fans, says the admin [" in node(lab, second)
    assert owner(lab, second) == "admin"


DEFAULTS, SLURMD = "/etc/default/slurmd", "systemctl show --property=MainPID --value slurmd"


def test_a_restart_of_slurmd_waits_for_the_job(rolls: Lab) -> None:
    lab, first = rolls, rolls.compute[0]
    lab.inside(first, f"echo '# by hand' >> {DEFAULTS}; rm -f /run/rolling-go")
    daemon = lab.inside(first, SLURMD)
    job = submit(lab, first, "until [ -e /run/rolling-go ]; do sleep 0.2; done; srun hostname")
    assert until(lambda: state(lab, job) == "RUNNING", 30)
    with background(lab, "slurm", "--rolling", f"--nodes={first}") as run:
        run.reaches(lambda: "waits for 1 job" in run.text)
        assert lab.inside(first, f"tail -n 1 {DEFAULTS}") == "# by hand"
        assert (lab.inside(first, SLURMD), state(lab, job)) == (daemon, "RUNNING")
        lab.inside(first, "touch /run/rolling-go")
        assert run.process.wait(timeout=180) == 0, run.text
    shown = lab.ask(f"scontrol show job {job}")
    assert "JobState=COMPLETED" in shown, shown
    assert "Restarts=0" in shown, shown
    assert lab.inside(first, SLURMD) not in (daemon, "0")
    assert "by hand" not in lab.inside(first, f"cat {DEFAULTS}")
    assert drained(lab) == []
    (record,) = lab.provision("runs", "--last=1", "--json").json["runs"]
    assert any(line.startswith("unit slurmd.service: restart") for line in record["changed"][first]), record


def test_jobs_that_do_not_end_keep_their_node(rolls: Lab) -> None:
    lab, first = rolls, rolls.compute[0]
    differ(lab, first)
    job = submit(lab, first, "sleep 600")
    assert until(lambda: state(lab, job) == "RUNNING", 30)
    said = rolling(lab, "--wait=1s")
    assert said.code == 3, said.text
    assert f"jobs are on it after 1 s ({job})" in said.json["rolling"]["failed"][first]
    assert (is_mended(lab, first), drained(lab), state(lab, job)) == (False, [], "RUNNING")


def test_it_stops_at_a_failure_and_goes_on_where_it_stopped(rolls: Lab) -> None:
    lab, (first, second) = rolls, rolls.compute[:2]
    differ(lab, first, second)
    lab.inside(first, f"mkdir {FILE}")
    said = rolling(lab)
    assert said.code in (1, 3), said.text
    assert list(said.json["rolling"]["failed"]) == [first]
    assert drained(lab) == [first]
    assert not is_mended(lab, second)
    lab.inside(first, f"rmdir {FILE}")
    said = rolling(lab)
    assert (said.code, batches(said)) == (0, [[first], [second]]), said.text
    assert drained(lab) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_what_was_stopped_is_ended_by_the_next_one(rolls: Lab, number: signal.Signals) -> None:
    lab, (first, second) = rolls, rolls.compute[:2]
    differ(lab, first, second)
    job = submit(lab, first, "sleep 600")
    assert until(lambda: state(lab, job) == "RUNNING", 30)
    with background(lab, "slurm", "--rolling", f"--nodes={first},{second}") as run:
        run.reaches(lambda: "waits for 1 job" in run.text)
        code = run.stop(number)
        if number is signal.SIGINT:
            assert code == 130, run.text
            assert "`provision resume` gives back what is still out of work" in run.text
    assert drained(lab) == [first]
    lab.ask(f"scancel {job}")
    said = rolling(lab)
    assert (said.code, batches(said)) == (0, [[first]]), said.text
    assert (is_mended(lab, first), drained(lab)) == (True, [])


def test_resume_ends_what_a_rolling_run_left(rolls: Lab) -> None:
    lab, first = rolls, rolls.compute[0]
    words = "provision: rolling: 20261127T010203Z-1 drain: changes"
    lab.ask(f"scontrol update nodename={first.lower()} state=drain reason='{words}'")
    assert owner(lab, first) == "rolling run"
    assert lab.provision("resume", first).code == 0
    assert drained(lab) == []


@pytest.fixture
def outdated(rolls: Lab) -> Iterator[Lab]:
    """The cluster with older packages of Slurm on its controller and two nodes, and settled again."""
    for name in (rolls.controller, *rolls.compute[:2]):
        make_older(rolls, name)
    assert until(lambda: "is UP" in rolls.ask("scontrol ping || true"))
    # What the older ones brought along besides is in sync again.
    said = rolls.slurm(rolls.compute)
    assert said.code == 0, said.text
    yield rolls
    if {rolls.inside(name, VERSION) for name in members(rolls)} != {MINIMUM[rolls.release]}:
        rolls.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
        assert rolls.slurm(rolls.compute, "--upgrade").code == 0


def test_newer_packages_come_node_by_node_once_jobs_are_over(outdated: Lab) -> None:
    lab, (first, second) = outdated, outdated.compute[:2]
    old, new = OLD[lab.release], MINIMUM[lab.release]
    versions = dict.fromkeys(members(lab), new) | dict.fromkeys((lab.controller, first, second), old)
    assert {name: lab.inside(name, VERSION) for name in members(lab)} == versions
    # Each job has a /tmp and /var/tmp of its own.
    lab.inside(first, "rm -f /run/rolling-go")
    job = submit(lab, first, "until [ -e /run/rolling-go ]; do sleep 0.2; done")
    assert until(lambda: state(lab, job) == "RUNNING", 30)

    # Nobody asked for packages: nothing differs.
    plain = rolling(lab, "--check")
    assert (plain.code, plain.json["batches"]) == (0, []), plain.text
    shown = rolling(lab, "--upgrade", "--check")
    assert (shown.code, shown.json["batches"]) == (0, [[second], [first]]), shown.text
    assert {name: lab.inside(name, VERSION) for name in members(lab)} == versions

    with background(lab, "slurm", "--rolling", "--upgrade", f"--nodes={','.join(lab.compute)}") as run:
        run.reaches(lambda: "waits for 1 job" in run.text, 300)
        # slurmctld is never older than a slurmd, and a node with a job keeps what it has.
        assert [lab.inside(name, VERSION) for name in (lab.controller, second, first)] == [new, new, old]
        assert (drained(lab), state(lab, job)) == ([first], "RUNNING")
        lab.inside(first, "touch /run/rolling-go")
        assert run.process.wait(timeout=240) == 0, run.text
    assert "Restarts=0" in lab.ask(f"scontrol show job {job}")
    assert until(lambda: state(lab, job) in ("COMPLETED", ""), 30)
    assert {lab.inside(name, VERSION) for name in members(lab)} == {new}
    assert drained(lab) == []
    (record,) = lab.provision("runs", "--last=1", "--json").json["runs"]
    for name in (lab.controller, first, second):
        assert f"package slurm-client: {old} -> {new}" in record["changed"][name]
    again = rolling(lab, "--upgrade")
    assert (again.code, batches(again)) == (0, []), again.text


@pytest.fixture
def enclosures(rolls: Lab) -> Iterator[tuple[list[str], list[str]]]:
    """The blades of two enclosures; the spare one is a node of the second. One enclosure again afterwards."""
    left, right = rolls.compute[:1], [*rolls.compute[1:], rolls.spare]
    plan = yaml.safe_load(rolls.plan.read_text())
    bays = plan.pop("enclosure")
    plan["enclosures"] = {"left": bays, "right": bays}
    # The spare one is alone in its tier: a partition of that would keep it in work.
    plan["partitions"] = {"work": {"tiers": ["medium", "thin"]}}
    for name, blade in plan["blades"].items():
        blade["enclosure"] = "right" if name in right else "left"
    rolls.plan.write_text(yaml.safe_dump(plan, sort_keys=False))
    try:
        said = rolls.slurm([*left, *right])
        assert said.code == 0, said.text
        yield left, right
    finally:
        rolls.write_plan()
        said = rolls.slurm(rolls.compute, f"--forget={rolls.spare}")
        assert said.code == 0, said.text


def test_one_enclosure_comes_after_the_other(rolls: Lab, enclosures: tuple[list[str], list[str]]) -> None:
    left, right = enclosures
    both = [*left, *right]
    differ(rolls, *both)
    words = ("--rolling", f"--max-unavailable={len(both) - 1}")
    anyhow = rolls.slurm(both, *words, "--check")
    assert any({*left} & {*batch} and {*right} & {*batch} for batch in anyhow.json["batches"]), anyhow.text
    wanted = [left, right]
    shown = rolls.slurm(both, *words, "--per=enclosure", "--check")
    assert (shown.code, shown.json["batches"]) == (0, wanted), shown.text
    said = rolls.slurm(both, *words, "--per=enclosure")
    assert (said.code, batches(said)) == (0, wanted), said.text
    assert all(is_mended(rolls, name) for name in both)
    assert drained(rolls) == []
