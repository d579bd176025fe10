"""What a site may set is exactly what Slurm then reads: no key more, none less, no other value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.inventory import inventory
from provisioner.plan.load import load_plan
from provisioner.run.diagnose import diagnose
from provisioner.slurm.config import CGROUP_SETTINGS, merge_settings, slurm_config
from provisioner.slurm.settings import settings_problems, site_problems
from tests.contracts.ansible_files import ROOT
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
NODES = {"bld-008": record()}
PARTITIONS: list[Mapping[str, Any]] = [
    {"name": "medium", "tier": "medium", "max_time": "1-00:00:00", "priority_tier": 10}
]
NAMED = {"name": "Gpu.x", "nodes": ["bld-008"], "max_time": "90", "priority_tier": 1, "keys": {"Default": "YES"}}
TEMPLATE = (ROOT / "roles" / "slurmctld" / "templates" / "slurm.conf.j2").read_text()
# What Slurm's parser takes for a pair (src/common/parse_config.c): the rest of the line is read on.
PAIR = re.compile(r'\s*([A-Za-z0-9_.]+)\s*([-*+/]?)=\s*("([^"]*)"|([^\s]*))(\s|$)')
PIECES = [
    "60", "YES", "a,b=c", "/bin/true", "#", "\n", "\r", "\x00", "\\", "\\\n", '"', "'", " ", "\t", "NodeName=evil",
    "Include /x", "\u2028", "\x85", "é", "[0]", ";", "{{ 1 }}", "x y",
]  # fmt: skip
keys = st.sampled_from(
    ["MessageTimeout", "messagetimeout", "SlurmctldHost[0]", "slurmuser ", "Include", "NodeName", "TreeWidth",
     "MailProg", "Epilog", " Prolog", "DebugFlags+", "a b", "x=y", "", "#", "\n", "DownNodes", "NodeSet"]
) | st.text(max_size=6)  # fmt: skip
values: st.SearchStrategy[Any] = (
    st.lists(st.sampled_from(PIECES), max_size=3).map("".join)
    | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)  # fmt: skip
settings = st.dictionaries(keys, values, max_size=5)


def read_as_slurm(text: str) -> list[tuple[str, str]]:
    """Keys and values of a file in the way of Slurm: comments, continued lines, blanks and quotes."""
    found = []
    waiting = ""
    for raw in re.split("\n", text.split("\0")[0]):
        line = waiting + re.sub(r"(?<!\\)#.*", "", raw)
        if line.endswith("\\"):
            waiting = line[:-1]
            continue
        waiting = ""
        if re.match(r"\s*include\s", line, re.IGNORECASE):
            found.append(("include", line))
            continue
        while line.strip():
            pair = PAIR.match(line)
            if pair is None:
                found.append(("?", line))
                break
            found.append((pair[1].lower() + pair[2], pair[4] if pair[4] is not None else pair[5]))
            line = line[pair.end() :]
    return found


def rendered(site: dict[str, Any]) -> str:
    model = slurm_config(CLUSTER, NODES, PARTITIONS, site)
    return str(jinja2.Template(TEMPLATE, keep_trailing_newline=True, trim_blocks=True).render(__slurmctld_model=model))


def intended(site: dict[str, Any]) -> list[tuple[str, str]]:
    """What stands in the file without the site, with the site's keys instead of ours."""
    merged = slurm_config(CLUSTER, NODES, PARTITIONS, site)
    pairs = [(key.lower(), str(value).strip('"')) for key, value in merged["settings"].items()]
    return pairs + [
        (key.lower(), value) for line in merged["lines"] for key, value in (p.split("=", 1) for p in line.split())
    ]


def test_the_parser_sees_what_a_bad_value_would_do() -> None:
    """Without it the property below would hold of nothing."""
    assert ("nodename", "evil") in read_as_slurm("MessageTimeout=60\nNodeName=evil")
    assert read_as_slurm("A=1 B=2#x\nC=\\\n3") == [("a", "1"), ("b", "2"), ("c", "3")]


@given(settings)
def test_slurm_reads_exactly_what_was_meant(site: dict[str, Any]) -> None:
    taken: dict[str, Any] = {}
    for key, value in site.items():
        if not settings_problems({**taken, key: value}):
            taken[key] = value
    assert read_as_slurm(rendered(taken)) == intended(taken)


@given(settings)
def test_any_settings_are_taken_or_refused_with_sentences(site: dict[str, Any]) -> None:
    for name in ("slurmctld_config", "slurmctld_cgroup_config"):
        problems = site_problems({name: site})
        for problem in problems:
            assert problem.isprintable()
            found = diagnose({"msg": problem}, "Refuse", "ansible.builtin.fail")
            assert found.next_step.endswith("group_vars beside the plan")
            assert len(problem) < 1000
        if not problems:
            merge_settings(CGROUP_SETTINGS, site)


