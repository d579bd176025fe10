"""A blade that somebody took over answers what he likes: it fails by itself, and nothing else changes.

Each case of `hostile_answers.MUTATIONS` is a piece of Python that changes the answers of all modules on one member. The
other member converges, the files of the controller stay as they were, and nothing runs on this machine.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.hostile_answers import EVERY_TEXT, FREE_TEXT, MUTATIONS, Mutation
from tests.cluster.labs import Lab, Said
from tests.cluster.taken_over import mutate, taken_over

LIVE = "sha256sum /etc/slurm/slurm.conf /etc/slurm/nodes.json /etc/slurm/cgroup.conf"
MEMORY_MIB = 600


@pytest.fixture(scope="module")
def hostile(cluster: Lab) -> Iterator[str]:
    """A member whose interpreter is not its own any more."""
    with taken_over(cluster, cluster.compute[1]):
        yield cluster.compute[1]


def run(lab: Lab, hostile: str, mutation: Mutation, *words: str) -> Said:
    """A run over both members that changes nothing but what is said about the hostile one."""
    before = lab.ask(LIVE)
    mutate(lab, hostile, mutation.code)
    try:
        said = lab.slurm([lab.compute[0], hostile], *words)
    finally:
        mutate(lab, hostile, "pass")
    assert "Traceback" not in said.text
    assert lab.ask(LIVE) == before
    assert said.code in ((0, 3) if mutation.harmless else (3,)), said.text
    assert said.json["blades"][lab.compute[0]]["status"] == "ok", said.text
    assert said.json["blades"][lab.controller]["status"] == "ok", said.text
    return said


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_hostile_answer_fails_its_own_blade_only(cluster: Lab, hostile: str, name: str) -> None:
    mutation = MUTATIONS[name]
    said = run(cluster, hostile, mutation)
    if mutation.harmless and said.code == 0:
        return
    failure = said.json["blades"][hostile]["failure"]
    assert "\n" not in failure["message"]
    for word in mutation.words:
        assert word in failure["message"], failure
    assert not failure["ours"] or "curl" not in failure["next_step"]
    assert "next:" not in failure["message"].lower()


@pytest.mark.parametrize("code", [FREE_TEXT, EVERY_TEXT], ids=["free text", "every text"])
def test_nothing_that_a_node_says_is_a_template(cluster: Lab, hostile: str, tmp_path: Path, code: str) -> None:
    marker = tmp_path / "pwned"
    words = "{{ lookup('pipe', 'touch MARKER') }}{% if lookup('pipe', 'touch MARKER') %}{% endif %}".replace(
        "MARKER", str(marker)
    )
    for verb in ("slurm", "verify", "disks"):
        mutate(cluster, hostile, f"WORD = {words!r}\n{code}")
        try:
            said = cluster.provision(verb, f"--nodes={cluster.compute[0]},{hostile}", "--json")
        finally:
            mutate(cluster, hostile, "pass")
        assert "Traceback" not in said.text
        assert said.code in (0, 3), said.text
        assert not marker.exists(), verb
    honest = cluster.slurm([cluster.compute[0], hostile])
    assert honest.code == 0, honest.text
    assert not marker.exists()


@pytest.mark.parametrize("name", ["120 MB in a key", "120 MB of values", "16 MB of lists", "16 MB of lines"])
def test_megabytes_cost_little_memory(cluster: Lab, hostile: str, name: str) -> None:
    """Of the biggest process of the run; its blade says as much as it can to every module."""
    mutate(cluster, hostile, MUTATIONS[name].code)
    try:
        command = cluster.command("slurm", f"--nodes={cluster.compute[0]},{hostile}", "--json")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=cluster.variables()) as running:
            _, status, usage = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
    finally:
        mutate(cluster, hostile, "pass")
    assert running.returncode == 3
    assert usage.ru_maxrss // 1024 < MEMORY_MIB


def test_a_node_cannot_replace_its_facts_after_it_was_looked_at(cluster: Lab, hostile: str) -> None:
    """Every module may set facts; those of a later one would have passed no check of the preflight."""
    code = """
import pathlib
kept = pathlib.Path("/root/facts")
if blade is not None:
    kept.write_text(json.dumps(blade))
else:
    blade = json.loads(kept.read_text())
    blade["slurmd_c"] = "NodeName=x CPUs=70000 Sockets=1 CoresPerSocket=1 ThreadsPerCore=1 RealMemory=-1"
    data["ansible_facts"] = {"blade": blade}
"""
    before = cluster.ask(LIVE)
    mutate(cluster, hostile, f"import json\n{code}")
    try:
        said = cluster.slurm([cluster.compute[0], hostile], "--full")
    finally:
        mutate(cluster, hostile, "pass")
    assert "Traceback" not in said.text
    assert said.json["blades"][cluster.compute[0]]["status"] == "ok", said.text
    assert cluster.ask(LIVE) == before
