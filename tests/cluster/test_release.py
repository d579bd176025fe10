"""Blades leave and come back, boards are replaced, and hardware that is gone takes its node out of work."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.background import background
from tests.cluster.job_tmp import ended, node, state, submit
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

REGISTRY, ARCHIVE = "/etc/slurm/nodes.json", "/var/lib/provision/released.json"
GONE = "/dev/disk/by-id/wwn-0x5000c500aaaa0001"


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A free member, a free member again afterwards."""
    name = cluster.compute[-1]
    yield name
    cluster.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    if cluster.states().get(name) != "idle":
        said = cluster.slurm([name], f"--accept-hardware={name}")
        assert said.code == 0, said.text
    cluster.provision("resume", name)
    assert cluster.state(name, "idle", 60) == "idle"


def release(lab: Lab, blade: str, *words: str) -> Said:
    return lab.provision("release", blade, "--json", *words)


def records(lab: Lab) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lab.ask(f"cat {REGISTRY}"))["nodes"]
    return found


def put_on_record(lab: Lab, blade: str, **parts: Any) -> None:
    """Lets the registry remember another board."""
    registry = json.loads(lab.ask(f"cat {REGISTRY}"))
    registry["nodes"][blade.lower()]["parts"] |= parts
    lab.ask(f"printf '%s\\n' {shlex.quote(json.dumps(registry, indent=2, sort_keys=True))} > {REGISTRY}")


def slurmd(lab: Lab, blade: str) -> str:
    return lab.inside(blade, "systemctl is-active slurmd; systemctl is-enabled slurmd; true")


def test_a_job_that_waits_for_the_blade_keeps_it_in_the_cluster(cluster: Lab, blade: str) -> None:
    moved, waiting = (submit(cluster, blade, "true", "--hold") for _ in range(2))
    said = release(cluster, blade)
    assert said.code == 1, said.text
    assert f"the change would end jobs {moved}, {waiting} (" in said.failure(cluster.controller)
    assert (blade in cluster.states(), state(cluster, waiting)) == (True, "PENDING")
    cluster.ask(f"scontrol update jobid={moved} nodelist=")
    said = release(cluster, blade, "--yes")
    assert said.code == 0, said.text
    assert blade not in cluster.states()
    assert (state(cluster, moved), state(cluster, waiting)) == ("PENDING", "CANCELLED")
    cluster.ask(f"scancel {moved}")


def test_a_blade_leaves_once_its_job_is_over_and_comes_back(cluster: Lab, blade: str) -> None:
    # Each job has a /tmp of its own.
    job = submit(cluster, blade, "until [ -e /run/go ]; do sleep 0.2; done")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    before = records(cluster)[blade.lower()]

    said = release(cluster, blade)
    assert said.code == 1, said.text
    assert f"jobs are on it ({job}), so it is still a member" in said.json["nodes"][blade]["why"]
    assert "DRAIN" in node(cluster, blade)
    assert state(cluster, job) == "RUNNING"

    with background(cluster, "release", blade, "--wait", "10min") as run:
        run.reaches(lambda: "waits for 1 job on" in run.text)
        cluster.inside(blade, "touch /run/go")
        assert run.process.wait(timeout=120) == 0, run.text
        cluster.inside(blade, "rm /run/go")
    assert blade not in cluster.states()
    assert slurmd(cluster, blade) == "inactive\ndisabled"
    kept = json.loads(cluster.ask(f"cat {ARCHIVE}"))["nodes"][blade.lower()]
    assert kept["record"] == before
    assert kept["disks"] is not None
    assert cluster.ask(f"stat --format=%a {ARCHIVE}") == "600"

    again = release(cluster, blade)
    assert again.code == 0, again.text
    assert again.json["nodes"][blade]["told"] == []

    back = cluster.slurm([blade])
    assert back.code == 0, back.text
    assert f"{blade.lower()} is back with the installation" in str(back.json["blades"][cluster.controller]["notes"])
    assert cluster.state(blade, "idle") == "idle"
    calm = cluster.slurm([blade])
    assert (calm.code, calm.json["changed"]) == (0, 0), calm.text


def test_a_job_that_does_not_end_in_time_keeps_its_blade(cluster: Lab, blade: str) -> None:
    job = submit(cluster, blade, "sleep 600")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    said = release(cluster, blade, "--wait", "1s")
    assert said.code == 1, said.text
    assert f"jobs are on it ({job}), so it is still a member: the time is over" in said.json["nodes"][blade]["why"]
    assert "Reason=provision: drain: release (" in node(cluster, blade)
    assert (cluster.states()[blade], state(cluster, job)) == ("draining", "RUNNING")
    assert slurmd(cluster, blade) == "active\nenabled"

    assert cluster.provision("resume", blade).code == 0
    assert state(cluster, job) == "RUNNING"
    assert "Restarts=0" in cluster.ask(f"scontrol show job {job}")
    # It takes jobs beside the one that runs.
    assert ended(cluster, submit(cluster, blade, "true")) == "COMPLETED"


