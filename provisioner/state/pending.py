"""Differences as plain data, as they wait in a node's variables: whom they concern, and what a person is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from provisioner.state.kinds import OPTIONS, States
from provisioner.state.units import MASKED
from provisioner.state.words import WORDS

Pending = Iterable[Mapping[str, Any]]
"""`{"role", "kind", "name", "line", "own"}` of each, from `Difference.as_dict`."""


def lines(
    found: Pending, roles: Collection[str], kinds: Collection[str] = tuple(WORDS), own: bool = False
) -> list[str]:
    """The lines of some kinds of differences of some roles; with `own` of those that the roles mend themselves."""
    return [
        str(each["line"])
        for each in found
        if each["role"] in roles and each["kind"] in kinds and bool(each["own"]) == own
    ]


def concerns(found: Pending, roles: Collection[str], kinds: Collection[str] = ()) -> bool:
    """Whether anything differs of these roles, or of these kinds whatever the role."""
    return any(each["role"] in roles or each["kind"] in kinds for each in found)


def kinds(found: Pending) -> list[str]:
    """The kinds of what differs, but for what roles mend by tasks of their own; a mask is put in place as a link."""
    theirs = [each for each in found if not each["own"]]
    masks = ["links" for each in theirs if each["kind"] == "units" and str(each["line"]).endswith(MASKED)]
    return sorted({*masks, *(str(each["kind"]) for each in theirs)})


PARTS = ("files", "secrets", "trials", "programs", "units")
_PUT = {"folders", "links", "files", "strays"}


def parts(states: States, differ: Collection[str], everything: bool, check: bool, diff: bool) -> list[str]:
    """The task files of role state that have something to do, in the order in which they come.

    Args:
        differ: the kinds of what differs.
        everything: all that the roles keep is to be put in place, whatever differs.
        check, diff: Ansible's modes. Of a check without --diff a person hears of the differences only, which are known.
    """
    wanted = set(OPTIONS) if everything else set(differ)
    if check:
        return [part for part in PARTS[:1] if diff and wanted & _PUT]
    kept = {kind for state in states.values() for kind in state}
    units = "units" in kept and wanted & {*_PUT, "secrets", "units"}
    due = {
        # Units ask what was put in place, also when that is nothing.
        "files": wanted & _PUT or units,
        "secrets": "secrets" in kept & wanted,
        "trials": "trials" in kept and wanted & {"files", "trials"},
        "programs": "asks" in kept & wanted,
        "units": units,
    }
    return [part for part in PARTS if due[part]]


def more(told: Pending, now: Pending) -> list[Mapping[str, Any]]:
    """What was found before, and what a later look found besides.

    A thing keeps the line of the first look: a person is told of the way from there to the end.
    """
    known = list(told)
    seen = {_thing(each) for each in known}
    return known + [each for each in now if _thing(each) not in seen]


def names(found: Pending, kind: str) -> set[str]:
    """The names of what differs of a kind."""
    return {str(each["name"]) for each in found if each["kind"] == kind}


def _thing(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(each["role"]), str(each["kind"]), str(each["name"])
