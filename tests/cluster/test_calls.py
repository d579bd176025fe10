"""How much a run asks of the blades: exact counts, which no busy machine changes."""

from __future__ import annotations

from tests.cluster.labs import Lab


def logins(lab: Lab, blade: str) -> int:
    """How often somebody has logged in over SSH since the blade booted."""
    return int(lab.inside(blade, "journalctl --quiet --no-pager _COMM=sshd _COMM=sshd-session | grep -c Accepted"))


def test_a_blade_that_is_right_costs_one_call_and_one_connection(cluster: Lab) -> None:
    blades = [cluster.controller, *cluster.compute]
    before = {blade: logins(cluster, blade) for blade in blades}

    said = cluster.slurm(cluster.compute)

    assert (said.code, said.json["changed"]) == (0, 0), said.text
    calls = {name: blade["modules"] for name, blade in said.json["blades"].items()}
    # The second one on the controller proves the cluster.
    assert calls == {cluster.controller: 2, **dict.fromkeys(cluster.compute, 1)}
    assert {blade: logins(cluster, blade) - before[blade] for blade in blades} == dict.fromkeys(blades, 1)


def test_the_controller_is_asked_no_more_for_many_nodes_than_for_one(cluster: Lab) -> None:
    def calls(blades: list[str]) -> int:
        said = cluster.slurm(blades)
        assert said.code == 0, said.text
        return int(said.json["blades"][cluster.controller]["modules"])

    assert calls(cluster.compute[:1]) == calls(cluster.compute)
