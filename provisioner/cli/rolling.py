"""`provision slurm --rolling`: batch by batch, so that most nodes are at work at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from provisioner.cli.rolling_options import RollingWords
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.plan.model import Plan
    from provisioner.run.request import Options
    from provisioner.run.rolling import Roll
    from provisioner.slurm.roll_call import RollCall

ONE, A_DAY, ENCLOSURE = "1", "1d", "enclosure"


def rolling(
    words: RollingWords, plan_file: Path, nodes: str | None, options: Options, as_json: bool, quiet: bool
) -> None:
    """One rolling run, and what it came to in words or JSON.

    Raises:
        UsageError: what was typed makes no sense.
        BusyError: another rolling run is at work.
    """
    from provisioner.cli.output import console_for
    from provisioner.console_text import one_line
    from provisioner.names import folded
    from provisioner.paths import state_dir
    from provisioner.plan.derive import spelling
    from provisioner.run.roll_steps import Steps
    from provisioner.run.rolled import record_of
    from provisioner.run.rolling import Roll
    from provisioner.run.rolling_session import refuse_another, through
    from provisioner.run.session import RunId
    from provisioner.settings.site import load_site

    site = load_site(plan_file)
    _refuse(words)
    console = console_for(as_json)

    def say(line: str) -> None:
        console.print(f"{time.strftime('%H:%M:%S')}  {one_line(line)}", markup=False, soft_wrap=True)

    steps = Steps(site, plan_file, console, as_json or quiet, str(RunId()), options, options.extra, say)
    call = steps.ask("look")
    roll = Roll(_asked(words, site, nodes, call, options), steps, spelling(site))
    if not options.check:
        refuse_another(site.cluster.name, call)
    if already := roll.already(call):
        say(f"{folded(already)} rebooted already in the run that this one goes on with; --from-start reboots them, too")
    differing, controller = _differing(roll, site, roll.join(call))
    due = roll.due(call, differing)
    roll.rolled.same = [name for name in roll.asked.blades if name not in due and name not in roll.rolled.left]
    if options.check:
        _check(roll, call, due, as_json)
    elif not due and not controller:
        _end(record_of(roll.rolled, {}, 0), None, as_json, say)
    told = {"kind": roll.asked.what, "most": roll.asked.limits.most, "per": words.per or "", "due": due}
    record, path = through(roll, call, due, told, state_dir(site.cluster.name))
    _end(record, path, as_json, say)


def _refuse(words: RollingWords) -> None:
    from provisioner.errors import UsageError

    if words.per not in (None, ENCLOSURE):
        raise UsageError("--per knows nothing but enclosure", "say --per enclosure, or leave it out")
    if words.fresh and not words.reboot:
        raise UsageError("--from-start is for --reboot", "leave it out: what is done already is seen by itself")


def _asked(words: RollingWords, site: Plan, nodes: str | None, call: RollCall, options: Options) -> Any:
    """What a person wants, with the share of nodes counted.

    Raises:
        UsageError: it is none, or no blade computes.
    """
    from provisioner.duration import parse_duration
    from provisioner.errors import UsageError
    from provisioner.plan.derive import compute_blades, enclosure_of
    from provisioner.plan.select import select_nodes
    from provisioner.run.roll_batch import Asked
    from provisioner.slurm.rolling import Limits, most_away

    computing = compute_blades(site)
    blades = [name for name in select_nodes(site, nodes) if name in computing]
    if not blades:
        raise UsageError("none of these blades runs jobs", "name compute blades; `provision plan` shows them")
    try:
        most = most_away(words.most or ONE, len(call.nodes))
    except ValueError as error:
        raise UsageError(f"--max-unavailable {error}", "say 1, 2 or 10%") from None
    if words.per and not any(enclosure_of(site, site.blades[name]) for name in blades):
        raise UsageError("the plan names no enclosures", "leave --per out, or name them (`enclosures:` in the plan)")
    kinds = {"upgrade": bool(options.extra.get("provision_upgrade")), "reboot": words.reboot}
    return Asked(
        blades=blades,
        what=" and ".join(kind for kind, wanted in kinds.items() if wanted) or "changes",
        reboot=words.reboot,
        limits=Limits(most, bool(words.per), words.may_empty),
        groups={name: enclosure_of(site, blade) or "" for name, blade in site.blades.items()},
        wait=parse_duration(words.wait or A_DAY, "--wait"),
        keep_going=words.keep_going,
        fresh=words.fresh,
    )


def _differing(roll: Roll, site: Plan, blades: Sequence[str]) -> tuple[list[str], bool]:
    """The blades where a run would change something, and whether it would on the controller; those that nobody could
    look at are left."""
    from provisioner.errors import ExitCode, ProvisionError
    from provisioner.run.roll_steps import troubles

    steps, controller = roll.steps, site.cluster.controller
    steps.say("looks where something differs")
    outcome = steps.differences(blades)
    if outcome.code not in (ExitCode.OK, ExitCode.DEGRADED) and controller in outcome.failures():
        failure = outcome.failures()[controller]
        raise ProvisionError(f"{controller}: {failure.message}", failure.step_for(controller))
    roll.rolled.left |= troubles(outcome, blades, controller)
    changed = [name for name, blade in outcome.blades.items() if blade.changed]
    return [name for name in changed if name in blades], controller in changed


def _check(roll: Roll, call: RollCall, due: Sequence[str], as_json: bool) -> None:
    """The order of the batches; nothing is touched."""
    from provisioner.errors import ExitCode
    from provisioner.names import folded

    planned, last = roll.plan(call, due)
    say, rolled = roll.steps.say, roll.rolled
    for number, batch in enumerate(planned, 1):
        say(f"batch {number} of {len(planned)}: {folded(batch.nodes)}")
    roll.leave(call, [name for name in due if not any(name in batch.nodes for batch in planned)], last.why)
    for name, why in rolled.left.items():
        say(f"{name}: would be left: {why}")
    if not due:
        say("nothing differs")
    code = ExitCode.DEGRADED if rolled.left else ExitCode.OK
    if as_json:
        order = [list(batch.nodes) for batch in planned]
        data = {"batches": order, "left": rolled.left, "same": rolled.same}
        answer({"exit_code": int(code), "meaning": code.meaning, "check": True, **data})
    raise typer.Exit(int(code))


def _end(record: Mapping[str, Any], path: Path | None, as_json: bool, say: Callable[[str], None]) -> None:
    """What a person reads last, or JSON."""
    from provisioner.console_text import counted
    from provisioner.errors import ExitCode

    roll, code = record["rolling"], ExitCode(record["exit_code"])
    if as_json:
        answer({**record, "check": False, "record": str(path) if path else None})
        raise typer.Exit(int(code))
    for name, why in {**roll["failed"], **roll["left"]}.items():
        say(f"{name}: {'failed' if name in roll['failed'] else 'left'}: {why}")
    if record["interrupted"]:
        say(f"stopped; what is out of work says so in Slurm; next: {record['next_step']}")
    batches = counted(len(roll["batches"]), "batch").replace("batchs", "batches")
    done = counted(len(roll["done"]), "blade") if roll["done"] else "nothing to do"
    say(f"{code.meaning} ({done}, {batches}, {counted(record['changed'], 'change')})")
    raise typer.Exit(int(code))
