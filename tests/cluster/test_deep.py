"""`provision verify --deep` sees what users do, finds what is broken for them, and never is in their way."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.cluster.background import background
from tests.cluster.deep import OURS, checks, kill_module, left_behind, only
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

# A lab has neither without somebody asking for it.
NOT_HERE = {"preemption", "sacct"}
LOOSE = {
    "slurmctld_config": {"PropagateResourceLimitsExcept": None, "MaxArraySize": 2},
    "slurmctld_cgroup_config": {"ConstrainRAMSpace": False, "ConstrainSwapSpace": False, "ConstrainCores": False},
}
# Root goes on, users do not; and a dependency is dropped on the way.
BREAK_CONTROLLER = r"""
chmod 700 /usr/bin/sinfo /usr/bin/squeue /usr/bin/scancel
mv /usr/bin/sbatch /usr/bin/sbatch.kept
cat > /usr/bin/sbatch << 'END'
#!/bin/bash
for word; do [[ $word = --dependency=* ]] || kept+=("$word"); done
exec /usr/bin/sbatch.kept "${kept[@]}"
END
chmod 755 /usr/bin/sbatch
"""
MEND_CONTROLLER = "chmod 755 /usr/bin/sinfo /usr/bin/squeue /usr/bin/scancel; mv /usr/bin/sbatch.kept /usr/bin/sbatch"
BREAK_NODE = "chmod 700 /usr/bin/bash /usr/bin/srun; chmod 755 /run/lock"
MEND_NODE = "chmod 755 /usr/bin/bash /usr/bin/srun; chmod 1777 /run/lock"
USER = "useradd --uid 7001 alice 2>/dev/null; true"
# A job of alice that uses it takes its time.
SLOW = r"""
cat > /usr/local/bin/grep << 'END'
#!/bin/sh
[ "$(id -un)" = alice ] && exec sleep 600
exec /usr/bin/grep "$@"
END
chmod 755 /usr/local/bin/grep
"""
SLEEP = "sbatch --parsable --chdir=/ --output=/dev/null --exclusive --time=60 --wrap='sleep 600'"


@pytest.fixture(autouse=True)
def _nothing_left(cluster: Lab, _as_it_was: None) -> Iterator[None]:
    """Torn down before the lab is looked at."""
    yield
    cluster.ask("scancel --user=alice; scancel --user=nobody; true")
    assert until(lambda: left_behind(cluster) == "", 60), left_behind(cluster)


def deep(lab: Lab, *words: str) -> Said:
    return lab.provision("verify", "--deep", f"--nodes={','.join(lab.compute)}", "--json", *words)


def use(lab: Lab, blade: str) -> str:
    """A job of a user that has all of a blade."""
    for each in (lab.controller, *lab.compute):
        lab.inside(each, USER)
    drop = "setpriv --reuid=alice --regid=alice --clear-groups"
    number = lab.ask(f'cd /; {drop} sh -c "{SLEEP} --nodelist={blade.lower()}"')
    assert until(lambda: "RUNNING" in lab.ask(f"squeue --noheader --job={number} --format=%T"), 30)
    return number


def test_all_of_it_works_on_a_cluster_in_order(cluster: Lab) -> None:
    said = deep(cluster)
    assert said.code == 0, said.text
    assert only(said, "not tried") == NOT_HERE
    assert only(said, "failed") == set()
    assert checks(said)["all nodes"]["words"] == f"all {len(cluster.compute)} nodes, with one user id"
    assert "OUT_OF_MEMORY" in checks(said)["memory"]["words"]


def test_limits_that_do_not_hold_are_found(cluster: Lab) -> None:
    """And running jobs survive that limits are changed, both ways."""
    cluster.inside(cluster.compute[0], USER)
    number = use(cluster, cluster.compute[1])
    with cluster.variables_of_the_site(**LOOSE):
        loosened = cluster.slurm(cluster.compute)
        cluster.ask("chmod 755 /tmp")
        try:
            said = deep(cluster)
        finally:
            cluster.ask("chmod 1777 /tmp")
    mended = cluster.slurm(cluster.compute)
    assert (loosened.code, mended.code) == (0, 0), loosened.text + mended.text
    assert cluster.ask(f"squeue --noheader --job={number} --format=%T") == "RUNNING"
    assert said.code == 3, said.text
    assert only(said, "failed") == {"memory", "cores", "locked memory", "array", "sbatch"}
    assert "took 160 and was not ended" in checks(said)["memory"]["words"]
    assert "ConstrainRAMSpace" in checks(said)["memory"]["next_step"]
    assert "mode 1777" in checks(said)["sbatch"]["next_step"]
    assert checks(said)["all nodes"]["words"].startswith("nodes are busy: ")


def test_what_users_cannot_do_is_found(cluster: Lab) -> None:
    node = cluster.compute[0]
    cluster.ask(BREAK_CONTROLLER)
    cluster.inside(node, BREAK_NODE)
    try:
        said = deep(cluster)
    finally:
        cluster.ask(MEND_CONTROLLER)
        cluster.inside(node, MEND_NODE)
    assert said.code == 3, said.text
    assert only(said, "failed") == {"sinfo", "sbatch", "squeue", "scancel", "chain", "terminal", "all nodes"}
    assert "Permission denied" in checks(said)["scancel"]["evidence"]
    assert "of 13 things that a user does 7 do not work" in said.failure(cluster.controller)


def test_busy_nodes_are_left_to_their_users(cluster: Lab) -> None:
    numbers = [use(cluster, blade) for blade in cluster.compute]
    with cluster.variables_of_the_site(provision_deep_patience=2):
        said = deep(cluster)
    assert said.code == 0, said.text
    assert only(said, "failed") == set()
    assert only(said, "ok") == {"sinfo"}
    assert checks(said)["memory"]["words"] == "nodes are busy"
    running = cluster.ask("squeue --noheader --user=alice --state=RUNNING --format=%A").split()
    assert sorted(running) == sorted(numbers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_one_that_is_stopped_leaves_no_job(cluster: Lab, number: signal.Signals) -> None:
    with background(cluster, "verify", "--deep") as run:
        run.reaches(lambda: "RUNNING" in cluster.ask(OURS))
        run.stop(number)
    assert until(lambda: cluster.ask(OURS) == "", 60), cluster.ask(OURS)


def test_jobs_of_one_whose_module_was_killed_are_cancelled_by_the_next(cluster: Lab) -> None:
    """As another account: the next one knows of it."""
    for each in (cluster.controller, *cluster.compute):
        cluster.inside(each, f"{USER}; {SLOW}")
    try:
        with background(cluster, "verify", "--deep", "--user=alice") as run:
            run.reaches(lambda: "alice RUNNING" in cluster.ask(OURS))
            kill_module(cluster, "alice")
            run.stop(signal.SIGKILL)
        assert "alice" in cluster.ask(OURS), "nothing was left behind"
        said = cluster.provision("verify", f"--nodes={','.join(cluster.compute)}", "--json")
    finally:
        for each in (cluster.controller, *cluster.compute):
            cluster.inside(each, "rm /usr/local/bin/grep")
    assert said.code == 0, said.text
    # One that was cancelled may still be COMPLETING.
    assert until(lambda: "alice" not in cluster.ask(OURS), 30), cluster.ask(OURS)
    assert cluster.ask("cat /var/lib/provision/verified-as 2>/dev/null; true") == "", "alice is a user again"


@pytest.mark.parametrize(
    ("user", "words"), [("root", "no account without rights"), ("nosuchuser", "there is no account nosuchuser")]
)
def test_whom_it_cannot_work_as_is_said(cluster: Lab, user: str, words: str) -> None:
    said = cluster.provision("verify", "--deep", f"--user={user}")
    assert said.code in (1, 2), said.text
    assert words in said.text
    assert "advises" not in said.text


@pytest.mark.parametrize(("exempt", "result"), [("00:00:00", "ok"), ("01:00:00", "failed")])
def test_preemption_is_tried_where_it_is_configured(cluster: Lab, exempt: str, result: str) -> None:
    """A job that is exempt for an hour makes no way."""
    settings = {"PreemptType": "preempt/partition_prio", "PreemptMode": "REQUEUE", "PreemptExemptTime": exempt}
    with cluster.variables_of_the_site(slurmctld_config=settings, provision_deep_patience=5):
        configured = cluster.slurm(cluster.compute)
        cluster.ask("systemctl restart slurmctld; scontrol update partitionname=medium prioritytier=100")
        assert until(lambda: set(cluster.states().values()) == {"idle"}, 60), cluster.states()
        said = deep(cluster)
    back = cluster.slurm(cluster.compute)
    cluster.ask("systemctl restart slurmctld; scontrol update partitionname=medium prioritytier=1")
    assert (configured.code, back.code) == (0, 0)
    assert checks(said)["preemption"]["result"] == result, said.text
    assert only(said, "failed") == ({"preemption"} if result == "failed" else set())
