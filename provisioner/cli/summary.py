"""The summary of a run: what a person wants to read when it is over."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from provisioner.cli.output import print_table
from provisioner.console_text import counted, lines, one_line, visible
from provisioner.errors import ExitCode
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.outcome import AFTER_STOP, Outcome, status
from provisioner.run.planned import Planned
from provisioner.slurm.harm import numbered
from provisioner.state.words import folded

# Of the words of others; --json and the record of the run have all of them.
_MOST_LINES = 200
# Of a line; a terminal that has less room breaks them as it can.
_LEAST_WIDTH = 20
_BAR = "    | "
_STYLE = {"ok": "green", "changed": "yellow", "skipped": "bold yellow", "failed": "bold red", "unreachable": "bold red"}


def print_summary(
    console: Console, outcome: Outcome, check: bool = False, quiet: bool = False, plan: Planned | None = None
) -> None:
    """Per set of blades what changed and how long, per phase the time, failures with evidence and next step.

    Args:
        check: whether the run only looked.
        quiet: leaves out blades of which there is nothing to say.
        plan: what a check found that a run would do.
    """
    print_table(console, _blade_table(outcome, check, console.width, quiet))
    if plan is not None and plan.settings:
        print_table(console, _setting_table(plan))
    if outcome.told.get("verified"):
        for line in lines(outcome.told["verified"]):
            console.print(line)
    phases = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.phases.items())
    console.print(f"time: {outcome.seconds:.1f} s ({phases})")
    for names, failure in _alike(outcome):
        _print_failure(console, names, failure)
    console.print()
    if outcome.words:
        console.print("Ansible stopped by itself:")
        print_words(console, outcome.words)
    if outcome.interrupted:
        for name, task in outcome.at_work().items():
            console.print(f"  {name} was at work: {one_line(task)}")
        console.print(f"  next: {AFTER_STOP}", soft_wrap=True)
    good = outcome.code is ExitCode.OK
    changes = counted(outcome.changed(), "change")
    words = f"{outcome.code.meaning} ({changes})"
    if check:
        words = f"check: {changes}, nothing was touched" if good else f"{outcome.code.meaning} (check: {changes})"
    if plan is not None and good:
        words = f"{plan.words()} Nothing was touched."
    elif plan is not None and not outcome.interrupted:
        console.print(plan.words(), soft_wrap=True)
    console.print(words, style="bold green" if good else "bold red", soft_wrap=True)


def print_words(console: Console, text: str, known: str = "") -> None:
    """The words of others stand behind a bar, so that none of them pass for ours; without what is known already."""
    shown = [line for line in lines(text) if line.strip() not in known]
    # A line that has no room goes on behind a bar, too: else a blade could have it begin with a step of its own.
    room = max(console.width - len(_BAR), _LEAST_WIDTH)
    for line in shown[:_MOST_LINES]:
        for part in textwrap.wrap(line, room, drop_whitespace=False, break_on_hyphens=False) or [""]:
            console.print(f"{_BAR}{part.rstrip()}", style="dim")
    if len(shown) > _MOST_LINES:
        console.print(f"    ({len(shown) - _MOST_LINES} more lines)", style="dim")


def _alike(outcome: Outcome) -> list[tuple[str, Diagnosis]]:
    """Failures with the blades they have in common, folded: thirteen dead blades are one paragraph."""
    from ClusterShell.NodeSet import NodeSet

    groups: dict[tuple[str, str, bool], NodeSet] = {}
    first: dict[tuple[str, str, bool], Diagnosis] = {}
    for name, failure in outcome.failures().items():
        kind = (failure.message, failure.next_step, failure.ours)
        groups.setdefault(kind, NodeSet()).add(name)
        first.setdefault(kind, failure)
    return [(str(names), first[kind]) for kind, names in groups.items()]


def _print_failure(console: Console, names: str, failure: Diagnosis) -> None:
    console.print()
    console.print(f"{names}: {one_line(failure.message)}", style="bold red")
    print_words(console, failure.evidence, failure.message)
    # In one piece, as a person copies a command.
    console.print(f"  {failure.whose()}: {one_line(failure.step_for(names))}", soft_wrap=True)


def print_diffs(console: Console, outcome: Outcome) -> None:
    """What --diff asks for: every changed file, old against new."""
    import difflib

    for name, blade in outcome.blades.items():
        for diff in blade.diffs:
            before, after = (str(diff.get(key) or "").splitlines() for key in ("before", "after"))
            header = str(diff.get("after_header") or diff.get("before_header") or "")
            for line in difflib.unified_diff(before, after, f"{name}:{header}", f"{name}:{header}", lineterm=""):
                style = "green" if line.startswith("+") else "red" if line.startswith("-") else None
                # Unchanged lines behind a bar too: in a blade's own file they may look like a step of ours.
                shown = f"|{line[1:]}" if line.startswith(" ") else line
                console.print(visible(shown.rstrip("\n")), style=style, soft_wrap=True)


def _blade_table(outcome: Outcome, check: bool, width: int, quiet: bool) -> Table:
    """Blades with the same to say are one row, so that the odd one stands out among sixteen."""
    from ClusterShell.NodeSet import NodeSet

    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, blade in outcome.blades.items():
        if quiet and not (blade.changed or blade.notes or blade.failure or blade.skipped or blade.left):
            continue
        alike.setdefault((status(blade), _what(blade, outcome.interrupted)), []).append(name)
    rows = [
        (
            str(NodeSet.fromlist(names)),
            _status_cell(word, check, outcome.interrupted),
            f"{max(outcome.blades[name].seconds for name in names):.1f} s",
        )
        for (word, _), names in alike.items()
    ]
    room = width - sum(max((len(row[place]) for row in rows), default=0) + 2 for place in range(3))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("blade", "status", "time", "what"):
        table.add_column(column, justify="right" if column == "time" else "left")
    for row, (_, what) in zip(rows, alike, strict=True):
        table.add_row(*row, _wrapped(what, max(room - 2, _LEAST_WIDTH)))
    return table


def _setting_table(plan: Planned) -> Table:
    """Per thing of slurm.conf what it needs on this release, and the jobs that it costs."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("slurm.conf", "needs", "jobs that it costs"):
        table.add_column(column, overflow="fold")
    for each in plan.settings:
        table.add_row(each.what, each.needs, numbered(each.jobs) or "none")
    return table


def _status_cell(word: str, check: bool, interrupted: bool) -> Text:
    if interrupted and word == "ok":
        return Text("stopped", style="yellow")
    return Text("would change" if check and word == "changed" else word, style=_STYLE[word])


def _what(blade: BladeState, interrupted: bool) -> tuple[str, ...]:
    skipped = [blade.skipped] if blade.skipped else []
    left = [f"left for later: {line}" for line in folded(blade.left)]
    left += [f"left, since {blade.left_because}"] if left and blade.left_because else []
    told = [one_line(words) for words in [*skipped, *blade.notes, *left, *folded(blade.changed)]]
    without = "see below" if blade.failure else "not finished" if interrupted else "nothing to do"
    return tuple(told) or (without,)


def _wrapped(told: Sequence[str], width: int) -> str:
    """What does not fit into one line goes on further in, so that each thing is seen to begin."""
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for line in told
    )
