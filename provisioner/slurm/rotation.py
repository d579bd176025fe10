"""What speaks against another key of munge, and what came of one, from the answers of `munge_rotation`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.console_text import their_words
from provisioner.names import folded

KEPT_DAYS = 7
"""Days for which the key of before is kept; those of `munge_rotation`."""
USUAL_SECONDS = 6.0
"""For how long no job starts where no rotation of the cluster tells; see docs/rotation.md."""
SWITCHED, TAKEN_BACK = "switched", "taken back"


@dataclass(frozen=True)
class Verdict:
    """What is known before anything is touched.

    Args:
        problems: what speaks against it, by blade, each with the next step.
        nodes: the blades that take the key.
        strangers: those that were never members and have no key to change.
        unfinished: a former rotation has changed the key as this one would, and nobody has proved it yet.
        seconds: for how long no job starts, as far as one can tell.
        undo: whether the key of before is there.
        last: when the last rotation was, and by whom; '' where there was none.
    """

    nodes: tuple[str, ...]
    problems: Mapping[str, str] = field(default_factory=dict)
    strangers: tuple[str, ...] = ()
    unfinished: bool = False
    seconds: float = USUAL_SECONDS
    undo: bool = False
    last: str = ""


def judge(found: Mapping[str, Mapping[str, Any]], controller: str, undo: bool) -> Verdict:
    """Whether all these blades can change their key at once.

    Args:
        found: what `look` said of each blade.
        controller: which of them is the controller.
        undo: whether the key of before is to come back.
    """
    own = found[controller]
    rotation = own.get("rotation")
    rotation = rotation if isinstance(rotation, Mapping) else {}
    key, old = str(own.get("key") or ""), bool(own.get("old"))
    changed = rotation.get("stage") == SWITCHED
    # The program that changes it was killed before it could say so.
    changed = changed or (rotation.get("stage") == "switching" and old)
    # One in the other direction is no beginning of this one.
    unfinished = changed and rotation.get("proved") is not True and bool(rotation.get("undo")) is undo
    problems = {name: words for name, seen in found.items() if (words := _problem(name, seen, key, name == controller))}
    strangers = tuple(name for name, seen in found.items() if name != controller and not seen.get("key"))
    if undo and not old:
        problems[controller] = "there is no key of before to take back; next: nothing, the key stays as it is"
    return Verdict(
        tuple(name for name in found if name not in strangers),
        {name: words for name, words in problems.items() if name not in strangers},
        strangers,
        unfinished,
        _seconds(rotation.get("away")),
        old,
        f"{their_words(rotation.get('when') or '', 40)} by {their_words(rotation.get('by') or '', 80)}"
        if changed
        else "",
    )


def _problem(name: str, seen: Mapping[str, Any], key: str, controls: bool) -> str:
    repair = "`provision slurm` first" if controls else f"`provision slurm --nodes {name}` first"
    if not seen.get("key"):
        return f"there is no munge key to change; next: {repair}"
    if seen.get("munge"):
        return f"munge does not work on it ({their_words(seen['munge'], 200)}); next: {repair}"
    if seen["key"] != key:
        return f"its munge key is not that of the controller; next: {repair}"
    if controls and seen.get("slurmctld") != "active":
        return f"slurmctld does not run on it ({their_words(seen.get('slurmctld') or '', 40)}); next: {repair}"
    return ""


def _seconds(away: Any) -> float:
    return float(away) if isinstance(away, int | float) and 0 < away < 3600 else USUAL_SECONDS


def intent(verdict: Verdict, undo: bool) -> str:
    """What would be done, as a sentence."""
    what = "take back the munge key of before" if undo else "give another munge key to"
    to = f" on {folded(verdict.nodes)}" if undo else f" {folded(verdict.nodes)}"
    return (
        f"would {what}{to}: slurmctld is stopped for about {verdict.seconds:g} s, in which no job starts; jobs that "
        "run go on, and commands wait"
    )


def result(answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """How far the controller has come: `stage` and `away` (seconds in which no job started)."""
    rotation = (answer or {}).get("rotation")
    rotation = rotation if isinstance(rotation, Mapping) else {}
    away = rotation.get("away")
    return {
        "stage": their_words(rotation.get("stage") or "nothing", 20),
        "away": float(away) if isinstance(away, int | float) else None,
    }
