"""The first run, the one after it, and check mode before and after."""

from __future__ import annotations

from tests.cluster.labs import FirstRun, Lab, VirginCheck


def test_virgin_blades_are_not_called_verified(lab: Lab, virgin_check: VirginCheck) -> None:
    said = virgin_check.verified
    assert said.code == 1, said.text
    assert said.failure(lab.controller).startswith("it has no Slurm, so there is no cluster yet; `provision slurm`")
    for blade in lab.compute:
        assert said.json["blades"][blade]["status"] == "skipped"
        assert said.json["blades"][blade]["skipped"] == f"not looked at: the controller {lab.controller} failed"


def test_check_on_virgin_blades_says_what_would_change(lab: Lab, virgin_check: VirginCheck) -> None:
    assert virgin_check.said.code == 0, virgin_check.said.text
    blades = virgin_check.said.json["blades"]
    assert set(blades) == {lab.controller, *lab.compute}
    assert all(blade["changed"] for blade in blades.values()), blades


def test_check_on_virgin_blades_says_exactly_what_the_run_changes(
    virgin_check: VirginCheck, first_run: FirstRun
) -> None:
    shown, did = virgin_check.said.json["blades"], first_run.said.json["blades"]
    assert {name: sorted(blade["changed"]) for name, blade in shown.items()} == {
        name: sorted(blade["changed"]) for name, blade in did.items()
    }


def test_check_on_virgin_blades_changes_nothing(virgin_check: VirginCheck) -> None:
    for blade, before in virgin_check.before.items():
        gone = set(before.splitlines()) - set(virgin_check.after[blade].splitlines())
        come = set(virgin_check.after[blade].splitlines()) - set(before.splitlines())
        assert (gone, come) == (set(), set()), blade


def test_the_first_run_makes_a_cluster_of_all_blades(lab: Lab, virgin_check: VirginCheck, first_run: FirstRun) -> None:
    assert first_run.said.code == 0, first_run.said.text
    for blade, before in virgin_check.before.items():
        assert lab.fingerprint(blade) != before, "the comparison of the check above sees nothing at all"
    assert {name: lab.state(name, "idle") for name in lab.compute} == dict.fromkeys(lab.compute, "idle")
    assert set(first_run.states) == set(lab.compute), "a blade that nobody named became a node"
    hosts = lab.ask(f"srun --nodelist={','.join(lab.compute).lower()} --ntasks-per-node=1 hostname").split()
    assert sorted(hosts) == [name.lower() for name in lab.compute]


def test_the_second_run_changes_nothing(cluster: Lab) -> None:
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text
    assert {name: blade["changed"] for name, blade in said.json["blades"].items() if blade["changed"]} == {}


def test_check_on_a_cluster_that_is_right_would_change_nothing(cluster: Lab) -> None:
    said = cluster.slurm(cluster.compute, "--check")
    assert said.code == 0, said.text
    assert said.json["changed"] == 0


def test_verify_proves_it_again(cluster: Lab) -> None:
    said = cluster.provision("verify", f"--nodes={','.join(cluster.compute)}", "--json")
    assert said.code == 0, said.text
    assert said.json["changed"] == 0
