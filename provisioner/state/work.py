"""What the role `state` hands to Ansible's modules so that a node becomes as its roles keep it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from provisioner.state.files import entry_of, secret_entry
from provisioner.state.kinds import States, all_things
from provisioner.state.units import is_left_alone, restart_reason

Blade = Mapping[str, Any]
Pending = Iterable[Mapping[str, str]]


def missing_accounts(states: States, blade: Blade) -> list[str]:
    """Lines for systemd-sysusers: one call makes an account and its group with one id."""
    return [
        f'u {name} {options["id"]} "{name} of the cluster"'
        for _, name, options in all_things(states, "accounts")
        if not blade["users"].get(name)
    ]


def quiet_links(states: States, blade: Blade) -> list[dict[str, Any]]:
    """Masks for file_set, of units that must not start while packages are installed.

    Not of one that is there: a daemon that runs, maybe with jobs, is none of an installation's business.
    """
    return [
        _mask(name)
        for _, name, options in all_things(states, "units", str(blade["os"]["version_id"]))
        if (options.get("quiet") or options.get("masked")) and blade["units"][name]["load"] in ("not-found", "masked")
    ]


def _mask(unit: str) -> dict[str, Any]:
    return {"path": f"/etc/systemd/system/{unit}", "link": "/dev/null"}


def file_entries(states: States, pending: Pending, blade: Blade, everything: bool) -> list[dict[str, Any]]:
    """Folders, links, files and masks for file_set: those that differ, or all that the roles do not write themselves.

    A mask is a link: systemctl refuses to mask a unit that is not there yet.
    """
    differ = {(each["kind"], each["name"]) for each in pending}
    release = str(blade["os"]["version_id"])
    masks = [
        _mask(name)
        for _, name, options in all_things(states, "units", release)
        if options.get("masked") and (("units", name) in differ or everything)
    ]
    return masks + [
        entry_of(kind, name, options, str(blade["machine"]))
        for kind in ("folders", "links", "files")
        for _, name, options in all_things(states, kind, release)
        if ((kind, name) in differ or everything) and not options.get("own")
    ]


def secrets(states: States, pending: Pending, everything: bool) -> list[dict[str, Any]]:
    """Secrets that differ, or all: `{"entry": for file_set, "as_on": host or ''}` and the content where it is known."""
    differ = {each["name"] for each in pending if each["kind"] == "secrets"}
    return [
        {
            "entry": secret_entry(name, options),
            "as_on": str(options.get("as_on", "")),
            **({"content": str(options["content"])} if "content" in options else {}),
        }
        for _, name, options in all_things(states, "secrets")
        if (name in differ or everything) and not options.get("own")
    ]


def programs(states: States, pending: Pending, blade: Blade) -> list[dict[str, Any]]:
    """What makes answers the wanted ones: `{"name", "argv"}`."""
    differ = {each["name"] for each in pending if each["kind"] == "asks"}
    return [
        {"name": name, "argv": [str(word) for word in options["run"]]}
        for _, name, options in all_things(states, "asks", str(blade["os"]["version_id"]))
        if name in differ
    ]


def units(
    states: States, pending: Pending, blade: Blade, put: Collection[str], everything: bool
) -> list[dict[str, Any]]:
    """Units that differ, or all, as systemd_service takes them, and how each is asked whether it works.

    Args:
        put: paths that this run has put in place.
    """
    differ = {each["name"] for each in pending if each["kind"] == "units"}
    found = []
    for _, name, options in all_things(states, "units", str(blade["os"]["version_id"])):
        if options.get("own") or is_left_alone(blade, options):
            continue
        reason = restart_reason(blade, name, options, put)
        if not (everything or name in differ or reason):
            continue
        if options.get("masked"):
            if blade["units"][name]["active"] == "active":
                found.append({"name": name, "state": "stopped", "enabled": None, "masked": True})
            continue
        answers = options.get("answers") or {}
        found.append(
            {
                "name": name,
                "state": "restarted" if reason else "started",
                "enabled": True,
                "masked": False,
                **{key: answers[key] for key in ("port", "command") if key in answers},
            }
        )
    return found


def own_entries(states: States, paths: Iterable[str], blade: Blade) -> list[dict[str, Any]]:
    """Files that a role writes by its own tasks, in the given order, for file_set."""
    own = {name: options for _, name, options in all_things(states, "files") if options.get("own")}
    return [entry_of("files", path, own[path], str(blade["machine"])) for path in paths]
