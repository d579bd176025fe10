"""Where a node differs from what its roles keep: a line for a person each. No line, nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.state.files import file_difference, secret_difference
from provisioner.state.kinds import States, all_things
from provisioner.state.units import unit_difference

Blade = Mapping[str, Any]
WORDS = {
    "accounts": "account", "packages": "package", "folders": "folder", "links": "link", "files": "file",
    "secrets": "secret", "asks": "", "scratch": "scratch", "units": "unit",
}  # fmt: skip
"""How a line names a thing of each kind, in the order in which they are worked on."""
PUT = ("folders", "links", "files", "secrets")
"""Kinds that are put in place as files are."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as its role keeps it; `what` says what is there and what will be.

    `own` ones are mended and told by tasks of the role.
    """

    role: str
    kind: str
    name: str
    what: str
    own: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain data for Ansible."""
        line = f"{WORDS[self.kind]} {self.name}: {self.what}".strip()
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
    compare: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
        "accounts": lambda name, options: "" if blade["users"].get(name) else "absent -> made",
        "packages": lambda name, options: "" if blade["packages"].get(name) else "absent -> installed",
        "folders": lambda name, options: _folder(blade, name, options, names(found, "packages")),
        "links": lambda name, options: file_difference(blade, "links", name, options),
        "files": lambda name, options: "" if options.get("own") else file_difference(blade, "files", name, options),
        "secrets": lambda name, options: secret_difference(blade, name, options, their or {}, host, salt),
        "asks": lambda name, options: _answer(blade, name, options),
        "units": lambda name, options: unit_difference(blade, name, options, names(found, *PUT)),
    }
    found = _interrupted(states, blade)
    for kind in WORDS:
        if kind == "scratch":
            found += _scratch(states, blade)
            continue
        for role, name, options in all_things(states, kind, str(blade["os"]["version_id"])):
            if what := compare[kind](name, options):
                found.append(Difference(role, kind, name, what, bool(options.get("own"))))
    return found


def own_lines(states: States, paths: Iterable[str], blade: Blade) -> list[str]:
    """The lines of files that a role writes by its own tasks, whose contents are known by now."""
    own = {name: options for _, name, options in all_things(states, "files") if options.get("own")}
    found = {path: file_difference(blade, "files", path, own[path]) for path in paths}
    return [f"{WORDS['files']} {path}: {what}" for path, what in found.items() if what]


def names(found: Iterable[Difference], *kinds: str) -> set[str]:
    """The names of what differs of some kinds."""
    return {each.name for each in found if each.kind in kinds}


def wanted_packages(states: States, release: str) -> list[str]:
    """The packages of all roles on this release, each once."""
    return sorted({name for _, name, _ in all_things(states, "packages", release)})


def wanted_accounts(states: States) -> dict[str, int]:
    """The id of each account."""
    return {name: int(options["id"]) for _, name, options in all_things(states, "accounts")}


def lines(
    found: Iterable[Mapping[str, Any]], roles: Collection[str], kinds: Collection[str] = tuple(WORDS), own: bool = False
) -> list[str]:
    """The lines of some kinds of differences of some roles."""
    return [
        str(each["line"])
        for each in found
        if each["role"] in roles and each["kind"] in kinds and bool(each["own"]) == own
    ]


def concerns(found: Iterable[Mapping[str, Any]], roles: Collection[str], kinds: Collection[str] = ()) -> bool:
    """Whether anything differs of these roles, or of these kinds whatever the role."""
    return any(each["role"] in roles or each["kind"] in kinds for each in found)


def touched(hosts: Iterable[Mapping[str, Any]]) -> list[str]:
    """The inventory names of hosts where anything differed at any look of this run, by their variables."""
    return [
        str(host["inventory_hostname"])
        for host in hosts
        if host.get("state_before") or host.get("state_pending") or host["ansible_facts"]["blade"]["full"]
    ]


def more(told: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What was found before, and what a later look found besides.

    A thing keeps the line of the first look: a person is told of the way from there to the end.
    """
    known = list(told)
    seen = {(each["role"], each["kind"], each["name"]) for each in known}
    return known + [each for each in now if (each["role"], each["kind"], each["name"]) not in seen]


def others(states: States, hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Blade]:
    """The facts of the hosts that have what this node shall have the same; of those that have answered.

    Args:
        hosts: the variables of all hosts by inventory name.
    """
    names = {str(options["as_on"]) for _, _, options in all_things(states, "secrets") if "as_on" in options}
    found = {name: (hosts[name].get("ansible_facts") or {}).get("blade") for name in names if name in hosts}
    return {name: blade for name, blade in found.items() if blade}


def daemons(states: States, release: str) -> list[str]:
    """The services that run on this release."""
    found = [name for _, name, options in all_things(states, "units", release) if not options.get("masked")]
    return sorted(name for name in found if name.endswith(".service"))


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
    there, wanted = str(blade["asks"].get(name, "")), str(options["wanted"])
    return "" if there == wanted else f"{there or 'nothing'} -> {wanted}"


def _scratch(states: States, blade: Blade) -> list[Difference]:
    return [
        Difference(role, "scratch", *action.split(": ", 1))
        for role, name, options in all_things(states, "scratch")
        if options["disks"] and not blade["scratch"]["right"]
        for action in blade["scratch"]["actions"] or [f"{name}: is looked at"]
    ]
