"""Who is out of work already counts in a rolling run, however it came about, and a partition keeps its last node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.job_tmp import node
from tests.cluster.labs import Lab
from tests.cluster.rolled import batches, differ, drained, free_members, is_mended, rolling
from tests.cluster.waiting import until


@pytest.fixture
def rolls(cluster: Lab) -> Iterator[Lab]:
    """Free members in sync and nobody else, and so again afterwards."""
    with free_members(cluster):
        yield cluster


def test_whoever_is_away_counts(rolls: Lab) -> None:
    lab, (first, second) = rolls, rolls.compute[:2]
    differ(lab, first)
    lab.ask(f"scontrol update nodename={second.lower()} state=drain reason=fans")
    said = rolling(lab)
    assert said.code == 3, said.text
    assert f"1 node is away already ({second}) and at most 1 may be" in said.json["rolling"]["left"][first]
    assert (is_mended(lab, first), drained(lab)) == (False, [second])


POWER = "SuspendProgram=/bin/true\\nResumeProgram=/bin/true\\nSuspendTime=360000\\nSuspendTimeout=10\\n"
# How a node goes out of work without a drain, and how slurmctld calls it then.
OUTAGES = {"off": "NOT_RESPONDING", "slurmd stopped": "NOT_RESPONDING", "powered down": "POWERED_DOWN"}


@pytest.fixture(params=OUTAGES)
def silent(rolls: Lab, request: pytest.FixtureRequest) -> Iterator[str]:
    """A node that is out of work as slurmctld has found; a free member afterwards."""
    lab, name, kind = rolls, rolls.compute[1], request.param
    if kind == "powered down":
        lab.ask(f"printf '{POWER}' >> /etc/slurm/slurm.conf; systemctl restart slurmctld")
        assert lab.state(name, "idle", 60) == "idle"
        lab.ask(f"scontrol update nodename={name.lower()} state=power_down_force")
    if kind == "off":
        lab.lab("off", name)
    else:
        lab.inside(name, "systemctl stop slurmd")
    try:
        if kind != "powered down":
            # Whoever does not answer is known at once then.
            lab.tried(lab.controller, "scontrol reconfigure")
        assert until(lambda: OUTAGES[kind] in node(lab, name), 200), node(lab, name)
        assert drained(lab) == []
        yield name
    finally:
        if kind == "off":
            lab.lab("on", name)
        else:
            lab.inside(name, "systemctl start slurmd")
        # A run puts slurm.conf right, too.
        said = lab.slurm(lab.compute)
        assert said.code in (0, 3), said.text
        if kind == "powered down":
            lab.ask(f"scontrol update nodename={name.lower()} state=power_up; true")
            lab.ask("systemctl restart slurmctld")
        assert lab.state(name, "idle", 120) == "idle"


def test_whoever_does_not_answer_counts(rolls: Lab, silent: str) -> None:
    lab, first = rolls, rolls.compute[0]
    differ(lab, first)
    said = lab.slurm([first], "--rolling")
    assert said.code == 3, said.text
    assert f"1 node is away already ({silent}) and at most 1 may be" in said.json["rolling"]["left"][first]
    assert (is_mended(lab, first), drained(lab)) == (False, [])
    # With room for one more it is done, and the other one is not touched.
    said = lab.slurm([first], "--rolling", "--max-unavailable=2", "--allow-empty-partition")
    assert (said.code, batches(said)) == (0, [[first]]), said.text
    assert (is_mended(lab, first), drained(lab)) == (True, [])


def test_the_last_node_of_a_partition_needs_a_word(rolls: Lab) -> None:
    lab, first = rolls, rolls.compute[0]
    differ(lab, first)
    # As far as partition all goes, too.
    for name in lab.compute[1:]:
        lab.ask(f"scontrol update nodename={name.lower()} state=drain reason=fans")
    most = f"--max-unavailable={len(lab.compute)}"
    said = rolling(lab, most)
    assert said.code == 3, said.text
    assert "is the last node of partition all" in said.json["rolling"]["left"][first]
    said = rolling(lab, most, "--allow-empty-partition")
    assert said.code == 0, said.text
    assert is_mended(lab, first)
