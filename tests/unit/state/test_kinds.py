from __future__ import annotations

from typing import Any

import pytest

from provisioner.state.kinds import OPTIONS, StateError, all_things, things
from tests.unit.state.nodes import Untouched

WRONG: dict[str, tuple[Any, str, str]] = {
    "no mapping": ([], "files", "its state is no mapping of kinds"),
    "a text": ("files", "files", "its state is no mapping of kinds"),
    "unknown kind": ({"flies": {}}, "files", f"unknown kind flies; there are {', '.join(OPTIONS)}"),
    "unknown kind beside known ones": ({"files": {}, "user": {}}, "packages", "unknown kind user; "),
    "a list of files": ({"files": ["/a"]}, "files", "its files are no mapping of names"),
    "a text of packages": ({"packages": "munge"}, "packages", "its packages are no mapping of names"),
    "a plain file": ({"files": {"/a": "content"}}, "files", "files /a has no named options"),
    "a list of options": ({"units": {"a.service": ["own"]}}, "units", "units a.service has no named options"),
    "an id that is text": ({"accounts": {"slurm": "64030"}}, "accounts", "accounts slurm has no named options"),
    "unknown option": (
        {"links": {"/a": {"target": "b"}}},
        "links",
        "links /a has an unknown option target; there are release, to",
    ),
    "an option of another kind": ({"folders": {"/a": {"content": ""}}}, "folders", "an unknown option content; "),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_worked_with_names_its_role(case: str) -> None:
    state, kind, words = WRONG[case]
    with pytest.raises(StateError) as error:
        list(things("munge", state, kind))
    assert str(error.value).startswith("role munge: ")
    assert words in str(error.value)


@pytest.mark.parametrize("kind", OPTIONS)
def test_every_option_of_a_kind_is_taken_and_no_other(kind: str) -> None:
    options = dict.fromkeys(OPTIONS[kind], "x")
    assert list(things("r", {kind: {"name": options}}, kind)) == [("name", options)]
    with pytest.raises(StateError, match="unknown option nonsense"):
        list(things("r", {kind: {"name": {**options, "nonsense": 1}}}, kind))


def test_packages_are_also_a_list_of_names_and_accounts_have_plain_ids() -> None:
    assert list(things("r", {"packages": ["munge", "dbus"]}, "packages")) == [("munge", {}), ("dbus", {})]
    assert list(things("r", {"packages": ("munge",)}, "packages")) == [("munge", {})]
    assert list(things("r", {"accounts": {"slurm": 64030}}, "accounts")) == [("slurm", {"id": 64030})]
    assert list(things("r", {"accounts": {"slurm": {"id": 64030}}}, "accounts")) == [("slurm", {"id": 64030})]


@pytest.mark.parametrize("nothing", [{}, {"files": {}}, {"files": None}])
def test_a_role_may_keep_nothing(nothing: dict[str, Any]) -> None:
    assert list(things("r", nothing, "files")) == []


def test_a_thing_may_need_no_options() -> None:
    assert list(things("r", {"folders": {"/a": None}}, "folders")) == [("/a", {})]


def test_things_come_by_role_and_only_those_of_the_release() -> None:
    states: dict[str, Any] = {
        "one": {"packages": {"a": {}, "b": {"release": "12"}, "c": {"release": 13}}},
        "two": {"packages": ["a"]},
    }

    def names(release: str) -> list[tuple[str, str]]:
        return [(role, name) for role, name, _ in all_things(states, "packages", release)]

    assert names("") == [("one", "a"), ("one", "b"), ("one", "c"), ("two", "a")]
    assert names("12") == [("one", "a"), ("one", "b"), ("two", "a")]
    assert names("13") == [("one", "a"), ("one", "c"), ("two", "a")]


def test_names_are_read_without_touching_what_is_said_of_them() -> None:
    """Before there are facts, a content that is made of them cannot be rendered."""
    state = {"files": {"/a": Untouched("content", "mode", "owner")}, "units": {"a.service": Untouched("outdated")}}
    assert [name for name, _ in things("r", state, "files")] == ["/a"]
    assert [name for _, name, _ in all_things({"r": state}, "units", "12")] == ["a.service"]
    (_, options), *_ = things("r", state, "files")
    with pytest.raises(AssertionError, match="content was touched"):
        options["content"]


def test_a_kind_that_is_not_asked_for_is_not_touched() -> None:
    assert list(things("r", Untouched("files", "units", folders={"/a": {}}), "folders")) == [("/a", {})]
