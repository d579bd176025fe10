"""What a site sets, and what users and admins write into Slurm: one value is one value, and words are only words."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from provisioner.console_text import visible
from tests.cluster.labs import Lab

LIVE = "sha256sum /etc/slurm/slurm.conf /etc/slurm/nodes.json /etc/slurm/cgroup.conf"
# What can no longer be meant by a value of Slurm, and a value that can.
SETTINGS: dict[str, Any] = {
    "MessageTimeout": "60\nNodeName=evil CPUs=1",
    "SlurmctldHost[0]": "evil",
    "slurmuser ": "root",
    "TreeWidth": "16 NodeName=evil",
    "MailProg": "/bin/true # x",
    "Epilog": "/bin/true\\",
    "DebugFlags": ["Backfill"],
}


def config(lab: Lab) -> dict[str, str]:
    """What slurmctld works with, by key."""
    lines = [line.partition("=") for line in lab.ask("scontrol show config").splitlines() if " = " in line]
    return {key.strip(): value.strip() for key, _, value in lines}


def test_settings_that_slurm_would_read_otherwise_touch_nothing(cluster: Lab) -> None:
    before = cluster.ask(LIVE)
    for key, value in SETTINGS.items():
        with cluster.variables_of_the_site(slurmctld_config={key: value}):
            said = cluster.slurm([cluster.compute[0]])
        assert said.code == 2, said.text
        (problem,) = said.json["problems"]
        assert problem["wrong"].startswith("slurmctld_config"), problem
        assert "Traceback" not in said.text
    # What a template makes is known only while a run is at it.
    with cluster.variables_of_the_site(slurmctld_config="{{ my_settings }}", my_settings=SETTINGS):
        said = cluster.slurm([cluster.compute[0]])
    assert said.code == 1, said.text
    assert said.json["changed"] == 0, said.text
    failure = said.json["blades"][cluster.controller]["failure"]
    assert failure["message"].startswith("slurmctld_config"), failure
    assert "Traceback" not in said.text
    assert cluster.ask(LIVE) == before
    again = cluster.slurm([cluster.compute[0]])
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_settings_that_are_taken_mean_to_slurm_what_they_say(cluster: Lab) -> None:
    """Slurm's own parser, for values with the characters that it treats in its own way."""
    wanted = {
        "SchedulerParameters": "bf_window=100,default_queue_depth=7",
        "MailProg": "/bin/false",
        "MaxArraySize": 2001,
    }
    before = config(cluster)
    with cluster.variables_of_the_site(slurmctld_config=wanted):
        said = cluster.slurm([cluster.compute[0]])
        assert said.code == 0, said.text
        shown = config(cluster)
        assert {key: shown[key] for key in wanted} == {key: str(value) for key, value in wanted.items()}
        assert shown.keys() == before.keys()
    assert cluster.slurm([cluster.compute[0]]).code == 0


REASONS = {
    "a forged row": "x\nNodeName={other} State=DOWN+DRAIN Reason=evil",
    "markup": "[/foo] fan",
    "a bracket": "link [eth0] down",
    "escapes": "\x1b[2J\x1b[31mred",
    "a template": "{{ lookup('pipe', 'touch /tmp/pwned-by-a-reason') }}",
}


@pytest.mark.parametrize("name", REASONS)
def test_a_reason_and_a_job_are_only_words(cluster: Lab, name: str) -> None:
    drained, other = cluster.compute[:2]
    reason = REASONS[name].format(other=other.lower()) if "{other}" in REASONS[name] else REASONS[name]
    job = f"x\nNodeName={other.lower()} State=DOWN n[1-30000000]"
    quoted = {key: shlex.quote(value) for key, value in {"reason": reason, "job": job}.items()}
    cluster.ask(f"scontrol update nodename={drained.lower()} state=drain reason={quoted['reason']}")
    number = cluster.ask(
        f"sbatch --parsable --uid=nobody --chdir=/tmp --output=/dev/null --job-name={quoted['job']} --wrap 'sleep 300'"
    )
    try:
        # Wide: words about another blade would leave the reason no room, and it would go on in the next line.
        said = cluster.provision("status", COLUMNS="400")
        as_json = cluster.provision("status", "--json")
        slurm = cluster.provision("slurm", f"--nodes={drained}")
    finally:
        cluster.ask(f"scancel {number}; scontrol update nodename={drained.lower()} state=resume")
    nodes = {node["blade"]: node for node in as_json.json["nodes"]}
    assert nodes[drained]["reason"] == reason
    assert nodes[other]["state"].split("+")[0] in ("idle", "mixed", "allocated")
    assert nodes[other]["reason"] == ""
    rows = [line for line in said.out.splitlines() if line.startswith(other)]
    assert len(rows) == 1
    for text in (said.text, slurm.text):
        assert "Traceback" not in text
        assert all(line.isprintable() for line in text.split("\n"))
    assert visible(reason) in said.out, said.out
    assert (said.code, slurm.code) == (0, 0), slurm.text
    assert not Path("/tmp/pwned-by-a-reason").exists()
