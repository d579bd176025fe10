from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.state.pending import concerns, kinds, lines, more, names, parts


def found(role: str, kind: str, name: str, line: str = "", own: bool = False) -> dict[str, Any]:
    return {"role": role, "kind": kind, "name": name, "line": line or f"{kind} {name}", "own": own}


PENDING = [
    found("base", "packages", "chrony"),
    found("base", "files", "/etc/hosts"),
    found("munge", "secrets", "/k"),
    found("slurmctld", "units", "slurmctld.service", own=True),
    found("slurmctld", "files", "/l"),
]


def test_lines_of_roles_and_kinds() -> None:
    assert lines(PENDING, ["base"]) == ["packages chrony", "files /etc/hosts"]
    assert lines(PENDING, ["base", "munge"], ["files", "secrets"]) == ["files /etc/hosts", "secrets /k"]
    assert lines(PENDING, ["nobody"]) == []


def test_a_role_tells_by_itself_what_it_mends_by_itself() -> None:
    assert lines(PENDING, ["slurmctld"]) == ["files /l"]
    assert lines(PENDING, ["slurmctld"], ["units"], True) == ["units slurmctld.service"]
    assert lines(PENDING, ["slurmctld"], own=True) == ["units slurmctld.service"]


@pytest.mark.parametrize(
    ("roles", "kinds", "said"),
    [
        (["base"], (), True),
        (["scratch"], (), False),
        ([], ["packages", "accounts"], True),
        ([], ["accounts"], False),
        (["scratch"], ["secrets"], True),
    ],
)
def test_differences_concern_roles_or_whoever_has_such_a_kind(roles: list[str], kinds: list[str], said: bool) -> None:
    assert concerns(PENDING, roles, kinds) is said
    assert not concerns([], roles, kinds)


def test_names_of_a_kind() -> None:
    assert names(PENDING, "files") == {"/etc/hosts", "/l"}
    assert names(PENDING, "links") == set()


def test_a_thing_keeps_the_line_of_the_first_look() -> None:
    """A person is told of the way from there to the end: the package that came began to run its unit."""
    first = [found("munge", "units", "munge.service", "absent -> running")]
    later = [found("munge", "units", "munge.service", "restart"), found("base", "units", "munge.service", "x")]
    assert [each["line"] for each in more(first, later)] == ["absent -> running", "x"]


def test_kinds_are_those_that_the_role_does_not_mend_itself() -> None:
    assert kinds(PENDING) == ["files", "packages", "secrets"]
    assert kinds([]) == []


def test_a_mask_is_a_link() -> None:
    masked = found("slurmd", "units", "sackd.service", "unit sackd.service: running -> masked")
    assert kinds([masked]) == ["links", "units"]
    assert kinds([{**masked, "line": "unit sackd.service: masked -> running, enabled"}]) == ["units"]


things = st.lists(st.builds(found, st.sampled_from("ab"), st.sampled_from("kl"), st.sampled_from("xyz"), st.text()))


def key(each: Any) -> tuple[str, ...]:
    return each["role"], each["kind"], each["name"]


@given(things, things, things)
def test_more_keeps_first_lines_and_loses_nothing(first: Any, second: Any, third: Any) -> None:
    both = more(first, second)
    assert both[: len(first)] == first
    assert {key(each) for each in both} == {key(each) for each in [*first, *second]}
    assert all(each in second for each in both[len(first) :])
    assert more(both, second) == both
    assert more(iter(first), iter(second)) == both
    assert {key(each) for each in more(both, third)} == {key(each) for each in more(first, more(second, third))}


FILES: dict[str, Any] = {"files": {"/f": {}}}
UNITS: dict[str, Any] = {**FILES, "units": {"a.service": {}}}
ALL: dict[str, Any] = {**UNITS, "secrets": {}, "asks": {}, "trials": {}}


@pytest.mark.parametrize(
    ("state", "differ", "expected"),
    [
        (ALL, [], []),
        (ALL, ["packages", "accounts"], []),
        (FILES, ["files"], ["files"]),
        (UNITS, ["links"], ["files", "units"]),
        (UNITS, ["units"], ["files", "units"]),
        ({**UNITS, "secrets": {}}, ["secrets"], ["files", "secrets", "units"]),
        ({**FILES, "secrets": {}}, ["secrets"], ["secrets"]),
        (ALL, ["files"], ["files", "trials", "units"]),
        (ALL, ["trials"], ["trials"]),
        (ALL, ["asks"], ["programs"]),
        (ALL, ["files", "secrets", "asks", "units"], ["files", "secrets", "trials", "programs", "units"]),
    ],
)
def test_parts_are_those_that_have_something_to_do(
    state: dict[str, Any], differ: list[str], expected: list[str]
) -> None:
    assert parts({"r": state}, differ, everything=False, check=False, diff=False) == expected


def test_parts_of_everything_and_of_a_check() -> None:
    assert parts({"r": FILES}, [], everything=True, check=False, diff=False) == ["files"]
    assert parts({"r": ALL}, [], everything=True, check=False, diff=False) == [
        "files", "secrets", "trials", "programs", "units"
    ]  # fmt: skip
    assert parts({"r": ALL}, ["files", "units"], everything=False, check=True, diff=False) == []
    assert parts({"r": ALL}, ["files", "units"], everything=False, check=True, diff=True) == ["files"]
