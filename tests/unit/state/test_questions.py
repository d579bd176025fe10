from __future__ import annotations

from typing import Any

import pytest

from provisioner.state.kinds import StateError
from provisioner.state.questions import questions
from tests.unit.state.nodes import Untouched

ONE: dict[str, Any] = {
    "accounts": {"slurm": 64030},
    "packages": {"munge": {}, "libpmix2": {"release": "12"}, "libpmix2t64": {"release": "13"}},
    "folders": {"/b": {}},
    "links": {"/usr/lib/{multiarch}/a.so": Untouched("to", release="12")},
    "files": {"/a": Untouched("content")},
    "secrets": {"/key": Untouched("as_on", "content")},
    "asks": {"host name": Untouched("wanted", "run", argv=("uname", "-n"))},
    "scratch": {"/scratch": {"disks": [{"size_gb": 300}], "layout": "plain"}},
    "units": {"b.service": Untouched("outdated", "reads"), "sackd.service": {"masked": True, "release": "13"}},
}
TWO: dict[str, Any] = {"packages": ["munge", "slurmd"], "units": {"a.timer": {}}, "folders": {"/c": None}}


def test_each_thing_is_asked_about_once_whatever_the_release() -> None:
    """Which release it runs is only known with the node's answer, and no content is needed for the question."""
    assert questions({"one": ONE, "two": TWO}) == {
        "packages": ["libpmix2", "libpmix2t64", "munge", "slurmd"],
        "units": ["a.timer", "b.service", "sackd.service"],
        "users": ["slurm"],
        "paths": ["/a", "/b", "/c", "/usr/lib/{multiarch}/a.so"],
        "secrets": ["/key"],
        "asks": {"host name": ["uname", "-n"]},
        "scratch": {"disks": [{"size_gb": 300}], "layout": "plain", "mount_point": "/scratch"},
    }


def test_units_of_somebody_else_are_asked_about_too_and_once() -> None:
    assert questions({"two": TWO}, ["slurmctld.service", "a.timer"])["units"] == ["a.timer", "slurmctld.service"]


def test_nothing_is_asked_for_nothing() -> None:
    nothing = questions({})
    assert not any(nothing.values())
    assert questions({"r": {}}) == nothing


def test_a_contradiction_is_found_before_anything_is_asked() -> None:
    with pytest.raises(StateError, match="roles one and two both keep path /b"):
        questions({"one": ONE, "two": {"links": {"/b": {"to": "c"}}}})
