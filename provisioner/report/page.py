"""Facts -> what the page shows, all computed; the template only prints it. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.console_text import counted, one_line
from provisioner.plan.overview import overview
from provisioner.report.cards import Card, cards
from provisioner.report.facts import Facts
from provisioner.report.places import Box, boxes, floor
from provisioner.report.states import BAD, MEANINGS
from provisioner.report.timeline import Change, Day, Run, changes, days, listed


@dataclass(frozen=True)
class Count:
    """An entry of the legend: how many blades are of a kind."""

    kind: str
    meaning: str
    count: int


@dataclass(frozen=True)
class Page:
    """All that the page shows.

    Args:
        made: when, with the time zone.
        trouble: why something is not known or does not work, each a sentence; the page begins with them.
        attention: names of blades in a bad state, or with a warning that is not only the plan's.
        tallest: the most runs of a day, at least one: the height of the chart.
    """

    cluster: str
    made: str
    summary: str
    trouble: tuple[str, ...]
    counts: list[Count]
    boxes: list[Box]
    cards: dict[str, Card]
    attention: list[str]
    days: list[Day]
    tallest: int
    changes: list[Change]
    runs: list[Run]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for scripts."""
        return asdict(self)


def page(facts: Facts) -> Page:
    """The page of a cluster."""
    site = overview(facts.plan)
    drawn = cards(facts, site.bays)
    places = boxes(facts.plan, site.bays)
    if strangers := drawn.keys() - {row.blade for row in site.bays}:
        places.append(floor("In Slurm, not in the plan", sorted(strangers)))
    kinds = Counter(card.look.kind for card in drawn.values())
    by_day = days(facts.runs, facts.now)
    return Page(
        cluster=facts.plan.cluster.name,
        made=facts.now.strftime("%Y-%m-%d %H:%M %Z").strip(),
        summary=_summary(facts),
        trouble=tuple(_trouble(facts)),
        counts=[Count(kind, meaning, kinds[kind]) for kind, meaning in MEANINGS.items() if kinds[kind]],
        boxes=places,
        cards=drawn,
        attention=_attention(drawn, facts.standing is not None and facts.standing.cluster.up),
        days=by_day,
        tallest=max(1, *(day.failed + day.changed + day.same for day in by_day)),
        changes=changes(facts.runs, facts.now),
        runs=listed(facts.runs, facts.now),
    )


def _summary(facts: Facts) -> str:
    blades = counted(len(facts.plan.blades), "blade")
    if facts.standing is None:
        return f"{blades}; the controller {facts.plan.cluster.controller} did not answer"
    cluster = facts.standing.cluster
    running = len({job for node in cluster.nodes.values() for job in node.jobs})
    word = "up" if cluster.up else "down"
    jobs = f", {counted(running, 'job')} running, {cluster.pending} pending" if cluster.up else ""
    return f"{blades}; slurmctld on {facts.plan.cluster.controller} is {word}{jobs}"


def _trouble(facts: Facts) -> list[str]:
    name = facts.plan.cluster.controller
    if facts.standing is None:
        why = one_line(facts.away, 600)
        return [
            f"The controller {name} did not answer: {why}",
            "No state is known. Hardware is what the plan says, runs are those on record on this machine.",
        ]
    release = facts.standing.security.get("release", "")
    step = f"look at `journalctl -u slurmctld` there; `provision slurm --nodes {name}` starts it"
    down = f"slurmctld on {name} is down; next: {step}"
    return [*([] if facts.standing.cluster.up else [down]), *([one_line(release, 500)] if release else [])]


def _attention(drawn: dict[str, Card], known: bool) -> list[str]:
    """The worst first, then as they stand; where no state is known that is said once, and not of each."""
    order = list(MEANINGS)
    bad = BAD if known else frozenset()
    found = [name for name, card in drawn.items() if card.look.kind in bad or card.failed or card.alarms]
    return sorted(found, key=lambda name: order.index(drawn[name].look.kind))
