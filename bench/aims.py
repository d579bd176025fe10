"""What the project wants to reach, beside what was measured. Never asserted: a busy machine is no mistake. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.figures import Figures, figures, fit, ratio
from bench.tables import spread

Row = tuple[str, str, str]  # what, measured, aim


def aim_rows(results: Mapping[str, Any]) -> list[Row]:
    """One row per aim that something was measured for."""
    return [
        *_no_change(results.get("no-change", {}).get("sizes", {})),
        *_plans(results),
        *_peer(results.get("peer")),
        *_display(results.get("display", {}).get("sizes", {})),
        *_more_roles(results.get("more-roles", {}).get("sizes", {})),
        *_first(results.get("first", {}).get("sizes", {})),
        *_health(results.get("health", {}).get("sizes", {})),
        *_render(results.get("render", {}).get("texts", {})),
        *_commands(results.get("commands", {}).get("commands", {})),
        *_page(results.get("page")),
    ]


def straight_line(sizes: Mapping[str, Any], of: str = "seconds") -> dict[str, float] | None:
    """The line through the no-change runs by number of blades, the controller among them."""
    return fit({int(compute) + 1: ways["provision"][of]["median"] for compute, ways in sizes.items()})


def _no_change(sizes: Mapping[str, Any]) -> Iterator[Row]:
    if seven := sizes.get("7"):
        found = spread(ratio(seven["provision"]["seconds"], seven["apt"]["seconds"]))
        yield "no-change run 1+7, over the apt floor", found, "at most 2"
    if line := straight_line(sizes):
        yield "no-change run, part that does not grow with the blades", f"{line['fixed']:.2f} s", "below 1.5 s"
    if line := straight_line(sizes, "cpu_seconds"):
        yield "no-change run, CPU of this machine for each blade more", f"{line['per_blade']:.2f} s", "below 0.2 s"
    counted = [ways["provision"].get("modules_per_blade") for ways in sizes.values()]
    if most := [found["max"] for found in counted if found]:
        yield "module executions per unchanged blade", f"{max(most):.0f}", "at most 2"


def with_shares(ways: Mapping[str, Any]) -> tuple[Figures, Figures]:
    """A no-change run with a part of the plan over one without: its seconds, and the CPU time of this machine."""
    seconds, cpu = (ratio(ways["with"][of], ways["without"][of]) for of in ("seconds", "cpu_seconds"))
    return seconds, cpu


def _plans(results: Mapping[str, Any]) -> Iterator[Row]:
    for part, said, aim in (("accounting", "accounting", "1.1"), ("services", "all services", "1.15")):
        if seven := results.get(part, {}).get("sizes", {}).get("7"):
            found = spread(with_shares(seven)[0])
            yield f"no-change run 1+7 with {said}, over one without", found, f"at most {aim}"


def display_share(found: Mapping[str, Any]) -> float:
    """What display and record take of a run, as a part of 1: their CPU time over the run's seconds."""
    return float(found["screen_seconds"]["median"] + found["record_seconds"]["median"]) / float(found["run_seconds"])


def _display(sizes: Mapping[str, Any]) -> Iterator[Row]:
    if all_blades := sizes.get("15"):
        yield "progress display and run record, of a run over 1+15", f"{display_share(all_blades):.1%}", "below 5 %"


def added_seconds(ways: Mapping[str, Any]) -> Figures:
    """What twelve more roles add to a run, in seconds, round by round."""
    pairs = zip(ways["more"]["seconds"]["values"], ways["plain"]["seconds"]["values"], strict=True)
    return figures(more - plain for more, plain in pairs)


def _more_roles(sizes: Mapping[str, Any]) -> Iterator[Row]:
    for compute, ways in sizes.items():
        yield f"twelve more roles in sync, 1+{compute}", f"{spread(added_seconds(ways))} s", "at most 0.3 s"


def _peer(peer: Mapping[str, Any] | None) -> Iterator[Row]:
    if peer:
        found = spread(ratio(peer["ours_no_change_seconds"], peer["no_change_seconds"]))
        yield "no-change run, over that of the peer role", found, "below 0.25"


def _first(sizes: Mapping[str, Any]) -> Iterator[Row]:
    if seven := sizes.get("7"):
        found = spread(ratio(seven["provision"]["seconds"], seven["apt"]["seconds"]))
        yield "first run 1+7 with accounting and verification, over the apt floor", found, "at most 2.2"


def _health(sizes: Mapping[str, Any]) -> Iterator[Row]:
    for found in list(sizes.values())[:1]:
        yield "a look of the health check, CPU", f"{spread(found['look']['cpu_seconds'], 3)} s", "below 0.1 s"


def _render(texts: Mapping[str, Any]) -> Iterator[Row]:
    both = [texts[what]["10000"] for what in ("inventory", "slurm.conf") if "10000" in texts.get(what, {})]
    if len(both) == 2:
        seconds = sum(each["seconds"]["median"] for each in both)
        yield "inventory and slurm.conf of 10,000 nodes", f"{seconds:.2f} s", "at most 2 s"
        memory = max(each["peak_mib"] for each in both)
        yield "their peak memory", f"{memory:.0f} MiB", "at most 500 MB"


def _commands(commands: Mapping[str, Any]) -> Iterator[Row]:
    if found := commands.get("provision --help"):
        yield "`provision --help`", f"{spread(found['seconds'])} s", "at most 0.3 s"


def _page(section: Mapping[str, Any] | None) -> Iterator[Row]:
    if section:
        yield f"report of {section['blades']} blades", f"{spread(section['seconds'])} s", "below 2 s"
        yield "its size", f"{section['bytes'] / 1e6:.2f} MB", "below 2 MB"
