"""`provision runs`: what former runs did."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.run.history import PastRun

NEWEST = "last"
app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def runs(
    context: typer.Context,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="So many runs, the newest first.")] = 20,
    nodes: Annotated[
        str | None, typer.Option("--nodes", "--node", "-n", metavar="SET", help="Only runs over these blades.")
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only runs that changed something, or in which a blade failed.")
    ] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what former runs of this account did.

    Who ran it, when and for how long, what changed on which blade, what failed and what was left. Runs that changed
    something are kept for ever. Of those that failed and changed nothing the newest 1000 are, of the others the newest
    200, and of both one of each day for 90 days.

    Examples:

      provision runs

      provision runs show last

      provision runs --nodes BLD-008 --changed

      provision runs --json --last 100 | jq '.runs[] | select(.code != 0)'
    """
    if context.invoked_subcommand is not None:
        return
    from provisioner.cli.output import console_for
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.load import load_plan
    from provisioner.plan.select import select_nodes
    from provisioner.run.history import chosen
    from provisioner.run.record import each_record

    site = load_plan(find_plan(plan))
    blades = select_nodes(site, nodes) if nodes is not None else None
    found = list(islice(chosen(each_record(state_dir(site.cluster.name)), blades, changed), last))
    if as_json:
        answer({"cluster": site.cluster.name, "runs": [each.as_dict() for each in found]})
    elif found:
        _list(console_for(as_json), found)
    else:
        console_for(as_json).print(f"no such runs of this account over cluster {site.cluster.name}")


@app.command()
def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run; `last` is the newest one.")],
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Show all that one run did, blade by blade.

    Examples:

      provision runs show last

      provision runs show 20261126T101500Z-4711 --json
    """
    from provisioner.cli.output import console_for
    from provisioner.errors import UsageError
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.load import load_plan
    from provisioner.run.history import chosen
    from provisioner.run.record import each_record

    site = load_plan(find_plan(plan))
    found = chosen(each_record(state_dir(site.cluster.name)), None, changed=False)
    one = next((each for each in found if run in (each.run, NEWEST)), None)
    if one is None:
        raise UsageError("there is no such run", "see them with `provision runs`")
    if as_json:
        answer(one.as_dict())
    else:
        _show(console_for(as_json), one)


def _list(console: Any, found: list[PastRun]) -> None:
    from rich.table import Table
    from rich.text import Text

    from provisioner.cli.output import print_table
    from provisioner.console_text import one_line
    from provisioner.duration import said

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("run", "began", "took", "by", "what", "result"):
        table.add_column(column, justify="right" if column == "took" else "left")
    for each in found:
        result = Text(one_line(each.result(), 200), style="" if each.code == 0 else "bold red")
        table.add_row(each.run, each.when(), said(each.seconds), one_line(each.by, 60), each.what, result)
    print_table(console, table)


def _show(console: Any, run: PastRun) -> None:
    from provisioner.console_text import one_line
    from provisioner.duration import said

    who = f" by {run.by}" if run.by else ""
    console.print(f"{run.run}: {run.what}{who}, {run.when()}, took {said(run.seconds)}", soft_wrap=True)
    console.print(f"exit code {run.code}: {run.meaning}", soft_wrap=True)
    for name in run.blades:
        lines = [
            *run.changed.get(name, []),
            *(f"note: {line}" for line in run.notes.get(name, [])),
            *(f"left for later: {line}" for line in run.left.get(name, [])),
            *(f"failed: {line}" for line in [run.failed.get(name)] if line),
            *(f"skipped: {line}" for line in [run.skipped.get(name)] if line),
        ]
        console.print(f"{name}:" if lines else f"{name}: nothing changed", soft_wrap=True)
        for line in lines:
            console.print(f"  {one_line(line, 1000)}", soft_wrap=True)
