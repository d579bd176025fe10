"""How the installations of the nodes of a run stand, and which of them are refused. Pure; over the variables of hosts.

One question over all nodes, since nodes with one machine-id know nothing of each other.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.console_text import their_words
from provisioner.preflight import MUNGE_KEY, REGISTRY, was_member
from provisioner.slurm.installation import (
    MARK,
    Installation,
    Standing,
    Verdict,
    board_words,
    keys_digest,
    read_mark,
    serial_number,
    verdict,
)
from provisioner.slurm.parts import OTHER_BOARD, drift_sentence, serial_of

Host = Mapping[str, Any]
Records = Mapping[str, Mapping[str, Any]]
MEND = "rm -f /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup"
"""Gives a blade a machine-id of its own."""


@dataclass(frozen=True)
class Judged:
    """How a node stands, why it is refused, and what is only to be said of it; sentences with their next step."""

    verdict: Verdict
    refused: tuple[str, ...] = ()
    noted: tuple[str, ...] = field(default=())


def judged(hosts: Iterable[Host], controller: Host) -> dict[str, Judged]:
    """Each node that was looked at, by its name.

    Args:
        hosts: the variables of the nodes, in the order of the plan.
        controller: those of the controller; it may not have answered.
    """
    nodes = {str(host["inventory_hostname"]): host for host in hosts}
    head = _blade(controller)
    records = _records(head)
    first = _first_of_each(nodes, records)
    names = {name: str(host.get("blade_id") or name) for name, host in nodes.items()}
    return {name: _judged(name, host, head, records, first, names) for name, host in nodes.items()}


def _judged(
    name: str, host: Host, head: Mapping[str, Any], records: Records, first: Mapping[str, str], names: Mapping[str, str]
) -> Judged:
    blade, record = _blade(host), records.get(name, {})
    namesake = first.get(name, "")
    found = Installation(
        cluster=str(host.get("base_cluster") or ""),
        machine_id=str(blade.get("machine_id") or ""),
        root_created=int(blade.get("root_created") or 0),
        host_keys=keys_digest(blade),
        mark=read_mark(blade),
        known=str(record.get("machine_id") or ""),
        namesake=names.get(namesake) or their_words(namesake, 63),
        other_board=board_words(blade, record) if record else "",
        joined=was_member(blade),
        same_key=_has_same_key(blade, head),
        differs=bool(host.get("state_pending") or host.get("state_before")),
    )
    how = verdict(found)
    if host.get("provision_new_cluster") and how.standing is Standing.FOREIGN:
        return Judged(how)
    if how.standing is Standing.DUPLICATE:
        words = f"{how.why}: both are made of one image; next: run `{MEND}` on it and boot it anew, or image it"
        # A member from before stays one: its jobs go on.
        is_member = record.get("machine_id") == blade["machine_id"]
        return Judged(how, noted=(words,)) if is_member else Judged(how, refused=(words,))
    if how.standing is Standing.FOREIGN and found.mark:
        step = f"`provision release {names[name]}` with the plan of that cluster, or `rm {MARK}` on it if it is no more"
        return Judged(how, refused=(f"{how.why}, whose jobs may be on it; next: {step}",))
    if other := _other_place(name, blade, host, records):
        whose = names.get(other) or their_words(other, 63)
        words = f"its board is the one of {whose} by its serial number {serial_number(blade)}"
        step = f"is it in the right bay? If it moved for good: `provision release {whose}` first"
        return Judged(Verdict(Standing.OTHER_HARDWARE, words), refused=(f"{words}; next: {step}",))
    # One with a slurmd of ours is refused by the controller, which drains it: it may be in use.
    if how.standing is Standing.OTHER_HARDWARE and not found.joined and not _is_accepted(name, host):
        return Judged(how, refused=(drift_sentence([f"{OTHER_BOARD}{how.why}"], names[name]),))
    return Judged(how)


def _first_of_each(nodes: Mapping[str, Host], records: Records) -> dict[str, str]:
    """For each node whose machine-id another one had first: that other one.

    Who is on record with it had it first, then who comes first in the plan. A record says nothing of a node that was
    looked at: it may have been imaged since then.
    """
    has: dict[str, list[str]] = defaultdict(list)
    for name in [*nodes, *(name for name in records if name not in nodes)]:
        found = _blade(nodes[name]) if name in nodes else records[name]
        if machine_id := str(found.get("machine_id") or ""):
            has[machine_id].append(name)
    first: dict[str, str] = {}
    for machine_id, names in has.items():
        owner = min(names, key=lambda name: records.get(name, {}).get("machine_id") != machine_id)
        first |= {name: owner for name in names if name != owner}
    return first


def _other_place(name: str, blade: Mapping[str, Any], host: Host, records: Records) -> str:
    """The node on record whose board stands in the place of this one, '' for none."""
    serial = serial_number(blade)
    if not serial or serial == serial_of(records.get(name, {})) or _is_accepted(name, host):
        return ""
    return next((other for other, record in records.items() if other != name and serial_of(record) == serial), "")


def _is_accepted(name: str, host: Host) -> bool:
    return name in (host.get("slurmctld_accept_hardware") or ())


def _records(controller: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The registry as far as it can be read; one that is damaged is refused by others."""
    try:
        nodes = json.loads(controller["paths"][REGISTRY]["content"])["nodes"]
        return {str(name): record for name, record in nodes.items() if isinstance(record, Mapping)}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def _blade(host: Host) -> Mapping[str, Any]:
    found = (host.get("ansible_facts") or {}).get("blade")
    return found if isinstance(found, Mapping) else {}


def _has_same_key(*blades: Mapping[str, Any]) -> bool:
    digests = [str((each.get("secrets") or {}).get(MUNGE_KEY, "")).split(":")[0] for each in blades]
    return digests[0] != "" and digests[0] == digests[1]
