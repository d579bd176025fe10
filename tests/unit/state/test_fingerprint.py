from __future__ import annotations

import copy
from typing import Any

import pytest

from provisioner.state.fingerprint import all_moved, fingerprint, moved

BLADE: dict[str, Any] = {
    "machine_id": "abc", "host_name": "bld-008", "os": {"version_id": "12"}, "memory_mib": 7800,
    "epoch": 1.0, "skew": 0.1,
    "slurmd_c": "NodeName=bld-008 CPUs=8\nUpTime=0-00:01:00", "cpu": {"cpus": 8}, "gpus": [],
    "scratch": {"right": True, "warnings": []},
    "packages": {"munge": "0.5.15-2", "slurmd": ""},
    "units": {"slurmd.service": {"active": "active", "enabled": "enabled", "since": 17.0}},
    "users": {"slurm": {"uid": 64030, "gid": 64030}},
    "paths": {"/etc/hosts": {"kind": "file", "mode": "0644", "content": "10.0.0.1 a"}},
    "secrets": {"/etc/munge/munge.key": "digest-of-this-run:root:root:0400"},
}  # fmt: skip
PENDING = [{"role": "base", "kind": "files", "name": "/etc/hosts", "line": "file /etc/hosts: content", "own": False}]


def changed(**more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BLADE), **more}


def test_the_same_node_is_the_same_whatever_the_clock_says() -> None:
    later = changed(epoch=99.0, skew=3.0, slurmd_c="NodeName=bld-008 CPUs=8\nUpTime=0-09:09:09", secrets={"x": "y"})
    later["units"]["slurmd.service"]["since"] = 99.0
    assert fingerprint(later, PENDING) == fingerprint(BLADE, PENDING)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"machine_id": "other"}, "machine-id"),
        ({"slurmd_c": "NodeName=bld-008 CPUs=4"}, "hardware"),
        ({"packages": {"munge": "0.5.15-3", "slurmd": ""}}, "package munge 0.5.15-2 -> 0.5.15-3"),
        ({"packages": {"munge": "0.5.15-2", "slurmd": "22.05"}}, "package slurmd absent -> 22.05"),
        (
            {"units": {"slurmd.service": {"active": "inactive", "enabled": "enabled"}}},
            "unit slurmd.service active enabled -> inactive enabled",
        ),
        ({"paths": {"/etc/hosts": {"kind": "file", "mode": "0644", "content": "other"}}}, "file /etc/hosts"),
        ({"users": {"slurm": None}}, "account slurm"),
    ],
)
def test_what_moved_is_named(more: dict[str, Any], said: str) -> None:
    assert moved(fingerprint(BLADE, PENDING), fingerprint(changed(**more), PENDING)) == [said]


def test_what_differs_counts_too() -> None:
    assert moved(fingerprint(BLADE, PENDING), fingerprint(BLADE, [])) == ["what differs"]


def test_no_text_and_no_secret_is_in_it() -> None:
    kept = str(fingerprint(BLADE, PENDING))
    assert "10.0.0.1" not in kept
    assert "digest-of-this-run" not in kept
    assert "munge.key" not in kept


def test_words_of_a_node_are_only_words() -> None:
    before = fingerprint(changed(packages={"munge": "1\x1b[2J"}), PENDING)
    now = fingerprint(changed(packages={"munge": "x; next: rm -rf /"}), PENDING)
    (said,) = moved(before, now)
    assert "\x1b" not in said
    assert "next:" not in said


def test_nothing_that_a_node_says_is_a_template_later() -> None:
    evil = "{{ lookup('pipe', 'id') }}{% x %}{# y #}"
    units = {"slurmd.service": {"active": evil, "enabled": evil}}
    kept = fingerprint(changed(packages={"munge": evil}, units=units, os={"version_id": evil}), PENDING)
    assert not any(mark in value for value in kept.values() for mark in ("{", "}", "%", "#"))


NAMES = {"bld-008": "BLD-008", "bld-011": "BLD-011"}


def test_blades_that_come_and_go_are_named() -> None:
    here = {"slurm_fingerprint": fingerprint(BLADE, [])}
    expected = {"bld-008": here["slurm_fingerprint"]}
    assert all_moved(expected, {"bld-008": here}, NAMES) == []
    assert all_moved(expected, {"bld-008": {}}, NAMES) == ["BLD-008 does not answer any more, or is refused"]
    assert all_moved(expected, {"bld-008": here, "bld-011": here}, NAMES) == [
        "BLD-011 is there, which the preview does not have"
    ]
    assert all_moved({}, {"bld-011": here}, NAMES) == [], "nothing is compared where nothing is expected"
