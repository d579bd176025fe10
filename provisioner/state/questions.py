"""What the states of a node's roles ask of the node: the arguments of the module blade_facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from provisioner.state.kinds import States, all_things
from provisioner.state.owners import refuse_contradictions
from provisioner.state.trials import trial_path

_PATHS = ("folders", "links", "files", "strays")


def questions(states: States, more_units: Iterable[str] = ()) -> dict[str, Any]:
    """Names of packages, units and accounts, paths, secrets, programs and scratch, each list without doubles.

    Things of other releases are asked about too: which one the node runs is only known with its answer.

    Args:
        more_units: units that somebody else wants to know about.

    Raises:
        StateError: a state has a wrong shape, or two roles keep the same thing.
    """
    refuse_contradictions(states)
    scratch = [(name, options) for _, name, options in all_things(states, "scratch")]
    return {
        "packages": sorted({*_names(states, "packages"), *_said(states, "strays", "unless_package")}),
        "units": sorted({*_names(states, "units"), *_said(states, "units", "needs"), *more_units}),
        "users": _names(states, "accounts"),
        "paths": sorted(
            {*map(trial_path, _names(states, "trials")), *(name for kind in _PATHS for name in _names(states, kind))}
        ),
        "secrets": _names(states, "secrets"),
        "asks": {name: list(options["argv"]) for _, name, options in all_things(states, "asks")},
        "scratch": {**scratch[0][1], "mount_point": scratch[0][0]} if scratch else {},
    }


def _said(states: States, kind: str, option: str) -> set[str]:
    """The names that things of a kind give in an option, which takes one or a list."""
    found = [options[option] for _, _, options in all_things(states, kind) if option in options]
    return {str(name) for said in found for name in ([said] if isinstance(said, str) else said)}


def _names(states: States, kind: str) -> list[str]:
    return sorted({name for _, name, _ in all_things(states, kind)})
