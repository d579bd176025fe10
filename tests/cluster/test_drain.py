"""Blades go out of work and come back: jobs go on, and only our own drains are ever touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.as_found import forget_reasons
from tests.cluster.background import background
from tests.cluster.job_tmp import node, state, submit
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

HOSTILE = '"fans" $(id) `id` ; rm -rf / | é 漢 %s {{ 7 * 7 }} Reason=x [root@2026]'


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A free member, free again afterwards."""
    name = cluster.compute[0]
    yield name
    cluster.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    cluster.ask(f"scontrol update nodename={name.lower()} state=resume 2> /dev/null; true")
    assert cluster.state(name, "idle", 60) == "idle"


def drain(lab: Lab, blade: str, *words: str) -> Said:
    return lab.provision("drain", blade, "--json", *words)


def resume(lab: Lab, blade: str, *words: str) -> Said:
    return lab.provision("resume", blade, "--json", *words)


def seen(lab: Lab, blade: str) -> set[str]:
    """The states of the node."""
    return set(re.findall(r" State=(\S+)", node(lab, blade))[-1].split("+"))


def only(said: Said, blade: str) -> dict[str, Any]:
    """What came of the blade."""
    assert list(said.json["nodes"]) == [blade], said.text
    found: dict[str, Any] = said.json["nodes"][blade]
    return found


def test_jobs_go_on_and_none_comes_until_it_is_resumed(cluster: Lab, blade: str) -> None:
    running = submit(cluster, blade, "sleep 600")
    assert until(lambda: state(cluster, running) == "RUNNING", 30)
    said = drain(cluster, blade, "--reason", "new memory")
    assert said.code == 0, said.text
    assert only(said, blade)["jobs"] == [int(running)]
    waiting = submit(cluster, blade, "true")
    assert "Reason=provision: drain: new memory (" in node(cluster, blade)
    assert state(cluster, running) == "RUNNING"

    # A run leaves it as it is, and says how it ends.
    run = cluster.slurm([blade])
    assert run.code == 0, run.text
    assert f"`provision resume {blade.lower()}`" in str(run.json["blades"][blade]["notes"])
    assert "Reason=provision: drain: new memory (" in node(cluster, blade)
    assert state(cluster, waiting) == "PENDING"

    again = drain(cluster, blade, "--reason", "new memory")
    assert (again.code, only(again, blade)["told"]) == (0, False)
    said = resume(cluster, blade)
    assert (said.code, only(said, blade)["result"]) == (0, "resumed")
    assert until(lambda: state(cluster, waiting) in ("COMPLETED", ""), 60)
    assert state(cluster, running) == "RUNNING"
    assert only(resume(cluster, blade), blade)["result"] == "ready"


def test_waits_until_the_last_job_is_gone(cluster: Lab, blade: str) -> None:
    job = submit(cluster, blade, "until [ -e /var/tmp/go ]; do sleep 0.2; done; rm -f /var/tmp/go", "--requeue")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    late = drain(cluster, blade, "--wait", "1s")
    assert (late.code, late.json["why"]) == (1, "the time is over; the blades stay drained and their jobs go on")
    with background(cluster, "drain", blade, "--wait", "10min") as run:
        run.reaches(lambda: "waits for 1 job on" in run.text)
        cluster.ask(f"scancel {job}")
        assert run.process.wait(timeout=60) == 0, run.text
    assert cluster.state(blade, "drained") == "drained"


def test_a_drain_of_an_admin_stays(cluster: Lab, blade: str) -> None:
    cluster.ask(f"scontrol update nodename={blade.lower()} state=drain reason='fans, says the admin'")
    said = drain(cluster, blade)
    assert (said.code, only(said, blade)["result"]) == (0, "kept")
    said = resume(cluster, blade)
    assert (said.code, only(said, blade)["result"]) == (1, "kept")
    assert "Reason=fans, says the admin" in node(cluster, blade)
    assert "DRAIN" in node(cluster, blade)


