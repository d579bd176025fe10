"""The summary of a run: what a person wants to read when it is over."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from provisioner.console_text import lines, one_line, visible
from provisioner.errors import ExitCode
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.outcome import Outcome, status

# Of the words of others; --json and the record of the run have all of them.
_MOST_LINES = 200
_STYLE = {"ok": "green", "changed": "yellow", "failed": "bold red", "unreachable": "bold red"}


def print_summary(console: Console, outcome: Outcome, check: bool = False) -> None:
    """Per set of blades what changed and how long, per phase the time, failures with evidence and next step."""
    console.print(_blade_table(outcome, check))
    if outcome.told.get("controller"):
        console.print(one_line(outcome.told["controller"]))
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
        _print_words(console, outcome.words)
    if outcome.interrupted:
        console.print("stopped; the next run mends what this one left half done", style="yellow")
    good = outcome.code is ExitCode.OK
    count = outcome.changed()
    words = f"{outcome.code.meaning} ({count} {'change' if count == 1 else 'changes'}{' to come' if check else ''})"
    console.print(words, style="bold green" if good else "bold red")


def _print_words(console: Console, text: str, known: str = "") -> None:
    """The words of others stand behind a bar, so that none of them pass for ours; without what is known already."""
    shown = [line for line in lines(text) if line.strip() not in known]
    for line in shown[:_MOST_LINES]:
        console.print(f"    | {line}", style="dim")
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
    _print_words(console, failure.evidence, failure.message)
    console.print(f"  {failure.whose()}: {one_line(failure.step_for(names))}")


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


def _blade_table(outcome: Outcome, check: bool) -> Table:
    """Blades with the same to say are one row, so that the odd one stands out among sixteen."""
    from ClusterShell.NodeSet import NodeSet

    rows: dict[tuple[str, str], list[str]] = {}
    for name, blade in outcome.blades.items():
        rows.setdefault((status(blade), _what(blade)), []).append(name)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("blade", "status", "time", "what"):
        table.add_column(column, justify="right" if column == "time" else "left")
    for (word, what), names in rows.items():
        longest = max(outcome.blades[name].seconds for name in names)
        said = "would change" if check and word == "changed" else word
        table.add_row(str(NodeSet.fromlist(names)), Text(said, style=_STYLE[word]), f"{longest:.1f} s", what)
    return table


def _what(blade: BladeState) -> str:
    return "\n".join(one_line(words) for words in [*blade.notes, *blade.changed]) or (
        "see below" if blade.failure else "nothing to do"
    )
