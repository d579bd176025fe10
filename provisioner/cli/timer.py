"""`provision timer`: scheduled runs of one plan by systemd on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer, say

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(
    help="Run `provision slurm --scheduled` by a timer of systemd.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
System = Annotated[
    bool | None,
    typer.Option(
        "--system/--user", help="A timer of the machine, or of this account; default: of the machine for root."
    ),
]
Check = Annotated[bool, typer.Option("--check", "-C", help="Only say what would be done.")]


@app.command()
def install(
    every: Annotated[str, typer.Option("--every", metavar="TIME", help="How often: 15min, 1h, 1d.")] = "15min",
    system: System = None,
    check: Check = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Install the timer of a plan, or bring it up to date.

    Writes the units for systemd with the absolute paths of this provision and this plan, and starts the timer. Each
    plan has its own. A run that was missed while the machine was off is made up. Once more changes nothing; a unit of
    the same name that is not ours is never overwritten.

    Examples:

      provision timer install

      provision timer install --every 1h --check

      provision timer install --every 1d --user --plan ~/asgard/plan.yml
    """
    from provisioner.backup.make import default_folder, make_folder
    from provisioner.scheduled.every import parse_every
    from provisioner.scheduled.here import this_timer
    from provisioner.scheduled.units import unit_files
    from provisioner.settings.site import load_site

    every_so = parse_every(every)
    path, units = _units(plan, system)
    timer = this_timer(path, every_so, units.system, default_folder(load_site(path), path))
    wanted = unit_files(timer)
    steps, diff = units.steps(wanted), units.diff(wanted)
    if not check:
        # What runs write to, also where it went meanwhile; the sandbox of a run cannot make it.
        _make(timer.state)
        make_folder(timer.backups)
        if steps:
            units.install(wanted)
    note = _lingers_not(units.system)
    if as_json:
        told = {
            "timer": units.timer,
            "plan": str(path),
            "check": check,
            "changed": len(steps),
            "steps": steps,
            "note": note,
        }
        answer({"exit_code": 0, **told, "units": wanted, "diff": diff})
        return
    for line in diff if check else []:
        say(line)
    for step in steps:
        say(f"{'would ' if check else ''}{step}")
    say(
        f"{units.timer}: " + ("it is as it should be" if not steps else "nothing was touched" if check else "installed")
    )
    if note:
        say(note)


@app.command()
def status(system: System = None, plan: PlanFile = None, as_json: AsJson = False) -> None:
    """Say when the next run is, and what came of the last one.

    Ends with 1 where there is no timer, or it does not run.

    Examples:

      provision timer status

      provision timer status --json | jq .next
    """
    from provisioner.scheduled.here import timer_state, words

    path, units = _units(plan, system)
    state = timer_state(path, units)
    note = _lingers_not(units.system) if state["active"] else ""
    if as_json:
        answer({"exit_code": 0 if state["active"] else 1, **state, "note": note})
    else:
        for line in words(state):
            say(line)
        if note:
            say(note)
    raise typer.Exit(0 if state["active"] else 1)


@app.command()
def remove(system: System = None, check: Check = False, plan: PlanFile = None, as_json: AsJson = False) -> None:
    """Take the timer of a plan away.

    A run that is at work goes on to its end; its units stay until the command is run once more.

    Examples:

      provision timer remove

      provision timer remove --check
    """
    path, units = _units(plan, system)
    needed = units.remove() if units.there and not check else []
    gone = [str(units.folder / name) for name in units.there if name not in needed]
    if as_json:
        told = {"timer": units.timer, "plan": str(path), "check": check, "removed": gone, "needed": needed}
        answer({"exit_code": 0, **told})
        return
    for name in gone:
        say(f"{'would remove' if check else 'removed'} {name}")
    if needed:
        say("a run is at work and goes on; next: `provision timer remove` once more when it has ended")
    if not units.there:
        say(f"{units.timer}: there is none")


@app.command()
def notify(
    test: Annotated[bool, typer.Option("--test", help="Run the command once with a message that says so.")] = False,
    plan: PlanFile = None,
) -> None:
    """Tell somebody by the command of `notify`, where that is due.

    The timer calls it after each run. It tells once that runs fail, and once that they are well again.

    Examples:

      provision timer notify --test
    """
    from provisioner.errors import ProvisionError, UsageError
    from provisioner.paths import absolute, find_plan
    from provisioner.plan.load import load_plan
    from provisioner.scheduled.counted import note_crash
    from provisioner.scheduled.memory import recall
    from provisioner.scheduled.notifier import TEST, message, run_command, tell

    path = absolute(find_plan(plan))
    if not test:
        note_crash(path, os.environ.get("MONITOR_SERVICE_RESULT", ""), os.environ.get("MONITOR_INVOCATION_ID", ""))
        if told := tell(path):
            say(told)
        return
    site = load_plan(path)
    if site.notify is None:
        raise UsageError("the plan has no `notify`", "write `notify: {command: ...}` into it")
    memory = recall(path)
    memory.last = {**memory.last, "cluster": site.cluster.name}
    if trouble := run_command(site.notify, message(TEST, path, memory)):
        raise ProvisionError(f"the command of `notify` {trouble}", "correct it in the plan, then try again")
    say("the command of `notify` ended well")


def _units(plan: Path | None, system: bool | None) -> tuple[Path, Any]:
    """The absolute path of the plan, and its units where they are or would be."""
    from provisioner.errors import UsageError
    from provisioner.paths import absolute, find_plan
    from provisioner.scheduled.installed import Units
    from provisioner.scheduled.systemd import unit_folder
    from provisioner.scheduled.units import unit_name

    root = os.geteuid() == 0
    if system and not root:
        raise UsageError("a timer of the machine is root's", "run it as root, or leave --system out")
    of_machine = root if system is None else system
    path = absolute(find_plan(plan))
    return path, Units(unit_folder(of_machine), unit_name(path), of_machine)


def _make(folder: Path) -> None:
    from provisioner.errors import ProvisionError

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ProvisionError(f"{folder} cannot be made: {error.strerror}", "make that folder, then try again") from None


def _lingers_not(system: bool) -> str:
    from provisioner.scheduled.here import lingers
    from provisioner.scheduled.systemd import LINGER, this_account

    if system or lingers():
        return ""
    return f"note: it fires only while this account is logged in; next: `{LINGER} {this_account()}`"
