"""Where a node differs from what its roles keep. No difference, nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.console_text import their_words
from provisioner.state.files import file_difference, secret_difference, stray_difference, whole_path
from provisioner.state.kinds import Blade, States, all_things
from provisioner.state.masks import keeps_away
from provisioner.state.trials import trial_difference
from provisioner.state.units import unit_difference
from provisioner.state.words import WORDS, line_of

Found = Iterator[tuple[str, str]]
"""Names of things that differ, and what is there against what will be."""
PUT = ("folders", "links", "files", "secrets")
"""Kinds that are put in place as files are."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as its role keeps it; `what` says what is there and what will be.

    `own` ones are mended and told by tasks of the role. `shown` is its name on this node, where that is another one.
    """

    role: str
    kind: str
    name: str
    what: str
    own: bool = False
    shown: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for Ansible."""
        line = line_of(self.kind, self.shown or self.name, self.what)
        return {"role": self.role, "kind": self.kind, "name": self.name, "line": line, "own": self.own}


def differences(
    states: States, blade: Blade, their: Mapping[str, Blade] | None = None, host: str = "", salt: str = ""
) -> list[Difference]:
    """All differences, in the order in which they are worked off.

    Args:
        states: the state of each role of the node.
        blade: the facts of the node, the answer to `questions(states)`.
        their: facts of other hosts by inventory name, for secrets that are the same as there.
        host: inventory name of the node.
        salt: what the digests of secrets were made with.
    """
    found = _interrupted(states, blade)
    packages = {name for _, name, _ in all_things(states, "packages", str(blade["os"]["version_id"]))}

    def so_far(*kinds: str) -> set[str]:
        return {each.name for each in found if each.kind in kinds}

    compare: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
        "accounts": lambda name, options: "" if blade["users"].get(name) else "absent -> made",
        "packages": lambda name, options: "" if blade["packages"].get(name) else "absent -> installed",
        "folders": lambda name, options: _folder(blade, name, options, so_far("packages")),
        "links": lambda name, options: file_difference(blade, "links", name, options),
        "files": lambda name, options: "" if options.get("own") else file_difference(blade, "files", name, options),
        "strays": lambda name, options: stray_difference(blade, name, options, packages),
        "secrets": lambda name, options: secret_difference(blade, name, options, their or {}, host, salt),
        "asks": lambda name, options: _answer(blade, name, options),
        "units": lambda name, options: unit_difference(blade, name, options, so_far(*PUT)),
        "trials": lambda name, options: trial_difference(blade, name),
    }
    for kind in WORDS:
        for role, name, options in all_things(states, kind, str(blade["os"]["version_id"])):
            if kind == "scratch":
                found += [Difference(role, kind, *each) for each in _scratch(blade, name, options)]
            elif what := compare[kind](name, options):
                shown = whole_path(name, str(blade["machine"])) if kind in PUT else name
                found.append(Difference(role, kind, name, what, bool(options.get("own")), shown))
    return found


def own_lines(states: States, paths: Iterable[str], blade: Blade, more: Mapping[str, str] | None = None) -> list[str]:
    """The lines of files that a role writes by its own tasks, whose contents are known by now.

    Args:
        more: what there is to say besides of the file at a path that differs.
    """
    own = {name: options for _, name, options in all_things(states, "files") if options.get("own")}
    found = {path: file_difference(blade, "files", path, own[path]) for path in paths}
    words = {path: [what, *([more[path]] if more and path in more else [])] for path, what in found.items() if what}
    return [line_of("files", path, ", ".join(what)) for path, what in words.items()]


def others(states: States, hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Blade]:
    """The facts of the hosts that have what this node shall have the same; of those that have answered.

    Args:
        hosts: the variables of all hosts by inventory name.
    """
    sources = {str(options["as_on"]) for _, _, options in all_things(states, "secrets") if "as_on" in options}
    found = {name: (hosts[name].get("ansible_facts") or {}).get("blade") for name in sources if name in hosts}
    return {name: blade for name, blade in found.items() if blade}


def _interrupted(states: States, blade: Blade) -> list[Difference]:
    """A run that was killed inside apt leaves packages half configured, and apt refuses from then on."""
    role = next((role for role, _, _ in all_things(states, "packages")), "")
    what = "an interrupted installation -> finished"
    return [Difference(role, "packages", "database", what)] if role and blade["dpkg_trouble"] else []


def _folder(blade: Blade, name: str, options: Mapping[str, Any], installed: set[str]) -> str:
    if found := file_difference(blade, "folders", name, options):
        return found
    givers = installed.intersection(options.get("given_away_by", ()))
    return f"owner of package {min(givers)} -> {options.get('owner', 'root')}" if givers else ""


def _answer(blade: Blade, name: str, options: Mapping[str, Any]) -> str:
    if "wanted" not in options or keeps_away(blade, name, options):
        return ""
    there, wanted = str(blade["asks"].get(name, "")), str(options["wanted"])
    return "" if there == wanted else f"{their_words(there) or 'nothing'} -> {wanted}"


def _scratch(blade: Blade, name: str, options: Mapping[str, Any]) -> Found:
    """What the module scratch would do; of a scratch that it refuses to make, its role says why."""
    if not options["disks"] or blade["scratch"]["right"]:
        return
    for action in blade["scratch"]["actions"] or [f"{name}: is looked at"]:
        what, _, change = their_words(action).partition(": ")
        yield what, change