BAD: dict[str, tuple[Any, str]] = {
    "a line": ({"MessageTimeout": "60\nNodeName=evil"}, "MessageTimeout has a line break"),
    "a carriage return": ({"MessageTimeout": "60\rNodeName=evil"}, "has a line break"),
    "a null": ({"MessageTimeout": "60\0"}, "has a line break"),
    "a second pair": ({"MessageTimeout": "60 NodeName=evil"}, "has a blank"),
    "a comment": ({"MessageTimeout": "60 # x"}, "has a blank"),
    "a comment without a blank": ({"MessageTimeout": "60#x"}, "has a blank, a quote, #"),
    "a continued line": ({"MessageTimeout": "60\\"}, "has a blank, a quote, # or a backslash"),
    "half a quote": ({"MailProg": '"/bin/true'}, "has a blank, a quote"),
    "a list": ({"DebugFlags": ["Backfill"]}, "DebugFlags is no text and no number; write a list as Slurm does"),
    "a mapping": ({"Epilog": {"a": 1}}, "Epilog is no text"),
    "not a number": ({"Weight": float("nan")}, "Weight is no text"),
    "an index": ({"SlurmctldHost[0]": "evil"}, "keys that are none of Slurm's: 'SlurmctldHost[0]'"),
    "a trailing blank": ({"slurmuser ": "root"}, "keys that are none of Slurm's: 'slurmuser '"),
    "a leading blank": ({" SlurmUser": "root"}, "keys that are none of Slurm's"),
    "no text": ({5: "x"}, "keys that are none of Slurm's: 5"),
    "twice": ({"MessageTimeout": 1, "messagetimeout": 2}, "sets messagetimeout twice"),
    "include": ({"include": "/etc/x"}, "may not set include"),
    "no mapping": ("MessageTimeout=60", "has to be keys with values"),
    "too long": ({"SchedulerParameters": "x" * 5000}, "has more than 4000 characters"),
    **{
        key: ({key: "x"}, f"may not set {key}")
        for key in ("NodeName", "NodeSet", "DownNodes", "FrontendName", "PartitionName", "SwitchName", "ControlMachine")
    },
}


@pytest.mark.parametrize("case", BAD)
def test_what_slurm_would_read_otherwise_is_refused(case: str) -> None:
    site, words = BAD[case]
    problems = settings_problems(site)
    assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize("key", ["nodename", "Include"])
def test_cgroup_conf_has_no_lines_of_another_kind(key: str) -> None:
    (problem,) = settings_problems({key: "x"}, "slurmctld_cgroup_config")
    assert problem.startswith(f"slurmctld_cgroup_config may not set {key}: ")
    assert settings_problems({"SlurmUser": "x"}, "slurmctld_cgroup_config") == []


@pytest.mark.parametrize(
    "value", ['"a b"', "a=b,c=d", "/bin/true", "10.0.0.1(x)", "", "100%", "task=30", 60, 0.5, True, None]
)
def test_what_slurm_knows_stays_possible(value: Any) -> None:
    assert settings_problems({"LaunchParameters": value}) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"slurmctld_cluster": {**CLUSTER, "name": "x\nNodeName=evil"}}, "slurmctld_cluster: name cannot stand"),
        ({"slurmctld_cluster": {**CLUSTER, "address": "x)"}}, "slurmctld_cluster: address"),
        ({"slurmctld_cluster": "x"}, "slurmctld_cluster has to be named values"),
        (
            {"slurmctld_partitions": [{**PARTITIONS[0], "max_time": "1\nNodeName=evil"}]},
            "slurmctld_partitions: max_time",
        ),
        ({"slurmctld_partitions": [{**PARTITIONS[0], "name": "a b"}]}, "slurmctld_partitions: name"),
        ({"slurmctld_switches": "rack-a"}, "slurmctld_switches has to be a switch by node name"),
        ({"slurmctld_switches": {"a b": "rack-a"}}, "slurmctld_switches: 'a b' is no name of a node"),
        ({"slurmctld_switches": {"n1": "a\nSwitchName=b"}}, "slurmctld_switches: 'a\\nSwitchName=b' is no"),
        ({"slurmctld_switches": {"n1": ["a"]}}, "slurmctld_switches: ['a'] is no name of a switch"),
        ({"slurmctld_partitions": [5]}, "slurmctld_partitions has to be named values"),
        ({"slurmctld_partitions": [{**NAMED, "name": "a b"}]}, "slurmctld_partitions: name"),
        ({"slurmctld_partitions": [{**NAMED, "nodes": "bld-008"}]}, "slurmctld_partitions: nodes"),
        ({"slurmctld_partitions": [{**NAMED, "nodes": ["a b"]}]}, "slurmctld_partitions: nodes"),
        ({"slurmctld_partitions": [{**NAMED, "default_time": "soon"}]}, "slurmctld_partitions: default_time"),
        ({"slurmctld_partitions": [{**NAMED, "keys": {"Nodes": "ALL"}}]}, "slurmctld_partitions: keys: 'Nodes' is not"),
        (
            {"slurmctld_partitions": [{**NAMED, "keys": {"QOS": "a\nNodeName=evil"}}]},
            "slurmctld_partitions: keys: QOS cannot",
        ),
        ({"slurmctld_partitions": [{**NAMED, "keys": [1]}]}, "slurmctld_partitions: keys has to be named values"),
        ({"slurmctld_preemption": {"by": "qos"}}, "slurmctld_preemption: mode cannot"),
        ({"slurmctld_preemption": {"by": "x", "mode": "cancel"}}, "slurmctld_preemption: by cannot"),
        ({"slurmctld_preemption": {"by": "qos", "mode": "suspend"}}, "slurmctld_preemption: Slurm 22.05"),
        ({"slurmctld_preemption": 5}, "slurmctld_preemption has to be named values"),
        ({"slurmctld_default_time": "a day"}, "slurmctld_default_time is no time"),
        ({"slurmctld_default_time": None}, "slurmctld_default_time is no time"),
        (
            {"slurmctld_preemption": {"by": "qos", "mode": "cancel"}, "slurmctld_config": {"preemptType": "x"}},
            "slurmctld_config may not set preemptType: the plan",
        ),
        ({"scratch_mount_point": "/scratch\nNodeName=evil"}, "scratch_mount_point is no folder"),
        ({"scratch_mount_point": "/a/../etc"}, "scratch_mount_point is no folder"),
        ({"scratch_mount_point": "/"}, "scratch_mount_point is no folder"),
        ({"scratch_mount_point": 5}, "scratch_mount_point is no folder"),
        ({"slurmctld_tmp_fs": "/scratch\nNodeName=evil"}, "slurmctld_tmp_fs is no folder"),
        ({"jobtmp_mount_point": "/scratch; reboot"}, "jobtmp_mount_point is no folder"),
    ],
)
def test_variables_over_the_plan_are_checked_too(given: dict[str, Any], words: str) -> None:
    (problem,) = site_problems(given)
    assert problem.startswith(words)


