"""What the summary says about scratch that does not come yet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def scratch_notes(facts: Mapping[str, Any], blade: str) -> list[str]:
    """One line for each scratch that waits, and what else a person should know of the disks.

    Args:
        facts: Ansible's facts of the blade; what the role left counts more than what was found before it.
        blade: its id, such as BLD-008.
    """
    scratch = facts.get("scratch") or facts["blade"]["scratch"]
    waiting = [_line(one, blade) for one in scratch.get("waiting", ())]
    return [*waiting, *(str(one) for one in scratch.get("warnings", ()))]


def _line(one: Mapping[str, Any], blade: str) -> str:
    disk, missing = f"{one['disk']} ({one['size_gb']} GB)", f"no {one['mount_point']} yet"
    if one["read"] is None:
        return (
            f"{missing}: {disk} would be formatted, but nobody named it. If {blade} is new or was reimaged: "
            f"`provision reimaged {blade}`; else write the disk into the plan: `provision disks --adopt {blade}`"
        )
    return (
        f"{missing}: all of {disk} is read first, {one['read']} % so far; scratch comes with a run after that "
        f"(`provision disks --nodes {blade}` shows how far it is)"
    )