def test_a_drain_of_slurm_itself_stays(cluster: Lab, blade: str) -> None:
    forget_reasons(cluster)
    more = f"/NodeName={blade.lower()} /s/TmpDisk=/TmpDisk=9/"
    cluster.ask(f"sed -i '{more}' /etc/slurm/slurm.conf; systemctl restart slurmctld")
    try:
        assert until(lambda: "Reason=Low TmpDisk [slurm@" in node(cluster, blade), 60), node(cluster, blade)
        said = drain(cluster, blade, "--reason", "new memory")
        assert (said.code, only(said, blade)["result"], only(said, blade)["told"]) == (0, "kept", False)
        assert "takes no jobs already (Low TmpDisk), which stays as it is" in cluster.provision("drain", blade).out
        said = resume(cluster, blade)
        assert (said.code, only(said, blade)["result"], only(said, blade)["told"]) == (1, "kept", False)
        shown = cluster.provision("resume", blade)
        assert shown.code == 1
        assert "stays drained (Low TmpDisk), since that is no drain of `provision drain`; next: " in shown.out
        assert "Reason=Low TmpDisk [slurm@" in node(cluster, blade)
        assert "DRAIN" in seen(cluster, blade)
        (found,) = [each for each in cluster.provision("status", "--json").json["nodes"] if each["blade"] == blade]
        assert (found["owner"], found["reason"]) == ("slurm", "Low TmpDisk")
    finally:
        assert cluster.slurm([blade]).code == 0


def test_a_node_that_is_down_is_not_made_to_work(cluster: Lab, blade: str) -> None:
    # One that answers comes back by itself (ReturnToService=2), also by an answer that was on its way.
    cluster.inside(blade, "systemctl stop slurmd")
    try:
        for _ in range(3):
            cluster.ask(f"scontrol update nodename={blade.lower()} state=down reason='pulled out'")
            if not until(lambda: "DOWN" not in seen(cluster, blade), 5):
                break
        assert only(drain(cluster, blade), blade)["result"] == "drained"
        said = resume(cluster, blade)
        assert (said.code, only(said, blade)["result"]) == (0, "resumed")
        states = seen(cluster, blade)
        assert "DOWN" in states, states
        assert "DRAIN" not in states, states
    finally:
        cluster.inside(blade, "systemctl start slurmd")


def test_a_slurmctld_that_has_just_started_hears_of_the_node_first(cluster: Lab, blade: str) -> None:
    assert drain(cluster, blade).code == 0
    cluster.inside(blade, "systemctl stop slurmd")
    cluster.ask("systemctl restart slurmctld")
    assert until(lambda: "UNKNOWN" in node(cluster, blade), 10), node(cluster, blade)
    cluster.inside(
        blade, "systemd-run --quiet --on-active=8s --timer-property=AccuracySec=100ms systemctl start slurmd"
    )
    said = resume(cluster, blade)
    assert (said.code, only(said, blade)["result"]) == (0, "resumed"), said.text
    assert cluster.state(blade, "idle", 60) == "idle"


def test_a_check_touches_nothing(cluster: Lab, blade: str) -> None:
    before = node(cluster, blade)
    said = drain(cluster, blade, "--check")
    assert (said.code, only(said, blade)["told"]) == (0, True)
    assert cluster.state(blade, "idle") == "idle"
    assert node(cluster, blade).split(" Reason=")[1:] == before.split(" Reason=")[1:]
    assert drain(cluster, blade).code == 0
    assert resume(cluster, blade, "--check").code == 0
    assert "DRAIN" in node(cluster, blade)


def test_words_of_a_person_are_only_words(cluster: Lab, blade: str) -> None:
    said = drain(cluster, blade, "--reason", HOSTILE)
    assert said.code == 0, said.text
    assert only(said, blade)["told"]
    # As Slurm keeps them, they are still ours, and the same once more changes nothing.
    assert only(drain(cluster, blade, "--reason", HOSTILE), blade)["result"] == "drained"
    assert "7 * 7" in node(cluster, blade)
    said = resume(cluster, blade)
    assert (said.code, only(said, blade)["result"]) == (0, "resumed")
    assert cluster.state(blade, "idle") == "idle"


def test_whom_slurm_does_not_know_is_named_and_the_others_are_drained(cluster: Lab, blade: str, stranger: str) -> None:
    said = cluster.provision("drain", f"{blade},{stranger}", "--json")
    assert said.code == 3, said.text
    results = {name: each["result"] for name, each in said.json["nodes"].items()}
    assert results == {blade: "drained", stranger: "missing"}


def test_without_slurmctld_it_says_so(cluster: Lab, blade: str) -> None:
    cluster.ask("systemctl stop slurmctld")
    try:
        said = cluster.provision("drain", blade)
    finally:
        cluster.ask("systemctl start slurmctld")
    assert said.code == 1
    assert "slurmctld does not answer" in said.text
    assert "Traceback" not in said.text
