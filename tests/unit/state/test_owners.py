from __future__ import annotations

from typing import Any

import pytest

from provisioner.state.kinds import OPTIONS, StateError
from provisioner.state.owners import refuse_contradictions

NAMES = dict.fromkeys(["folders", "links", "files", "secrets", "scratch"], "/a") | {
    "accounts": "munge", "asks": "host name", "units": "a.service", "trials": "adopt",
}  # fmt: skip
NOUNS = {
    "accounts": "account munge", "asks": "answer host name", "units": "unit a.service", "trials": "trial adopt",
}  # fmt: skip


def kept(kind: str, release: str = "", name: str = "") -> dict[str, Any]:
    options: dict[str, Any] = {"id": 1} if kind == "accounts" else {"release": release} if release else {}
    return {kind: {name or NAMES[kind]: options}}


@pytest.mark.parametrize("kind", sorted(OPTIONS.keys() - {"packages", "strays"}))
def test_one_thing_of_two_roles_names_both(kind: str) -> None:
    with pytest.raises(StateError) as error:
        refuse_contradictions({"base": kept(kind), "other": {}, "munge": kept(kind)})
    assert str(error.value) == f"roles base and munge both keep {NOUNS.get(kind, 'path /a')}"


@pytest.mark.parametrize("one", ["folders", "links", "files", "secrets"])
@pytest.mark.parametrize("other", ["folders", "links", "files", "secrets"])
def test_a_path_has_one_owner_whatever_it_is(one: str, other: str) -> None:
    with pytest.raises(StateError, match="roles a and b both keep path /a"):
        refuse_contradictions({"b": kept(one), "a": kept(other)})


def test_a_role_cannot_keep_a_path_as_two_things() -> None:
    with pytest.raises(StateError, match="role r keeps path /a twice: as files and links"):
        refuse_contradictions({"r": kept("links") | kept("files")})


def test_a_package_may_be_wanted_by_several_roles() -> None:
    refuse_contradictions({"one": {"packages": ["munge"]}, "two": {"packages": {"munge": {}}}})


def test_the_same_path_on_two_releases_is_not_the_same_thing() -> None:
    refuse_contradictions({"one": kept("files", "12"), "two": kept("links", "13")})


@pytest.mark.parametrize("releases", [("", "12"), ("12", ""), ("12", "12")])
def test_where_two_releases_are_one_it_is(releases: tuple[str, str]) -> None:
    """On Debian 12 both would keep it."""
    with pytest.raises(StateError, match="both keep path /a"):
        refuse_contradictions({role: kept("files", release) for role, release in zip("ab", releases, strict=True)})


def test_names_of_different_kinds_do_not_meet() -> None:
    same = {kind: kept(kind, name="x")[kind] for kind in ("accounts", "asks", "units", "files")}
    refuse_contradictions({"one": same, "two": {"packages": ["x"]}})


def test_a_node_has_one_scratch() -> None:
    with pytest.raises(StateError, match="role a and role b keep scratch; a node has one"):
        refuse_contradictions({"a": kept("scratch"), "b": kept("scratch", name="/other")})