def test_what_the_plan_makes_has_no_problem() -> None:
    given = {"slurmctld_cluster": CLUSTER, "slurmctld_partitions": PARTITIONS, "scratch_mount_point": "/srv/scratch"}
    assert site_problems(given) == []
    told = inventory(load_plan(ROOT / "tests/plans/partitions-named/plan.yml"))["all"]["vars"]
    assert site_problems(told) == []
    assert len(told["slurmctld_partitions"]) == 5


@pytest.mark.parametrize("change", [{"tier": "a b"}, {"tier": "x\nNodeName=evil"}, {"address": "1.2.3.4 State=DOWN"}])
def test_no_record_breaks_a_line(change: dict[str, str]) -> None:
    """The registry is read with care before; this is the last fence."""
    with pytest.raises(ValueError, match=r"cannot stand in slurm\.conf"):
        slurm_config(CLUSTER, {"bld-008": record(**change)}, [], {})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("base_domain", "a\n10.0.0.1 evil"),
        ("base_domain", "60\x85evil"),
        ("base_domain", "a b"),
        ("base_cluster", "a\n10.0.0.1 evil"),
        ("base_hosts", [{"name": "evil\n10.0.0.1 x", "id": "EVIL", "address": "10.0.0.1"}]),
        ("base_hosts", [{"name": "evil", "id": "EVIL # x", "address": "10.0.0.1"}]),
        ("base_hosts", [{"name": "evil", "id": "EVIL", "address": "10.0.0.1 x"}]),
        ("base_hosts", ["evil"]),
    ],
)
def test_no_variable_adds_lines_to_the_hosts_of_blades(variable: str, value: Any) -> None:
    (problem,) = site_problems({variable: value})
    assert problem.startswith(variable)
    assert "; next: " in problem
    assert problem.isprintable()


def test_what_a_plan_says_of_its_hosts_is_fine() -> None:
    hosts = [{"name": "bld-008", "id": "BLD-008", "address": "10.20.0.108"}]
    assert site_problems({"base_cluster": "demo", "base_domain": "", "base_hosts": hosts}) == []
    assert site_problems({"base_domain": "cluster.example"}) == []


@pytest.mark.parametrize(
    "limits",
    [{}, {"CORE": "infinity"}, {"core": 0}, {"MEMLOCK": "64M", "NOFILE": "1024:524288"}, {"STACK": "8M:infinity"}],
)
def test_limits_of_the_unit_are_taken_as_systemd_has_them(limits: dict[str, Any]) -> None:
    assert site_problems({"slurmd_limits": limits}) == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"CORE": "infinity\nExecStartPre=/bin/evil"}, "CORE has to be a number"),
        ({"CORE": True}, "CORE has to be a number"),
        ({"CORE": None}, "CORE has to be a number"),
        ({"CORE": "lots"}, "CORE has to be a number"),
        ({"CORE=1\nExecStart": "x"}, "is not one of AS, CORE"),
        ({"Core files": 1}, "is not one of AS, CORE"),
        ({1: 1}, "is not one of AS, CORE"),
        (["CORE"], "has to be limits by name"),
    ],
)
def test_nothing_but_limits_gets_into_the_unit(limits: Any, words: str) -> None:
    (problem,) = site_problems({"slurmd_limits": limits})
    assert problem.startswith("slurmd_limits")
    assert words in problem
    assert "\n" not in problem
