"""Files that could lock everybody out: what the module `trial` is given, and what a run that died left on trial."""

from __future__ import annotations

from typing import Any

from provisioner.state.files import entry_of
from provisioner.state.kinds import Blade, StateError, States, all_things
from provisioner.state.pending import Pending

FOLDER = "/var/lib/provision/trial"
"""Where a node keeps what it needs to take a trial back; `playbooks/module_utils/trial.py` writes there."""


def trial_path(name: str) -> str:
    """The folder that is there as long as a trial is not over, or something of it is left."""
    return f"{FOLDER}/{name}"


def trial_difference(blade: Blade, name: str) -> str:
    """Whether a run died before a change was confirmed and all of the trial gone, '' for no.

    Its files may look right and not last; or its units are left.
    """
    there = blade["paths"].get(trial_path(name)) or {"kind": "absent"}
    return "" if there["kind"] == "absent" else "left by a run that died -> tried anew"


def trials(states: States, pending: Pending, blade: Blade, everything: bool) -> list[dict[str, Any]]:
    """The trials that differ, or all: `{"name", "files", "apply", "undo", "proofs"}`, as the module `trial` takes it.

    All files of a trial are in it, since what a dead run left of them is taken back first.

    Raises:
        StateError: a file names a trial that there is not.
    """
    differ = {(each["kind"], each["name"]) for each in pending}
    release, machine = str(blade["os"]["version_id"]), str(blade["machine"])
    known = {name: options for _, name, options in all_things(states, "trials")}
    files: dict[str, list[dict[str, Any]]] = {name: [] for name in known}
    due = {name for kind, name in differ if kind == "trials"} | (set(known) if everything else set())
    for role, path, options in all_things(states, "files", release):
        if "trial" not in options:
            continue
        trial = str(options["trial"])
        if trial not in known:
            raise StateError(f"role {role}: files {path} is of a trial {trial} that no role has")
        files[trial].append(entry_of("files", path, options, machine))
        if ("files", path) in differ:
            due.add(trial)
    return [
        {
            "name": name,
            "files": files[name],
            "apply": [str(word) for word in options.get("apply", ())],
            "undo": [str(word) for word in options.get("undo", ())],
            "proofs": {str(words): [str(word) for word in argv] for words, argv in options.get("proofs", {}).items()},
        }
        for name, options in known.items()
        if name in due and files[name]
    ]
