"""What the role `state` hands to Ansible's modules so that a node becomes as its roles keep it."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from provisioner.state.files import entry_of
from provisioner.state.kinds import Blade, States, all_things
from provisioner.state.masks import QUIET, is_for_good, keeps_away, unit_of
from provisioner.state.pending import Pending, names
from provisioner.state.units import is_left_alone, restart_reason

_PORT_SECONDS = 60
"""How long a unit that was started may take until its port is open."""


def wanted_packages(states: States, release: str) -> list[str]:
    """The packages of all roles on this release, each once."""
    return sorted({name for _, name, _ in all_things(states, "packages", release)})


def wanted_accounts(states: States) -> dict[str, int]:
    """The id of each account."""
    return {name: int(options["id"]) for _, name, options in all_things(states, "accounts")}


def daemons(states: States, release: str) -> list[str]:
    """The services that run on this release."""
    found = [name for _, name, options in all_things(states, "units", release) if not options.get("masked")]
    return sorted(name for name in found if name.endswith(".service"))


def missing_accounts(states: States, blade: Blade) -> list[str]:
    """Lines for systemd-sysusers: one call makes an account and its group with one id."""
    return [
        f'u {name} {options["id"]} "{name} of the cluster"'
        for _, name, options in all_things(states, "accounts")
        if not blade["users"].get(name)
    ]


def quiet_units(states: States, blade: Blade) -> list[str]:
    """Units that must not start while packages are installed: they are masked meanwhile.

    Not of one that is there: a daemon that runs, maybe with jobs, is none of an installation's business. Neither is
    one that an admin has masked; of those that must never run anybody's mask will do.
    """
    found = []
    for _, name, options in all_things(states, "units", _release(blade)):
        unit = unit_of(blade, name)
        if (options.get("masked") or options.get("quiet")) and (unit["load"] == "not-found" or unit.get("quiet")):
            found.append(name)
    return found


def file_entries(states: States, pending: Pending, blade: Blade, everything: bool) -> list[dict[str, Any]]:
    """Folders, links, files and masks for file_set: those that differ, or all that the roles do not write themselves.

    A mask is a link: systemctl refuses to mask a unit that is not there yet.
    """
    differ = {(each["kind"], each["name"]) for each in pending}
    release = _release(blade)
    masks = [
        _mask(name)
        for _, name, options in all_things(states, "units", release)
        if (everything or ("units", name) in differ) and options.get("masked") and not is_for_good(blade, name)
    ]
    return masks + [
        entry_of(kind, name, options, str(blade["machine"]))
        for kind in ("folders", "links", "files", "strays")
        for _, name, options in all_things(states, kind, release)
        # What is no difference may be there, and only because somebody owns it.
        if ((everything and kind != "strays") or (kind, name) in differ)
        and not options.get("own")
        and "trial" not in options
    ]


def secret_places(found: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """`{"path", "as_on"}` of what `secrets` found: what of it may be shown."""
    return [{"path": str(each["entry"]["path"]), "as_on": str(each["as_on"])} for each in found]


def secret_entries(
    found: Iterable[Mapping[str, Any]], path: str, read: Mapping[str, Any], host: str
) -> list[dict[str, Any]]:
    """The secret at a path for file_set, with its content; an older one on another host than its own is kept beside it.

    Args:
        found: the answer of `secrets`.
        path: which of them.
        read: what the task said that read it on the host that has it.
        host: inventory name of the node.
    """
    for each in found:
        if each["entry"]["path"] == path:
            given = base64.b64encode(str(each["content"]).encode()).decode() if "content" in each else read["content"]
            return [{**each["entry"], "content_b64": given, "backup": each["as_on"] not in ("", host)}]
    return []


def secrets(states: States, pending: Pending, blade: Blade, everything: bool) -> list[dict[str, Any]]:
    """Secrets that differ, or all: `{"entry": for file_set, "as_on": host or ''}` and the content where it is known."""
    differ = names(pending, "secrets")
    return [
        {
            "entry": entry_of("secrets", name, options),
            "as_on": str(options.get("as_on", "")),
            **({"content": str(options["content"])} if "content" in options else {}),
        }
        for _, name, options in all_things(states, "secrets", _release(blade))
        if (name in differ or everything) and not options.get("own")
    ]


def programs(states: States, pending: Pending, blade: Blade) -> list[dict[str, Any]]:
    """What makes answers the wanted ones: `{"name", "argv"}`."""
    differ = names(pending, "asks")
    return [
        {"name": name, "argv": [str(word) for word in options["run"]]}
        for _, name, options in all_things(states, "asks", _release(blade))
        if name in differ and not options.get("own")
    ]


def units(
    states: States, pending: Pending, blade: Blade, put: Collection[str], everything: bool
) -> list[dict[str, Any]]:
    """Units that differ, or all, as unit_set takes them, and what is said of one that does not work.

    Args:
        put: paths that this run has put in place.

    Returns:
        `{"work": {"name", "state", "ask", "patience"}, "complaint": of one that stays silent, "stale": whether
        systemd may know an old form of it}` each; of one that cannot be asked without "ask" and "patience".
    """
    differ = names(pending, "units")
    # Also for what another role has put in place, such as a key.
    told = {str(each["name"]) for each in pending if each["kind"] == "units" and "restart: " in str(each["line"])}
    found = []
    for _, name, options in all_things(states, "units", _release(blade)):
        if options.get("own") or is_left_alone(blade, options) or keeps_away(blade, name, options):
            continue
        reason = restart_reason(blade, name, options, put)
        if not (everything or name in differ or reason):
            continue
        if options.get("masked"):
            if unit_of(blade, name)["active"] == "active":
                found.append(({"name": name, "state": "stopped"}, ""))
            continue
        asked, complaint = _check(options.get("answers") or {})
        found.append(
            ({"name": name, "state": "restarted" if reason or name in told else "started", **asked}, complaint)
        )
    # What must not run beside another one ends before that starts.
    found.sort(key=lambda each: each[0]["state"] != "stopped")
    return [
        {"work": each, "complaint": complaint, "stale": unit_of(blade, each["name"])["reload_needed"]}
        for each, complaint in found
    ]


def _check(answers: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """How a unit is asked whether it works, and what is said of one that does not."""
    if "port" in answers:
        port = int(answers["port"])
        opens = f"until (exec 3<>/dev/tcp/127.0.0.1/{port}); do sleep 0.2; done"
        asked = {"ask": f"timeout {_PORT_SECONDS} bash -c '{opens}' 2> /dev/null", "patience": 0}
        return asked, f"did not open port {port} within {_PORT_SECONDS} s"
    if "command" in answers:
        return {"ask": str(answers["command"]), "patience": 10}, "does not answer"
    return {}, ""


def own_entries(states: States, paths: Iterable[str], blade: Blade, keep: Collection[str] = ()) -> list[dict[str, Any]]:
    """Files that a role writes by its own tasks, in the given order, for file_set.

    Args:
        keep: paths of which what is replaced is kept beside it.
    """
    own = {name: options for _, name, options in all_things(states, "files") if options.get("own")}
    return [{**entry_of("files", path, own[path], str(blade["machine"])), "backup": path in keep} for path in paths]


def _mask(unit: str) -> dict[str, Any]:
    """A mask that is known as ours: a role that has the unit run, once the node has that role, ends it."""
    return {"path": f"/etc/systemd/system/{unit}", "link": QUIET}


def _release(blade: Blade) -> str:
    return str(blade["os"]["version_id"])
