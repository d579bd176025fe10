"""The tables of docs/performance.md, from bench/results.json.

    python -m bench.report

does that again after another program has put its section into the results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.aims import added_seconds, aim_rows, display_share, straight_line, with_shares
from bench.figures import growth, ratio
from bench.results import read_results
from bench.tables import count, spread, table

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- results -->", "<!-- /results -->"
# Where a table is about blades, these are the ways besides `provision slurm`, with what they are called there.
_FLOORS = {"ssh": "`ssh NODE true`", "apt": "`apt-get install`"}


def tables(results: Mapping[str, Any]) -> str:
    """All tables of what was measured, as Markdown."""
    makers: dict[str, Callable[[Any], str]] = {
        "no-change": lambda section: "### A run that changes nothing\n\n" + _on_blades(section) + _line(section),
        "accounting": partial(_plans, "Accounting"),
        "services": partial(_plans, "All services"),
        "display": _display,
        "more-roles": _more_roles,
        "accounts": _accounts,
        "health": _health,
        "first": lambda section: "### The first run\n\n" + _on_blades(section),
        "peer": _peer,
        "scale": _scale,
        "render": _render,
        "commands": _commands,
        "page": _page,
    }
    parts = [_aims(results), *(make(results[name]) for name, make in makers.items() if name in results)]
    return "\n\n".join([*parts, _machines(results)])


def _aims(results: Mapping[str, Any]) -> str:
    return "### What is aimed at\n\n" + table(("what", "measured", "aim"), aim_rows(results))


def _on_blades(section: Mapping[str, Any]) -> str:
    """Seconds and ratios by number of blades, then what each way costs."""
    sizes = section["sizes"]
    rounds = len(next(iter(sizes.values()))["provision"]["seconds"]["values"])
    said = f"Debian {section['release']}, median of {rounds} (least-greatest)."
    return f"{said}\n\n{_times(sizes)}\n\n{_costs(sizes)}"


def _times(sizes: Mapping[str, Any]) -> str:
    floors = {way: name for way, name in _FLOORS.items() if all(way in ways for ways in sizes.values())}
    rows = []
    for compute, ways in sizes.items():
        ours = ways["provision"]["seconds"]
        taken = [spread(ways[way]["seconds"]) for way in floors]
        over = [spread(ratio(ours, ways[way]["seconds"])) for way in floors]
        rows.append((f"1+{compute}", *taken, spread(ours), *over))
    head = ("blades", *(f"{name}, s" for name in floors.values()), "`provision slurm`, s",
            *(f"over {name}" for name in floors.values()))  # fmt: skip
    return table(head, rows)


def _costs(sizes: Mapping[str, Any]) -> str:
    """What it took of this machine and of the average blade; the counts are those of the blade with the most."""
    rows = []
    for compute, ways in sizes.items():
        for way, name in {**_FLOORS, "provision": "`provision slurm`"}.items():
            if found := ways.get(way):
                per_blade = found["blade_cpu_seconds"]["median"] / (int(compute) + 1)
                modules = f"{count(found.get('modules_per_blade'))} / {count(found.get('modules_controller'))}"
                logins = f"{count(found.get('connections_per_blade'))} / {count(found.get('connections_controller'))}"
                cost = (spread(found["cpu_seconds"]), f"{per_blade:.2f}", modules, logins)
                rows.append((f"1+{compute} {name}", *cost))
    head = ("blades", "CPU of this machine, s", "CPU per blade, s", "modules per blade / controller",
            "SSH connections per blade / controller")  # fmt: skip
    return table(head, rows)


def _line(section: Mapping[str, Any]) -> str:
    line = straight_line(section["sizes"])
    if line is None:
        return ""
    return (
        f"\n\nThe straight line through them, with the controller counted as a blade: {line['fixed']:.2f} s "
        f"{line['per_blade']:+.2f} s per blade; no point is further than {line['off']:.2f} s from it."
    )


def _display(section: Mapping[str, Any]) -> str:
    rows = [
        (f"1+{compute}", str(found["events"]), f"{found['run_seconds']:.2f}", spread(found["screen_seconds"], 3),
         spread(found["record_seconds"], 4), f"{display_share(found):.1%}")
        for compute, found in section["sizes"].items()
    ]  # fmt: skip
    head = ("blades", "events", "run, s", "live table, CPU s", "record, CPU s", "of the run")
    return "### Progress display and record of a run without changes\n\n" + table(head, rows)


def _plans(what: str, section: Mapping[str, Any]) -> str:
    rows = [
        (f"1+{compute}", spread(ways["without"]["seconds"]), spread(ways["with"]["seconds"]),
         *map(spread, with_shares(ways)))
        for compute, ways in section["sizes"].items()
    ]  # fmt: skip
    head = ("blades", "without, s", "with, s", "over it", "CPU of this machine, over it")
    return f"### {what}, in a run that changes nothing\n\nDebian {section['release']}.\n\n{table(head, rows)}"


def _more_roles(section: Mapping[str, Any]) -> str:
    rows = [
        (f"1+{compute}", spread(ways["plain"]["seconds"]), spread(ways["more"]["seconds"]),
         spread(added_seconds(ways)), spread(ways["plain"]["cpu_seconds"]), spread(ways["more"]["cpu_seconds"]))
        for compute, ways in section["sizes"].items()
    ]  # fmt: skip
    head = ("blades", "as it is, s", "twelve roles more, s", "added, s", "CPU as it is, s", "CPU with twelve more, s")
    return "### Twelve more roles, in a run that changes nothing\n\n" + table(head, rows)


def _accounts(section: Mapping[str, Any]) -> str:
    rows = [
        (f"{found['users']} users, 1+{compute}", str(found["commands"]), spread(found["first_seconds"]),
         spread(found["no_change_seconds"]))
        for compute, found in section["sizes"].items()
    ]  # fmt: skip
    head = ("what", "commands", "all new, s", "without changes, s")
    return "### `provision accounts`\n\n" + table(head, rows)


def _health(section: Mapping[str, Any]) -> str:
    rows = [
        (name, spread(found[way]["cpu_seconds"], 3), spread(found[way]["seconds"], 3))
        for found in list(section["sizes"].values())[:1]
        for way, name in (("look", "`slurm-health`"), ("python", "a Python that does nothing"))
    ]
    head = ("what", "CPU, s", "s")
    return f"### A look of the health check\n\nDebian {section['release']}.\n\n" + table(head, rows)


def _peer(section: Mapping[str, Any]) -> str:
    """Ours and the peer's side by side, then the floors and what else has to be known."""
    rows = []
    for what, name in (("first run", "first_seconds"), ("run without changes", "no_change_seconds")):
        ours, its = section[f"ours_{name}"], section[name]
        rows.append((what, spread(ours), spread(its), spread(ratio(ours, its))))
    said = (
        f"Version {section['role_version']}, 1+7 blades each, Debian {section['release']}. The floors in the same "
        f"rounds: `ssh NODE true` {spread(section['ssh_floor_seconds'])} s, `apt-get install` "
        f"{spread(section['apt_floor_seconds'])} s."
    )
    if section["tasks_changed"]:
        said += f" Its runs without work changed up to {section['tasks_changed']} tasks."
    head = ("what", "`provision slurm`, s", "the role, s", "ours over its")
    return f"### Beside the role galaxyproject.slurm\n\n{said}\n\n{table(head, rows)}"


