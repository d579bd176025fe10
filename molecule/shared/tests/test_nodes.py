"""All nodes of the plan are there and wait for work."""

from __future__ import annotations

from testinfra.host import Host

from tests.cluster.waiting import until


def test_every_node_is_idle(controller: Host, compute: dict[str, Host], members: dict[str, Host]) -> None:
    until(lambda: _states(controller) == dict.fromkeys(compute, "idle"))
    assert _states(controller) == dict.fromkeys(compute, "idle")


def _states(controller: Host) -> dict[str, str]:
    lines = controller.check_output("sinfo --noheader --Node --partition=all --format='%N %T'").splitlines()
    return dict(line.split() for line in lines)
