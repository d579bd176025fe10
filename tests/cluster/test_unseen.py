"""What nobody could look at is never shown as well: the controller is off, left out, or hangs, or a blade hangs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.labs import Lab, Said
from tests.cluster.plain import plain

# What a disk or a mount that does not answer any more does to a program: it is there and does nothing.
PATIENCE = 8
HANG = (
    "mv /usr/bin/python3 /usr/bin/python3.kept; "
    "printf '#!/bin/sh\\nkill -STOP $$\\n' > /usr/bin/python3; chmod 755 /usr/bin/python3"
)
WORK = "mv /usr/bin/python3.kept /usr/bin/python3; pkill -KILL -f '/bin/sh /usr/bin/pytho[n]3'; true"


@contextmanager
def harmed(cluster: Lab, blade: str, harm: str, mend: str) -> Iterator[None]:
    """A blade that does not work for a while."""
    cluster.inside(blade, harm)
    try:
        yield
    finally:
        cluster.inside(blade, mend)


def the_controller_is_told_once(cluster: Lab, said: Said, words: str, reason: str) -> None:
    assert said.code == 1, said.text
    assert words in said.failure(cluster.controller)
    others = {name: blade for name, blade in said.json["blades"].items() if name != cluster.controller}
    assert sorted(others) == sorted(cluster.compute)
    for blade in others.values():
        assert (blade["status"], blade["failure"]) == ("skipped", None)
        assert blade["skipped"] == reason


def test_without_the_controller_nothing_is_called_ok(cluster: Lab) -> None:
    nodes, lead = f"--nodes={','.join(cluster.compute)}", cluster.controller
    down, up = "systemctl stop ssh.socket ssh.service; pkill -x sshd; true", "systemctl start ssh.service"
    with harmed(cluster, lead, down, up):
        verified = cluster.provision("verify", nodes, "--json")
        converged = cluster.provision("slurm", nodes, "--json")
        shown = cluster.provision("verify", nodes)
    the_controller_is_told_once(
        cluster, verified, "SSH is refused", f"not looked at: the controller {lead} does not answer"
    )
    reason = f"not worked on: the controller {lead} failed or does not answer"
    the_controller_is_told_once(cluster, converged, "SSH is refused", reason)
    assert shown.code == 1
    assert "nothing to do" not in shown.text
    assert "not looked at: the controller" in shown.text


@pytest.mark.parametrize("playbook", ["slurm.yml", "verify.yml"])
def test_plain_ansible_without_the_controller_is_refused_in_one_sentence(cluster: Lab, playbook: str) -> None:
    with plain(cluster, playbook=playbook, blades=cluster.compute) as run:
        assert run.process.wait(timeout=60) == 2, run.text
        text = run.text
    sentence = f"the controller {cluster.controller} is not part of this run; next: add slurm_controller to --limit"
    assert text.count("fatal: ") == 1
    assert sentence in text


def test_a_blade_that_hangs_is_given_up_alone(cluster: Lab) -> None:
    broken, nodes = cluster.compute[0], f"--nodes={','.join(cluster.compute)}"
    with cluster.variables_of_the_site(provision_look_patience=PATIENCE), harmed(cluster, broken, HANG, WORK):
        said = cluster.provision("slurm", nodes, "--json")
    assert said.code == 3, said.text
    assert said.failure(broken).startswith(f"it hangs: no answer within {PATIENCE} s")
    assert "provision_look_patience" in said.failure(broken)
    assert said.json["phases"]["Preflight"] < 2 * PATIENCE
    for blade in set(cluster.compute) - {broken}:
        assert said.json["blades"][blade]["status"] == "ok"
        assert blade.removeprefix("BLD-") in said.json["verified"]


@pytest.mark.parametrize(
    ("verb", "reason"),
    [("slurm", "not worked on: the controller {} failed"), ("verify", "not looked at: the controller {} failed")],
)
def test_a_controller_that_hangs_is_given_up(cluster: Lab, verb: str, reason: str) -> None:
    lead, nodes = cluster.controller, f"--nodes={','.join(cluster.compute)}"
    with cluster.variables_of_the_site(provision_look_patience=PATIENCE), harmed(cluster, lead, HANG, WORK):
        said = cluster.provision(verb, nodes, "--json")
    more = " or does not answer" if verb == "slurm" else ""
    the_controller_is_told_once(cluster, said, f"it hangs: no answer within {PATIENCE} s", reason.format(lead) + more)
    assert said.json["seconds"] < 3 * PATIENCE
