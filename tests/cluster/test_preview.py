"""A change is seen before it is made: what each thing needs, whose jobs it costs, and exactly that is done later."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.job_tmp import state, submit
from tests.cluster.labs import Lab
from tests.cluster.taken_over import mutate, taken_over
from tests.cluster.terminal import INTERRUPT, answered
from tests.cluster.waiting import until

QUESTION = "give these jobs up?"
NIGHT = {"night": {"tiers": ["medium", "thin"]}}


def with_night(lab: Lab, there: bool) -> None:
    """The plan, with partition `night` or without."""
    lab.more.pop("partitions", None)
    if there:
        lab.more["partitions"] = NIGHT
    lab.write_plan()


@pytest.fixture
def night(cluster: Lab) -> Iterator[tuple[str, str]]:
    """A job in a partition that the plan does not have any more: the blade and the job's number."""
    with_night(cluster, there=True)
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text
    job = submit(cluster, cluster.compute[0], "sleep 600", "--partition=night")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    with_night(cluster, there=False)
    yield cluster.compute[0], job
    with_night(cluster, there=False)
    cluster.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    assert cluster.slurm(cluster.compute, "--yes").code == 0


def partitions(lab: Lab) -> str:
    return lab.ask("sinfo --noheader --format=%P")


def files(lab: Lab) -> str:
    return lab.ask("sha256sum /etc/slurm/* /var/lib/provision/applied/* 2> /dev/null; true")


def test_jobs_are_given_up_by_a_person_alone(cluster: Lab, night: tuple[str, str]) -> None:
    blade, job = night
    shown = cluster.slurm([blade], "--check")
    assert shown.code == 0, shown.text
    plan = shown.json["plan"]
    assert (plan["ends"], plan["requeues"], plan["slurmctld"]) == ([job], [], "reconfigure")
    assert {"what": "removed partitions: night", "needs": "reconfigure", "jobs": [job]} in plan["settings"]

    before = files(cluster)
    for answer, code in ((b"n\n", 1), (INTERRUPT, 130)):
        said = answered(cluster, QUESTION, answer, "slurm", f"--nodes={blade}")
        assert (said.code, "nothing was touched" in said.text) == (code, True), said.text
        assert f"end jobs {job}" in said.text
    refused = cluster.slurm([blade])
    assert refused.code == 1, refused.text
    assert f"the change would end jobs {job} (" in refused.failure(cluster.controller)
    assert (state(cluster, job), files(cluster)) == ("RUNNING", before)

    said = answered(cluster, QUESTION, b"y\n", "slurm", f"--nodes={blade}")
    assert said.code == 0, said.text
    assert state(cluster, job) == "CANCELLED"
    assert "night" not in partitions(cluster)


def test_a_kept_preview_is_done_exactly_or_not_at_all(cluster: Lab, night: tuple[str, str], tmp_path: Path) -> None:
    blade, job = night
    cluster.inside(blade, "chmod 0600 /etc/default/slurmd")
    kept = tmp_path / "kept.json"
    nodes = f"--nodes={blade}"
    said = cluster.provision("slurm", nodes, "--check", f"--out={kept}")
    assert said.code == 0, said.text
    assert said.out.splitlines()[-1] == f"kept: `provision slurm --apply {kept}` does exactly that"
    assert f"1 job would be ended: {job}. Nothing was touched." in said.out
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600

    # A person changes something by hand: on the blade, then on the controller.
    before = files(cluster)
    cluster.inside(blade, "echo '# by hand' >> /etc/default/slurmd")
    said = cluster.provision("slurm", f"--apply={kept}", "--yes", "--json")
    assert said.code == 2, said.text
    assert said.json["error"].startswith(f"the state moved since the preview: {blade}: file /etc/default/slurmd")
    assert "; nothing was touched" in said.json["error"]
    assert "by hand" in cluster.inside(blade, "cat /etc/default/slurmd")
    cluster.inside(blade, "sed -i '/by hand/d' /etc/default/slurmd")

    # Whoever nobody asked keeps the job; a job that the preview does not have keeps everything.
    refused = cluster.provision("slurm", f"--apply={kept}", "--json")
    assert refused.code == 1, refused.text
    assert f"end jobs {job}" in refused.failure(cluster.controller)
    late = cluster.ask("sbatch --parsable --hold --partition=night --output=/dev/null --wrap=true").split(";")[0]
    said = cluster.provision("slurm", f"--apply={kept}", "--yes", "--json")
    assert (said.code, f"jobs {late} would be ended or requeued, too" in said.json["error"]) == (2, True), said.text
    assert (state(cluster, job), files(cluster)) == ("RUNNING", before)
    assert cluster.inside(blade, "stat --format=%a /etc/default/slurmd") == "600"

    cluster.ask(f"scancel {late}")
    said = cluster.provision("slurm", f"--apply={kept}", "--yes", "--json")
    assert said.code == 0, said.text
    assert (state(cluster, job), "night" in partitions(cluster)) == ("CANCELLED", False)
    assert cluster.inside(blade, "stat --format=%a /etc/default/slurmd") == "644"
    planned = json.loads(kept.read_text())["planned"]["blades"]
    done = {name: each["changed"] for name, each in said.json["blades"].items() if each["changed"]}
    assert {name: set(lines) for name, lines in planned.items()} == {
        name: {line for line in lines if not line.startswith("jobs: ")} for name, lines in done.items()
    }

    # It was made before that: the same preview is nothing any more.
    again = cluster.provision("slurm", f"--apply={kept}", "--json")
    assert (again.code, "moved since the preview" in again.json["error"]) == (2, True), again.text


