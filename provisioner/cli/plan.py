"""`provision plan`: the enclosure by bay, the stock, and what is odd about the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod
    from rich.table import Table
    from rich.text import Text

    from provisioner.plan.folding import Shown
    from provisioner.plan.overview import BayRow, Overview

# From this width on there is room for addresses and notes.
_WIDE = 110


def plan(plan_file: PlanFile = None, as_json: AsJson = False) -> None:
    """Show what the role plan makes of the blades. Works offline and touches nothing.

    By enclosure and bay: tier, Slurm role, RAM in GiB now and after the move, disks, findings (numbered below);
    then the partitions that the plan names (* is the default), and the stock. Exits with 0 when there are at most
    warnings, with 2 when the plan cannot be used.

    Examples:

      provision plan

      provision plan --plan inventories/asgard/plan.yml --json
    """
    from provisioner.paths import find_plan
    from provisioner.plan.load import load_plan
    from provisioner.plan.overview import overview

    site = overview(load_plan(find_plan(plan_file)))
    if as_json:
        answer(site.as_json())
    else:
        _print(site)


def _print(site: Overview) -> None:
    from provisioner.cli.output import Terminal, print_table

    console = Terminal()
    _print_title(console, site)
    console.print()
    print_table(console, _bay_table(site, wide=console.width >= _WIDE))
    if site.plan.partitions:
        console.print()
        print_table(console, _partition_table(site))
    if site.parts:
        console.print()
        print_table(console, _stock_table(site))
    console.print()
    _print_findings(console, site)


def _print_title(console: Console, site: Overview) -> None:
    from rich.text import Text

    from provisioner.plan.derive import accounting_host

    cluster = site.plan.cluster
    boxes = [("", site.plan.enclosure)] if not site.plan.enclosures else list(site.plan.enclosures.items())
    for name, box in boxes:
        words = [name, box.name, box.model, box.switch and f"switch {box.switch}", box.power and f"power {box.power}"]
        if said := ", ".join(filter(None, words)):
            console.print(Text(said, style="bold"))
    backup = f", backup {cluster.backup_controller}" if cluster.backup_controller else ""
    place = accounting_host(site.plan)
    accounting = f", accounting on {place}" if place else ", no accounting"
    rule = site.plan.preemption
    preemption = "" if rule.by == "none" else f", preemption by {rule.by} ({rule.mode})"
    where = (
        f"cluster {cluster.name} on {cluster.network}, controller {cluster.controller}{backup}{accounting}{preemption}"
    )
    console.print(Text(where))


def _bay_table(site: Overview, wide: bool) -> Table:
    from rich.text import Text

    from provisioner.plan.folding import shown_rows

    rows = shown_rows(site)
    columns = _columns(rows, wide)
    table = _table()
    for name, (justify, folds) in columns.items():
        table.add_column(name, justify=justify, no_wrap=not folds)
    for shown in rows:
        row = shown.row
        if row is None:
            empty = {"in": shown.enclosure, "bay": shown.bay, "blade": "(empty)"}
            table.add_row(*(empty.get(name, "") for name in columns), style="dim")
            continue
        cells: dict[str, str | Text] = {
            "in": shown.enclosure,
            "bay": shown.bay,
            "blade": Text(shown.blade, style="bold" if row.slurm == "controller" else ""),
            "address": shown.address,
            "tier": Text(row.tier),
            "slurm": _role(site, row),
            "RAM GiB": _ram(row),
            "GPUs": str(row.gpus or ""),
            "disks": Text("\n".join(row.disks)),
            "note": Text(row.note),
            "see": Text(" ".join(map(str, shown.see)), style="yellow"),
        }
        used = row.slurm or row.accounting or row.login
        table.add_row(*(cells[name] for name in columns), style="" if used else "dim")
    return table


def _columns(rows: list[Shown], wide: bool) -> dict[str, tuple[JustifyMethod, bool]]:
    """The columns that have something to show: how they are aligned, and whether their cells fold."""
    boxes = {row.enclosure for row in rows}
    chosen: dict[str, tuple[bool, JustifyMethod, bool]] = {
        "in": (len(boxes - {""}) > 1, "left", False),
        "bay": (any(row.bay for row in rows), "right", False),
        "blade": (True, "left", False),
        "address": (wide, "left", False),
        "tier": (True, "left", False),
        "slurm": (True, "left", True),
        "RAM GiB": (True, "right", True),
        "GPUs": (any(row.row is not None and row.row.gpus for row in rows), "right", False),
        "disks": (True, "left", True),
        "note": (wide, "left", True),
        "see": (True, "left", False),
    }
    return {name: (justify, folds) for name, (wanted, justify, folds) in chosen.items() if wanted}


def _table() -> Table:
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")


def _role(site: Overview, row: BayRow) -> Text:
    from rich.text import Text

    backup = "backup" if row.blade == site.plan.cluster.backup_controller else ""
    accounting = "accounting" if row.accounting and row.slurm != "controller" else ""
    login = "login" if row.login and row.slurm != "controller" else ""
    words = [row.slurm or "", backup, accounting, login]
    return Text(", ".join(filter(None, words)) or "-", style="green" if row.slurm == "controller" else "")


def _ram(row: BayRow) -> Text:
    from rich.text import Text

    if row.ram_after_gb == row.ram_gb:
        return Text(str(row.ram_gb))
    return Text.assemble(f"{row.ram_gb} -> ", (str(row.ram_after_gb), "bold"))


def _partition_table(site: Overview) -> Table:
    from rich.text import Text

    table = _table()
    for heading, folds in (("partition", False), ("nodes", True), ("time", False), ("without --time", False)):
        table.add_column(heading, no_wrap=not folds)
    table.add_column("priority", justify="right")
    table.add_column("more")
    for row in site.partitions:
        name = f"{row.partition}*" if row.default else row.partition
        nodes = Text(row.nodes or "none yet", style="" if row.blades else "yellow")
        table.add_row(Text(name), nodes, row.max_time, row.default_time, str(row.priority_tier), Text(row.words))
    return table


def _stock_table(site: Overview) -> Table:
    from rich.text import Text

    table = _table()
    table.add_column("part", no_wrap=True)
    table.add_column("what")
    for heading in ("stock", "planned", "left"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in site.parts:
        what = f"{row.size_gb} GB {row.kind}" + (f", {row.note}" if row.note else "")
        left = Text(str(row.left), style="yellow" if row.planned and not row.left else "")
        table.add_row(Text(row.part), Text(what), str(row.count), str(row.planned), left)
    return table


def _print_findings(console: Console, site: Overview) -> None:
    from rich.table import Table
    from rich.text import Text

    from provisioner.cli.output import print_table

    if not site.notes:
        console.print(Text("No findings."))
        return
    noun = "finding" if len(site.notes) == 1 else "findings"
    console.print(Text(f"{len(site.notes)} {noun}", style="bold"))
    listed = Table.grid(padding=(0, 1))
    listed.add_column(justify="right", style="yellow", no_wrap=True)
    listed.add_column(style="yellow", no_wrap=True)
    listed.add_column()
    for note in site.notes:
        about = f"{note.blades}: " if note.blades else ""
        listed.add_row(str(note.number), note.level, Text(about + note.message))
    print_table(console, listed)
