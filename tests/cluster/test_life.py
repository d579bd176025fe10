"""What happens to a cluster in years: hardware goes, plans change, the controller is lost."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.as_found import forget_reasons
from tests.cluster.labs import Lab
from tests.cluster.size import RELEASES
from tests.cluster.waiting import until

REGISTRY = "/etc/slurm/nodes.json"


@pytest.fixture(scope="module", params=RELEASES)
def lonely(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster of its own for what would harm the others: a controller and two compute blades."""
    made = Lab("test-life", 2, 1, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.up()
        said = made.slurm(_members(made))
        assert said.code == 0, said.text
        yield made
    finally:
        made.lab("down")


def _members(lab: Lab) -> list[str]:
    return [*lab.compute, lab.spare]


@contextmanager
def _changed_plan(lab: Lab, change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """The lab with another plan for a while."""
    before = lab.plan.read_text()
    plan = yaml.safe_load(before)
    change(plan)
    lab.plan.write_text(yaml.safe_dump(plan, sort_keys=False))
    try:
        yield
    finally:
        lab.plan.write_text(before)


def _settled(lab: Lab, blade: str) -> str:
    """The fingerprint of a blade without what running daemons of Slurm save."""
    return "\n".join(line for line in lab.fingerprint(blade).splitlines() if "/var/lib/slurm/slurm" not in line)


def _records(lab: Lab) -> dict[str, Any]:
    """The registry's records by node name."""
    nodes: dict[str, Any] = json.loads(lab.ask(f"cat {REGISTRY}"))["nodes"]
    return nodes


def _put_memory_on_record(lab: Lab, blade: str, memory_mib: int) -> None:
    """Lets the registry remember more memory (MiB) than the blade has."""
    registry = json.loads(lab.ask(f"cat {REGISTRY}"))
    registry["nodes"][blade.lower()]["hardware"]["memory_mib"] = memory_mib
    lab.ask(f"printf '%s\\n' {shlex.quote(json.dumps(registry, indent=2, sort_keys=True))} > {REGISTRY}")


def test_lost_memory_is_shown_and_written_down_only_when_accepted(cluster: Lab) -> None:
    forget_reasons(cluster)
    blade, other = cluster.compute[:2]
    real = _records(cluster)[blade.lower()]["hardware"]["memory_mib"]
    _put_memory_on_record(cluster, blade, 2 * real)

    said = cluster.slurm([blade, other])

    assert said.code == 3, said.text
    assert "its hardware is less than on record" in said.failure(blade)
    assert f"memory {2 * real} -> {real} MiB" in said.failure(blade)
    assert f"--accept-hardware {blade}" in said.failure(blade)
    assert said.json["blades"][other]["status"] == "ok"
    assert _records(cluster)[blade.lower()]["hardware"]["memory_mib"] == 2 * real
    alone = cluster.slurm([blade])
    assert alone.code == 1, alone.text
    assert "its hardware is less than on record" in alone.failure(blade)

    accepted = cluster.slurm([blade, other], f"--accept-hardware={blade}")
    # what is discovered moves by some MiB
    assert abs(_records(cluster)[blade.lower()]["hardware"]["memory_mib"] - real) <= 64
    # The drain that Slurm made for the loss goes in the same run.
    assert accepted.code == 0, accepted.text
    assert cluster.state(blade, "idle") == "idle"
    verified = cluster.provision("verify", f"--nodes={blade},{other}")
    assert verified.code == 0, verified.text
    again = cluster.slurm([blade, other])
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_a_blade_moves_to_another_tier_and_back(cluster: Lab) -> None:
    blade = cluster.compute[1]
    cluster.inside(blade, "echo kept > /scratch/of-a-user")

    def to_thin(plan: dict[str, Any]) -> None:
        plan["blades"][blade]["tier"] = "thin"

    try:
        with _changed_plan(cluster, to_thin):
            said = cluster.slurm([blade])
            assert said.code == 0, said.text
            assert _partitions(cluster, blade) == {"all", "thin"}
            assert _records(cluster)[blade.lower()]["tier"] == "thin"
            assert cluster.ask(f"srun --partition=thin --nodelist={blade.lower()} hostname") == blade.lower()
            again = cluster.slurm([blade])
            assert (again.code, again.json["changed"]) == (0, 0), again.text
    finally:
        said = cluster.slurm([blade])
    assert said.code == 0, said.text
    assert _partitions(cluster, blade) == {"all", "medium"}
    assert cluster.inside(blade, "cat /scratch/of-a-user && rm /scratch/of-a-user") == "kept"


def _partitions(lab: Lab, blade: str) -> set[str]:
    """The partitions that slurmctld has the node in."""
    shown = lab.ask(f"scontrol --oneliner show node {blade.lower()}")
    return set(re.findall(r"\bPartitions=(\S+)", shown)[0].split(","))


def test_status_of_a_cluster_without_slurmctld_is_one_sentence(cluster: Lab) -> None:
    cluster.ask("systemctl stop slurmctld")
    try:
        said = cluster.provision("status")
        as_json = cluster.provision("status", "--json")
    finally:
        cluster.ask("systemctl start slurmctld")
        until(lambda: cluster.ask("scontrol ping >/dev/null 2>&1 && echo up || true") == "up")
    assert said.code == 1, said.text
    assert "down" in said.text
    assert cluster.controller in said.text
    assert "next:" in said.text
    assert "Traceback" not in said.text
    assert as_json.code == 1, as_json.text
    assert "Traceback" not in as_json.text
    healthy = cluster.provision("status")
    assert healthy.code == 0, healthy.text


def test_a_controller_that_moves_in_the_plan_is_refused(lonely: Lab) -> None:
    old, new = lonely.controller, lonely.spare
    before = {name: _settled(lonely, name) for name in (old, new)}

    def move(plan: dict[str, Any]) -> None:
        plan["cluster"]["controller"] = new
        plan["blades"][new]["tier"] = "fat"
        plan["blades"][old]["tier"] = "thin"

    with _changed_plan(lonely, move):
        said = lonely.slurm([old, *lonely.compute])
    after = {name: _settled(lonely, name) for name in (old, new)}
    assert said.code == 1, said.text
    assert "runs slurmctld although the plan says otherwise" in said.failure(old)
    assert "Traceback" not in said.text
    assert said.json["changed"] == 0, said.text
    assert after == before
    assert "is UP" in lonely.ask("scontrol ping")
    said = lonely.slurm(_members(lonely))
    assert (said.code, said.json["changed"]) == (0, 0), said.text


def test_a_reimaged_controller_replaces_no_cluster_unasked(lonely: Lab, tmp_path: Path) -> None:
    blade, members = lonely.compute[0], _members(lonely)
    lonely.lab("reimage", lonely.controller)
    watched = [lonely.controller, blade]
    # a login leaves its own traces, so one comes before the comparison
    assert lonely.provision("lab", "ssh", lonely.controller, "true").code == 0
    before = {name: _settled(lonely, name) for name in watched}

    said = lonely.slurm([blade])

    assert said.code == 1, said.text
    assert "lost its registry" in said.failure(blade)
    assert "backup" in said.failure(blade)
    assert "--new-cluster" in said.failure(blade)
    assert "Traceback" not in said.text
    after = {name: _settled(lonely, name) for name in watched}
    for name in watched:
        # two files for the one who has to find the difference
        (tmp_path / f"{name}.before").write_text(before[name])
        (tmp_path / f"{name}.after").write_text(after[name])
    assert after == before, f"something was changed, compare the files in {tmp_path}"

    anew = lonely.slurm(members, "--new-cluster")
    assert anew.code == 0, anew.text
    assert {name: lonely.state(name, "idle") for name in members} == dict.fromkeys(members, "idle")
    hosts = lonely.ask("srun --nodes=2 --ntasks=2 hostname | sort").split()
    assert hosts == sorted(name.lower() for name in members)
    again = lonely.slurm(members)
    assert (again.code, again.json["changed"]) == (0, 0), again.text
