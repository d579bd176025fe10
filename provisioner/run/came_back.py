"""Blades that came back reimaged within the window that a person opened for them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from provisioner import announced, host_trust, knownhosts, reimage_windows
from provisioner.plan.model import Plan
from provisioner.plan.way import way_to
from provisioner.run.hostkeys import MOST_AT_ONCE, offered_keys
from provisioner.run.vouched import put_aside
from provisioner.ssh_identity import ssh_identity


@dataclass(frozen=True)
class Before:
    """What stood of a blade before it counted as come back: keys on record, what ssh is told of them, its window."""

    keys: tuple[str, ...]
    trust: tuple[str, ...]
    end: datetime
    announced: bool


def take_note(plan: Plan, state: Path) -> dict[str, Before]:
    """The blades that came back: their old host keys are forgotten, they count as announced, their windows close.

    Only a blade that shows a key, and none of those on record, came back. One that does not answer may be in the
    middle of its imaging, and one that shows the key on record has it ahead.
    """
    file = reimage_windows.windows_file(state)
    ends = reimage_windows.open_windows(file)
    waiting = [name for name in ends if name in plan.blades]
    if not waiting:
        return {}
    key, known_hosts = ssh_identity(state)
    ways = {name: way_to(plan, name, lab=key is not None) for name in waiting}
    text = known_hosts.read_text() if known_hosts.exists() else ""
    recorded = {name: knownhosts.keys_of(text, way.known_name) for name, way in ways.items()}
    # One that was never met needs no window.
    waiting = [name for name in waiting if recorded[name]]
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        shown = dict(
            zip(waiting, pool.map(lambda name: offered_keys(ways[name], [], known_hosts), waiting), strict=True)
        )
    back = [name for name, keys in shown.items() if keys and not set(keys) & set(recorded[name])]
    told = announced.read_announced(announced.announced_file(state))
    trust = host_trust.read_trust(host_trust.trust_file(known_hosts))
    before = {
        name: Before(
            tuple(recorded[name]), tuple(host_trust.lines_of(trust, ways[name].known_name)), ends[name], name in told
        )
        for name in back
    }
    # In this order: a run that dies in between does it again.
    if back:
        announced.announce(announced.announced_file(state), back)
        put_aside(plan, state, back)
        knownhosts.forget(known_hosts, [ways[name].known_name for name in back])
        reimage_windows.close(file, back)
    return before


def give_back(plan: Plan, state: Path, before: Mapping[str, Before]) -> None:
    """Lets all stand of these blades as it was before: another machine stood in their place."""
    if not before:
        return
    key, known_hosts = ssh_identity(state)
    file = announced.announced_file(state)
    told = announced.read_announced(file)
    announced.consume(file, {name: told[name] for name, each in before.items() if name in told and not each.announced})
    names = {name: way_to(plan, name, lab=key is not None).known_name for name in before}

    def change(text: str) -> str:
        for name, each in before.items():
            text = host_trust.with_lines(text, names[name], each.trust)
        return text

    trust = host_trust.trust_file(known_hosts)
    if trust.exists():
        host_trust.change_trust(trust, change)
    for name, each in before.items():
        knownhosts.announce(known_hosts, names[name], each.keys)
        reimage_windows.open_until(reimage_windows.windows_file(state), [name], each.end)