def _scale(section: list[Mapping[str, Any]]) -> str:
    rows = [(each["what"], f"{each['seconds']:.2f}", each["note"]) for each in section]
    return "### Many nodes\n\n" + table(("what", "s", "note"), rows)


def _render(section: Mapping[str, Any]) -> str:
    rows = []
    for what, sizes in section["texts"].items():
        for nodes, found in sizes.items():
            each = found["seconds"]["median"] / int(nodes) * 1e6
            rows.append(
                (what, f"{int(nodes):,}", spread(found["seconds"], 4), f"{each:.0f}", f"{found['peak_mib']:.0f}")
            )
    head = ("text", "nodes", "s", "us per node", "peak memory, MiB")
    growths = [
        f"{what} {growth(1_000, sizes['1000']['seconds']['median'], 10_000, sizes['10000']['seconds']['median']):.2f}"
        for what, sizes in section["texts"].items()
    ]
    said = f"Time per node at 10,000 over that at 1,000, 1 being linear: {'; '.join(growths)}."
    return f"### Texts of many nodes\n\n{table(head, rows)}\n\n{said}"


def _commands(section: Mapping[str, Any]) -> str:
    rows = [
        (f"`{name}`", spread(found["seconds"]), spread(found["cpu_seconds"]))
        for name, found in section["commands"].items()
    ]
    return "### Commands without blades\n\n" + table(("command", "s", "CPU, s"), rows)


def _page(section: Mapping[str, Any]) -> str:
    row = (f"{section['blades']} blades, {section['runs']} runs", spread(section["seconds"]), f"{section['bytes']:,}")
    return "### The page of `provision report`\n\n" + table(("what", "s", "bytes"), [row])


def _machines(results: Mapping[str, Any]) -> str:
    """The machines and what was measured on each; parts may come from different sessions."""
    groups: dict[str, list[str]] = {}
    for name, section in results.items():
        if "machine" in section:
            words = ", ".join(f"{key} {value}" for key, value in section["machine"].items())
            groups.setdefault(f"{section['measured']}: {words}", []).append(name)
    rows = [f"- {', '.join(names)}: {words}" for words, names in groups.items()]
    return "### Measured on\n\n" + "\n".join(rows)


def page_with(page: str, found: str) -> str:
    """The page with other results between its markers.

    Raises:
        ValueError: the page lacks the markers.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{found}\n\n{END}{after}"


def publish(page: Path = PAGE) -> None:
    """Writes what was measured into the page."""
    page.write_text(page_with(page.read_text(), tables(read_results())))


if __name__ == "__main__":
    publish()