@pytest.fixture
def leaving(cluster: Lab) -> Iterator[tuple[str, str]]:
    """A job that may run on any node, and the blade that it runs on; the blade is a member again afterwards."""
    blade, others = cluster.compute[0], ",".join(cluster.compute[1:]).lower()
    cluster.ask(f"scontrol update nodename={others} state=drain reason=elsewhere")
    job = submit(cluster, "", "sleep 600")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    cluster.ask(f"scontrol update nodename={others} state=resume")
    yield blade, job
    cluster.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text


@pytest.mark.parametrize("agreed", ["y", "--yes"])
def test_a_job_that_begins_anew_is_given_up_by_a_person_too(
    cluster: Lab, leaving: tuple[str, str], agreed: str
) -> None:
    blade, job = leaving
    words = ("slurm", f"--nodes={cluster.controller}", f"--forget={blade}")
    shown = cluster.provision(*words, "--check", "--json")
    assert shown.code == 0, shown.text
    plan = shown.json["plan"]
    assert (plan["ends"], plan["requeues"]) == ([], [job])
    assert plan["words"].endswith(f"1 job would be requeued: {job}."), shown.text

    before = files(cluster)
    said = answered(cluster, QUESTION, b"n\n", *words)
    assert (said.code, "nothing was touched" in said.text) == (1, True), said.text
    assert f"requeue jobs {job}" in said.text
    assert (state(cluster, job), files(cluster)) == ("RUNNING", before)
    assert restarts(cluster, job) == ("0", blade.lower())

    said = cluster.provision(*words, agreed) if agreed == "--yes" else answered(cluster, QUESTION, b"y\n", *words)
    assert said.code == 0, said.text
    assert f"jobs: requeued: {job}" in said.text
    assert blade not in cluster.states()
    # By itself Slurm starts it two minutes later, lest it comes to the same node.
    cluster.ask(f"scontrol update jobid={job} starttime=now")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    count, where = restarts(cluster, job)
    assert count == "1"
    assert where in {name.lower() for name in cluster.compute[1:]}


ONE_CPU = r"""
import re
if blade is not None:
    blade["slurmd_c"] = re.sub(r"(CPUs|SocketsPerBoard|CoresPerSocket|ThreadsPerCore)=\d+", r"\1=1", blade["slurmd_c"])
"""


def test_jobs_of_a_node_with_other_cpus_begin_anew(cluster: Lab, leaving: tuple[str, str]) -> None:
    """The blade had one CPU when it came, and shows more now, while a job runs there."""
    blade, first = leaving
    cluster.ask(f"scancel {first}")
    with taken_over(cluster, blade):
        mutate(cluster, blade, ONE_CPU)
        said = cluster.slurm([blade], f"--accept-hardware={blade}")
        assert said.code == 0, said.text
    cpus = f"scontrol show node {blade.lower()} | grep -o 'CPUTot=[0-9]*'"
    assert cluster.ask(cpus) == "CPUTot=1"
    job = submit(cluster, "", "sleep 600", f"--exclude={','.join(cluster.compute[1:]).lower()}")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)

    shown = cluster.slurm([blade], "--check")
    assert shown.code == 0, shown.text
    plan = shown.json["plan"]
    assert (plan["ends"], plan["requeues"]) == ([], [job])
    refused = cluster.slurm([blade])
    assert f"requeue jobs {job}" in refused.failure(cluster.controller)
    assert (state(cluster, job), cluster.ask(cpus)) == ("RUNNING", "CPUTot=1")

    said = cluster.slurm([blade], "--yes")
    assert said.code == 0, said.text
    assert cluster.ask(cpus) != "CPUTot=1"
    assert f"jobs: requeued: {job}" in str(said.json["blades"][cluster.controller]["changed"])
    assert "Restarts=1" in cluster.ask(f"scontrol show job {job}")


