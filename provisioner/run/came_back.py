"""Blades that came back reimaged within the window that a person opened for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from provisioner import announced, knownhosts, reimage_windows
from provisioner.plan.model import Plan
from provisioner.plan.way import way_to
from provisioner.run.hostkeys import MOST_AT_ONCE, offered_keys
from provisioner.run.vouched import put_aside
from provisioner.ssh_identity import ssh_identity


def take_note(plan: Plan, state: Path) -> list[str]:
    """The blades that came back: their old host keys are forgotten, they count as announced, their windows close.

    Only a blade that shows a key, and none of those on record, came back. One that does not answer may be in the
    middle of its imaging, and one that shows the key on record has it ahead.
    """
    file = reimage_windows.windows_file(state)
    waiting = [name for name in reimage_windows.open_windows(file) if name in plan.blades]
    if not waiting:
        return []
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
    # In this order: a run that dies in between does it again.
    if back:
        announced.announce(announced.announced_file(state), back)
        put_aside(plan, state, back)
        knownhosts.forget(known_hosts, [ways[name].known_name for name in back])
        reimage_windows.close(file, back)
    return back
