"""`provision disks`: what every blade's disks are, and the lines that name them in the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson, Nodes, PlanFile
from provisioner.cli.say import answer, say

if TYPE_CHECKING:
    from rich.console import Console

    from provisioner.disks import FoundDisk
    from provisioner.plan.model import Plan

TASK = "Report the disks"


def disks(
    nodes: Nodes = None,
    plan: PlanFile = None,
    as_json: AsJson = False,
    adopt: Annotated[
        str | None,
        typer.Option("--adopt", metavar="SET", help="Write the ids of these blades' scratch disks into the plan."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", "-C", help="With --adopt: only show the change.")] = False,
) -> None:
    """Show the disks of the blades.

    Each is boot, scratch, free, or in use by something. Reads only. Prints the lines that name each disk by its
    stable id, ready for the plan.

    With --adopt the ids are written into the plan, for you to look at and commit: a disk that the plan names by its
    id may become scratch, if it is empty. Everything else in the file stays as it is. Nothing on the blades is touched.

    Examples:

      provision disks

      provision disks --nodes BLD-008

      provision disks --adopt BLD-008,BLD-011

      provision disks --json | jq '.blades[].disks[] | select(.verdict == "free")'
    """
    from provisioner.cli.adopt import write_ids
    from provisioner.cli.output import Terminal
    from provisioner.console_text import one_line
    from provisioner.disks import parse_report, plan_lines
    from provisioner.errors import ExitCode, StoppedError, UsageError
    from provisioner.names import host_name
    from provisioner.paths import find_plan
    from provisioner.plan.select import select_nodes
    from provisioner.run.converge import look
    from provisioner.run.request import PlaybookRun
    from provisioner.settings.site import load_site

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    if adopt is not None and (nodes is not None or as_json):
        raise UsageError("--adopt names the blades itself and prints no JSON", "provision disks --adopt BLD-008")
    asked = select_nodes(site, adopt if adopt is not None else nodes)
    console = Terminal(stderr=as_json)
    finished = look(PlaybookRun(site, plan_file, asked, "disks.yml", quiet=True), console)
    if finished.outcome.interrupted:
        raise StoppedError("stopped before the blades had told their disks", "run it again")
    found = {
        name: parse_report(finished.results[host_name(name)][TASK]["disks"])
        for name in asked
        if TASK in finished.results.get(host_name(name), {})
    }
    lines = {name: plan_lines(site, name, reported) for name, reported in found.items()}
    unclear = write_ids(console, plan_file, site, found, check) if adopt is not None else False
    missing = [name for name in asked if name not in found]
    if as_json:
        answer(_as_dict(found, lines, missing))
    elif found and adopt is None:
        _print(console, site, found, lines)
    failures = finished.outcome.failures()
    for name in missing:
        failure = failures.get(name)
        say(f"{name}: {one_line(failure.message) if failure else 'said nothing about its disks'}", err=True)
        if failure and failure.next_step:
            say(f"  {failure.whose()}: {one_line(failure.step_for(name))}", err=True)
    if missing or unclear:
        raise typer.Exit(int(ExitCode.DEGRADED if found else ExitCode.FAILED))


def _as_dict(found: dict[str, list[FoundDisk]], lines: dict[str, list[str]], missing: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    blades = {
        name: {"disks": [asdict(disk) for disk in reported], "plan": lines[name]} for name, reported in found.items()
    }
    return {"blades": blades, "missing": missing}


def _print(console: Console, site: Plan, found: dict[str, list[FoundDisk]], lines: dict[str, list[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    from provisioner.cli.output import print_table
    from provisioner.console_text import one_line, visible

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("blade", "disk", "GB", "model", "what it is"):
        table.add_column(column, justify="right" if column == "GB" else "left")
    colours = {"boot": "blue", "scratch": "green", "free": "cyan", "used": "yellow"}
    for name, reported in found.items():
        for disk in reported:
            state = Text(one_line(disk.state), style=colours.get(disk.verdict, "white"))
            table.add_row(name, one_line(disk.path), str(disk.size_gb), one_line(disk.model), state)
        if not reported:
            table.add_row(name, "-", "", "", "no disk is visible")
    print_table(console, table)
    console.print(f"\nFor the plan of {site.cluster.name}, below blades:")
    for name in found:
        for line in lines[name]:
            console.print(visible(line), soft_wrap=True)
