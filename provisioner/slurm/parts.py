"""What a board is known by, what it lost, and whether it is another one. Pure.

`parts` of a node's record is `{"serial", "links": {MAC: Mbit/s}, "disks": {id: GB}}`; a record of an older release has
none, and nothing is concluded from that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.console_text import their_words

Parts = Mapping[str, Any]
OTHER_BOARD = "another board: "
# What firmware says where nobody wrote a number down.
_NO_SERIAL = re.compile(
    r"(?i)|0+|none|n/?a|unknown|default string|not (?:specified|available|applicable)|to be filled by o\.?e\.?m\.?"
    r"|system serial number|chassis serial number|invalid|empty|[x.*-]+|0?123456789"
)
_SAME_SIZE = 0.02


def other_board(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """How it is known that another board stands in a node's place, '' where it is the same or nobody can tell.

    The serial number of the board decides; where one of both has none, all network ports and all disks have to be
    others: a blade that was reimaged keeps these.

    Args:
        old, new: records of the node.
    """
    before, now = old.get("parts") or {}, new.get("parts") or {}
    serials = [_serial(each) for each in (before, now)]
    if all(serials):
        return f"serial number {serials[0]} -> {serials[1]}" if serials[0] != serials[1] else ""
    ports, disks = ([set(each.get(key) or ()) for each in (before, now)] for key in ("links", "disks"))
    if not all((*ports, *disks)) or ports[0] & ports[1] or disks[0] & disks[1]:
        return ""
    return f"its network ports are others ({_some(ports[0])} -> {_some(ports[1])}), and so are its disks"


def parts_lost(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What is worse or gone, old against new: the model of the processors, disks, the speed of a link."""
    before, now = old.get("parts") or {}, new.get("parts") or {}
    return [*_model(old, new), *_disks(before, now), *_links(before, now)]


def settled_parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The parts as the registry keeps them: the speed of a link that is down now is the one that it had."""
    before, now = old.get("parts") or {}, new.get("parts") or {}
    links = {mac: speed or before.get("links", {}).get(mac, 0) for mac, speed in now.get("links", {}).items()}
    return {**now, "links": links} if now else dict(before)


def part_words(record: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a record, a word each; {} for a record without."""
    parts = record.get("parts") or {}
    if not parts:
        return {}
    speeds = ", ".join(f"{mac} {speed} Mbit/s" for mac, speed in sorted(parts.get("links", {}).items()))
    disks = ", ".join(f"{_name(disk)} {size} GB" for disk, size in sorted(parts.get("disks", {}).items()))
    return {"disks": disks or "none", "links": speeds or "none", "serial number": _serial(parts) or "none"}


def drift_sentence(lost: list[str], blade: str) -> str:
    """Why a node is refused whose hardware is not as on record, with the next step.

    Args:
        lost: its lines, as `merge_records` has them in `drifted`.
        blade: its name in the plan.
    """
    words = ", ".join(their_words(line, 300) for line in lost)
    if any(line.startswith(OTHER_BOARD) for line in lost):
        return (
            f"{words}, and nobody said so; next: accept it with `provision replace {blade}`, or find out which board "
            "was plugged in there"
        )
    return (
        f"its hardware is less than on record: {words}; next: mend it, or accept it with `provision slurm --nodes "
        f"{blade} --accept-hardware {blade}`"
    )


def slow_links(parts: Parts) -> list[str]:
    """A sentence for each link that is slower than the board can, by itself or its cable."""
    return [
        f"its link {mac} runs at {speed} Mbit/s; next: look at the cable and the port of the switch"
        for mac, speed in sorted((parts.get("links") or {}).items())
        if 0 < speed < 1000
    ]


def serial_of(record: Mapping[str, Any]) -> str:
    """The serial number of a node's board, '' where nobody knows it."""
    return _serial(record.get("parts") or {})


def _serial(parts: Parts) -> str:
    serial = their_words(parts.get("serial") or "", 60)
    return "" if _NO_SERIAL.fullmatch(serial) else serial


def _model(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, now = (" ".join(str(each.get("cpu_model") or "").split()) for each in (old, new))
    if before and now and before != now:
        yield f"processor {their_words(before, 80)} -> {their_words(now, 80)}"


def _disks(before: Parts, now: Parts) -> Iterator[str]:
    """Disks that are gone and have no other of their size in their place."""
    if "disks" not in before or "disks" not in now:
        return
    come = sorted(size for disk, size in now["disks"].items() if disk not in before["disks"])
    for disk, size in sorted(before["disks"].items()):
        if disk in now["disks"]:
            continue
        if spare := next((other for other in come if other >= size * (1 - _SAME_SIZE)), 0):
            come.remove(spare)
        else:
            yield f"disk {_name(disk)} ({size} GB) -> gone"


def _links(before: Parts, now: Parts) -> Iterator[str]:
    for mac, speed in sorted((before.get("links") or {}).items()):
        if 0 < (now.get("links") or {}).get(mac, 0) < speed:
            yield f"link {mac} {speed} -> {now['links'][mac]} Mbit/s"


def _name(disk: str) -> str:
    return their_words(disk.rpartition("/")[2], 80)


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:2])