def test_a_job_that_names_the_node_ends_with_it(cluster: Lab, leaving: tuple[str, str]) -> None:
    """slurmctld takes nobody who asks for a node that it does not know, whether it waits or is requeued."""
    blade, other = leaving
    running = submit(cluster, blade, "sleep 600")
    waiting = submit(cluster, blade, "sleep 600", "--hold")
    stays = submit(cluster, "", "sleep 600", "--hold", f"--exclude={blade.lower()}")
    assert until(lambda: state(cluster, running) == "RUNNING", 30)
    words = ("slurm", f"--nodes={cluster.controller}", f"--forget={blade}", "--json")
    plan = cluster.provision(*words, "--check").json["plan"]
    assert (plan["ends"], plan["requeues"]) == ([running, waiting], [other])
    refused = cluster.provision(*words)
    assert refused.code == 1, refused.text
    assert f"end jobs {running}, {waiting} and requeue jobs {other}" in refused.failure(cluster.controller)
    assert (state(cluster, running), state(cluster, waiting)) == ("RUNNING", "PENDING")
    said = cluster.provision(*words, "--yes")
    assert said.code == 0, said.text
    assert (state(cluster, running), state(cluster, waiting)) == ("CANCELLED", "CANCELLED")
    assert (state(cluster, other), state(cluster, stays)) == ("PENDING", "PENDING")


def restarts(lab: Lab, job: str) -> tuple[str, str]:
    """How often a job has begun anew, and the node that it is on."""
    shown = lab.ask(f"scontrol show job {job}")
    return re.findall(r"Restarts=(\d+)", shown)[0], re.findall(r" NodeList=(\S+)", shown)[0]


def test_where_nobody_is_harmed_nobody_is_asked(cluster: Lab) -> None:
    blade = cluster.compute[0]
    said = answered(cluster, QUESTION, b"n\n", "slurm", f"--nodes={blade}")
    assert (said.code, QUESTION in said.text) == (0, False), said.text
    shown = cluster.provision("slurm", f"--nodes={blade}", "--check")
    assert shown.out.splitlines()[-1] == "Plan: nothing to do. Nothing was touched."


def test_slurmd_is_restarted_for_what_it_reads_at_its_start_only(cluster: Lab) -> None:
    """On Debian 12; from 23.11 on a reconfigure is enough. A node that a run leaves out is not forgotten."""
    first, other = cluster.compute[:2]
    started = {name: _started(cluster, name) for name in (first, other)}
    job = submit(cluster, first, "sleep 600")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    old = cluster.release == "bookworm"
    try:
        with cluster.variables_of_the_site(slurmctld_config={"GresTypes": "gpu,shard"}):
            shown = cluster.slurm([first], "--check")
            needs = {row["what"]: row["needs"] for row in shown.json["plan"]["settings"]}
            wanted = "restart slurmctld, restart slurmd" if old else "reconfigure"
            assert needs == {"GresTypes changed": wanted}, shown.text
            said = cluster.slurm([first])
            assert said.code == 0, said.text
            assert said.json["blades"][first]["changed"] == shown.json["blades"][first]["changed"]
            # From 23.11 on a reconfigure starts slurmd anew by itself, on all nodes.
            if old:
                assert (_started(cluster, first) != started[first], _started(cluster, other)) == (True, started[other])
            notes = str(said.json["blades"][cluster.controller]["notes"])
            away = ", ".join(name.lower() for name in cluster.compute[1:])
            assert (f"slurmd on {away} has settings of its start" in notes) == old, notes
            assert state(cluster, job) == "RUNNING"
            said = cluster.slurm([other])
            assert _started(cluster, other) != started[other], said.text
            again = cluster.slurm([first, other])
            assert (again.code, again.json["changed"]) == (0, 0), again.text
    finally:
        cluster.ask(f"scancel {job}")
        said = cluster.slurm(cluster.compute)
        assert said.code == 0, said.text


def _started(lab: Lab, blade: str) -> str:
    return lab.inside(blade, "systemctl show --property=ExecMainStartTimestampMonotonic --value slurmd")
