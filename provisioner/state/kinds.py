"""The kinds of things a role can keep, and the shape of a state.

    slurmd_state:
      packages: {slurmd: {}}
      folders: {/var/log/slurm: {mode: "0755"}}
      files: {/etc/default/slurmd: {content: "..."}}
      units: {slurmd.service: {reads: [/etc/default/slurmd], answers: {port: 6818}}}

A state is read twice: its names before there are facts, since they say what to ask of the node, and its contents
afterwards, since these may be made of facts. So nothing here touches a value that was not asked for: Ansible's
containers render a value when it is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

State = Mapping[str, Any]
States = Mapping[str, State]
"""The state of each role by its name, in the order in which roles are worked on."""
Blade = Mapping[str, Any]
"""The facts of a node: what `blade_facts` answers."""

_PLACE = {"owner", "group", "mode", "release"}
OPTIONS: dict[str, frozenset[str]] = {
    "accounts": frozenset({"id"}),
    "packages": frozenset({"release"}),
    "folders": frozenset({*_PLACE, "distrust", "given_away_by"}),
    "links": frozenset({"to", "release"}),
    "files": frozenset({*_PLACE, "content", "validate", "own", "trial"}),
    "strays": frozenset({"unless_package", "may_lead_to", "release"}),
    "secrets": frozenset({*_PLACE, "content", "as_on", "own"}),
    "asks": frozenset({"argv", "wanted", "run", "needs", "own"}),
    "scratch": frozenset({"disks", "layout", "announced", "prove"}),
    "units": frozenset(
        {"reads", "holds", "answers", "quiet", "masked", "needs", "only_if", "outdated", "own", "release"}
    ),
    "trials": frozenset({"apply", "undo", "proofs"}),
}
"""Every kind and what can be said of one thing of it.

accounts: a system account and its group of the same `id`; also plainly `name: id`.
packages: a Debian package; also a plain list of names.
folders: `distrust` sets aside what in it is a link or not root's; `given_away_by` names packages whose installation
    gives it to another account.
links: a symbolic link `to` a target.
files: `content`; `validate` is a command that must accept the staged file (%s); `own` ones are written by tasks of the
    role, since their content is only known then. `trial` names one of the trials: the file could lock everybody out.
strays: what must not be there: it is renamed beside its place, never removed. It stays where the package
    `unless_package` is installed, whose own it is, and where it is a link below the folder `may_lead_to`.
secrets: files that are compared by digest and never shown: with `content`, or the same `as_on` another host; `own` ones
    are made by tasks of the role where they are missing.
asks: what only a program can answer: `argv` prints what is there, `run` makes it `wanted`. Without both it is asked
    only, for tasks of the role that go by the answer; `own` ones are made the wanted ones by tasks of the role. `needs`
    as for units.
scratch: a mount point, made of disks.
units: a service, timer or socket that runs and comes back after a boot. It is restarted when something that it `reads`
    at its start is put in place or is newer than it, when a folder that it `holds` changed hands, or when `outdated`
    says why; `answers` says how to see that it works: a `port` that opens or a `command` that succeeds. `own` ones are
    started by tasks of the role. `quiet` ones must not start while their package is installed. `masked` ones
    must never run. `needs` names units without which it cannot start: where an admin has masked one of them and it does
    not run, this one is left alone, too. `only_if` names a fact without which the unit is left alone.
trials: files that come together and last only once a second SSH session has proved itself; the node takes them back by
    itself otherwise. `apply` is the command that makes them count, `undo` the one that does so for those of before;
    `proofs` are commands that have to work, by the words that say what does not.

`release` limits a thing to a Debian release (VERSION_ID).
"""


class StateError(Exception):
    """A state that cannot be worked with; the message names the role."""


def things(role: str, state: State, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each thing of a kind by its name, with what is said of it.

    Raises:
        StateError: the state is of another shape, or holds a kind or an option that there is not.
    """
    if not isinstance(state, Mapping):
        raise StateError(f"role {role}: its state is no mapping of kinds")
    if unknown := [str(name) for name in state if name not in OPTIONS]:
        raise StateError(f"role {role}: unknown kind {unknown[0]}; there are {', '.join(OPTIONS)}")
    listed = state.get(kind) or {}
    if kind == "packages" and isinstance(listed, list | tuple):
        listed = {name: {} for name in listed}
    if not isinstance(listed, Mapping):
        raise StateError(f"role {role}: its {kind} are no mapping of names")
    for name in listed:
        options = listed[name] or {}
        if kind == "accounts" and isinstance(options, int):
            options = {"id": options}
        if not isinstance(options, Mapping):
            raise StateError(f"role {role}: {kind} {name} has no named options")
        if unknown := [str(option) for option in options if option not in OPTIONS[kind]]:
            raise StateError(
                f"role {role}: {kind} {name} has an unknown option {unknown[0]}; "
                f"there are {', '.join(sorted(OPTIONS[kind]))}"
            )
        if kind == "accounts" and "id" not in options:
            raise StateError(f"role {role}: account {name} has no id")
        yield str(name), options


def all_things(states: States, kind: str, release: str = "") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """`(role, name, options)` of each thing of a kind of all roles; with a release only what is kept there."""
    for role in states:
        for name, options in things(role, states[role], kind):
            if not release or "release" not in options or str(options["release"]) == release:
                yield role, name, options