def test_hardware_that_is_gone_takes_its_node_out_of_work(cluster: Lab, blade: str) -> None:
    job = submit(cluster, blade, "sleep 600")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    disks = records(cluster)[blade.lower()]["parts"]["disks"]
    put_on_record(cluster, blade, disks={**disks, GONE: 9000})

    said = cluster.slurm([blade])
    assert said.code == 1, said.text
    assert "disk wwn-0x5000c500aaaa0001 (9000 GB) -> gone" in said.failure(blade)
    assert "Reason=provision: hardware: disk wwn-0x5000c500aaaa0001" in node(cluster, blade)
    assert state(cluster, job) == "RUNNING"
    assert GONE in records(cluster)[blade.lower()]["parts"]["disks"]

    # It was plugged in again.
    put_on_record(cluster, blade, disks=disks)
    mended = cluster.slurm([blade])
    assert mended.code == 0, mended.text
    assert "the drain of an earlier run" in str(mended.json["blades"][blade]["notes"])
    assert "DRAIN" not in node(cluster, blade).split(" Reason=")[0]
    assert state(cluster, job) == "RUNNING"


def test_a_loss_is_accepted_by_name_and_a_drain_of_an_admin_stays(cluster: Lab, blade: str) -> None:
    disks = records(cluster)[blade.lower()]["parts"]["disks"]
    put_on_record(cluster, blade, disks={**disks, GONE: 9000})
    cluster.ask(f"scontrol update nodename={blade.lower()} state=drain reason='fans, says the admin'")
    assert cluster.slurm([blade]).code == 1
    assert "Reason=fans, says the admin" in node(cluster, blade)
    said = cluster.slurm([blade], f"--accept-hardware={blade}")
    assert said.code == 0, said.text
    assert records(cluster)[blade.lower()]["parts"]["disks"] == disks
    assert "Reason=fans, says the admin" in node(cluster, blade)
    cluster.ask(f"scontrol update nodename={blade.lower()} state=resume")


def test_another_board_is_shown_and_accepted_by_name(cluster: Lab, blade: str) -> None:
    put_on_record(cluster, blade, serial="CZ3111ABCD")
    before = records(cluster)
    shown = cluster.provision("replace", blade, "--check", "--json")
    assert shown.code == 0, shown.text
    assert {"what": "serial number", "old": "CZ3111ABCD", "new": "none"} in shown.json["board"]
    asked = cluster.provision("replace", blade)
    assert asked.code == 2, asked.text
    assert f"`provision replace {blade} --yes`" in asked.text
    assert records(cluster) == before

    said = cluster.provision("replace", blade, "--yes", "--json")
    assert said.code == 0, said.text
    assert records(cluster)[blade.lower()]["parts"]["serial"] == ""
    assert cluster.state(blade, "idle") == "idle"
    same = cluster.provision("replace", blade, "--yes")
    assert same.code == 1
    assert "nothing is to be replaced" in same.text


def test_a_plan_that_takes_the_role_away_says_so_and_a_check_touches_nothing(cluster: Lab, blade: str) -> None:
    text = cluster.plan.read_text()
    plan = yaml.safe_load(text)
    plan["tiers"]["store"] = {"slurm": []}
    plan["blades"][blade]["tier"] = "store"
    try:
        cluster.plan.write_text(yaml.safe_dump(plan, sort_keys=False))
        said = cluster.slurm(cluster.compute[:1])
        assert said.code == 0, said.text
        assert f"`provision release {blade.lower()}`" in str(said.json["blades"][cluster.controller]["notes"])
        assert cluster.states()[blade] == "idle"
        checked = release(cluster, blade, "--check")
        assert checked.code == 0, checked.text
        assert "unit slurmd.service: running -> stopped" in checked.json["nodes"][blade]["told"]
        assert cluster.states()[blade] == "idle"
        assert slurmd(cluster, blade) == "active\nenabled"
    finally:
        cluster.plan.write_text(text)


def test_one_that_is_off_is_released_too(cluster: Lab, blade: str) -> None:
    cluster.inside(blade, "systemctl stop ssh.socket ssh 2> /dev/null; systemctl stop slurmd")
    try:
        said = release(cluster, blade)
    finally:
        cluster.inside(blade, "systemctl start ssh")
    assert said.code == 0, said.text
    assert said.json["nodes"][blade]["result"] == "left"
    assert "its slurmd was not stopped" in said.json["nodes"][blade]["why"]
    assert blade not in cluster.states()
    assert release(cluster, blade).json["nodes"][blade]["result"] == "released"


def test_what_a_killed_command_left_the_next_one_finishes(cluster: Lab, blade: str) -> None:
    with background(cluster, "release", blade) as run:
        run.reaches(lambda: blade not in cluster.states())
        run.stop(signal.SIGKILL)
    said = release(cluster, blade)
    assert said.code == 0, said.text
    assert blade not in cluster.states()
    assert slurmd(cluster, blade) == "inactive\ndisabled"


def test_whoever_is_nowhere_is_refused_before_anything_is_touched(cluster: Lab, blade: str) -> None:
    said = cluster.provision("release", f"{blade},BLD-099")
    assert said.code == 2
    assert "BLD-099: neither in the plan nor in the cluster" in said.text
    assert cluster.states()[blade] == "idle"
    refused = cluster.provision("release", cluster.controller)
    assert refused.code == 2
    assert "Traceback" not in said.text + refused.text
