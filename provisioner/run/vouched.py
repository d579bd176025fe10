"""The host CA in a run: what ssh is to trust before it, and what it has accepted for the CA's sake afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioner import host_trust, knownhosts
from provisioner.hostca import HostCa, ca_file, ensure_ca, read_ca
from provisioner.names import host_name
from provisioner.plan.certified import certified
from provisioner.plan.model import Plan
from provisioner.plan.way import way_to
from provisioner.run.hostkeys import offered_keys
from provisioner.ssh_identity import ssh_identity

NOT_MADE = "none yet"
"""In place of the public key of a CA that a run is yet to make, for a preview."""


def trusted(plan: Plan, state: Path, make: bool) -> HostCa | None:
    """The site's host CA, where the plan wants one; ssh then trusts it for the blades of the plan, and else for none.

    Args:
        make: whether it is made where there is none.

    Raises:
        UsageError: its key cannot be used.
    """
    ca = None
    if plan.host_ca is not False:
        ca = ensure_ca(state, plan.cluster.name) if make else read_ca(state)
    key, known_hosts = ssh_identity(state)
    lab, file = key is not None, host_trust.trust_file(known_hosts)
    names = [way_to(plan, name, lab).known_name for name in certified(plan)] if ca else []
    pinned = [way_to(plan, name, lab).known_name for name, blade in plan.blades.items() if blade.host_key]

    def change(text: str) -> str:
        text = host_trust.with_ca(text, names, ca.public if ca else "", f"host CA of {plan.cluster.name}")
        for name in pinned if text else []:
            # A key that the plan pins is good, whatever was before.
            text = host_trust.put_aside(text, name, ())
        return text

    # A site that never had a CA has no file, and none is looked for twice.
    if ca or file.exists():
        host_trust.change_trust(file, change)
    return ca if ca or plan.host_ca is False else HostCa(ca_file(state), NOT_MADE)


@dataclass(frozen=True)
class Met:
    """Blades that were accepted for the sake of the CA: those whose key was another one, and those met first."""

    changed: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


def settle(plan: Plan, state: Path, told: Mapping[str, Mapping[str, Any]]) -> Met:
    """Puts the keys on record of blades that a certificate has let in, and revokes those that they had before.

    A certificate may be good for a year, and somebody may have a copy of a key of before: who was announced, or came
    back with a signed key, has no other one. Which keys a blade has says the blade itself, over a connection whose
    key was checked; what is written down, ssh has seen used.

    Args:
        told: the facts of each blade that answered, by inventory name.
    """
    if plan.host_ca is False:
        return Met()
    key, known_hosts = ssh_identity(state)
    changed: list[str] = []
    first: list[str] = []
    seen: list[tuple[str, set[str], Sequence[str]]] = []
    new: dict[str, list[str]] = {}
    for name in certified(plan):
        shown = _keys(told.get(host_name(name), {}))
        if not shown:
            continue
        way = way_to(plan, name, lab=key is not None)
        known = knownhosts.keys_of(known_hosts.read_text() if known_hosts.exists() else "", way.known_name)
        gone: Sequence[str] = ()
        if not set(known) & shown:
            proved = [each for each in offered_keys(way, (), known_hosts) if each in shown]
            if not proved:
                continue
            new[way.known_name] = proved
            (changed if known else first).append(name)
            gone = known
        seen.append((way.known_name, shown, gone))

    def change(text: str) -> str:
        for name, shown, gone in seen:
            text = host_trust.settled(text, name, shown, gone)
        return text

    if seen:
        host_trust.change_trust(host_trust.trust_file(known_hosts), change)
    # In this order: a run that dies in between does it again.
    for name, keys in new.items():
        knownhosts.announce(known_hosts, name, keys)
    return Met(tuple(changed), tuple(first))


def put_aside(plan: Plan, state: Path, blades: Collection[str]) -> None:
    """Remembers the keys on record of blades that are announced, before these are forgotten.

    Where the plan wants no CA nothing is kept, and what was revoked counts again.
    """
    key, known_hosts = ssh_identity(state)
    text = known_hosts.read_text() if known_hosts.exists() else ""
    file = host_trust.trust_file(known_hosts)

    def change(trust: str) -> str:
        for name in blades:
            known = way_to(plan, name, lab=key is not None).known_name
            trust = host_trust.put_aside(trust, known, knownhosts.keys_of(text, known) if plan.host_ca else ())
        return trust

    if plan.host_ca or file.exists():
        host_trust.change_trust(file, change)


def tell(met: Met, say: Callable[[str], None]) -> None:
    """Says who was accepted for the sake of the CA."""
    for name in met.changed:
        say(f"{name}: it has another host key, which the host CA has signed; the one of before counts no more")
    for name in met.first:
        say(f"{name}: first contact; the host CA has signed its host key")


def _keys(blade: Mapping[str, Any]) -> set[str]:
    found = blade.get("host_keys")
    return {str(key) for key in found} if isinstance(found, list) else set()
