"""`provision release`: blades leave the cluster, and are free for another profile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.drain_command import DrainCommand
from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.slurm.drained import Drained
    from provisioner.slurm.released import Released

LEAVE_TASK = "End slurmd"


def release(
    nodes: Annotated[
        str, typer.Argument(metavar="SET", help="Blades such as BLD-003, also ones that the plan has no more.")
    ],
    wait: Annotated[
        str | None,
        typer.Option("--wait", metavar="TIME", help="Wait until no job is on them, at most so long: 30min, 2h, 1d."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", "-C", help="Only say what would be done.")] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Let blades leave the cluster for another profile.

    They are drained; once no job is on them they go out of the registry and of slurm.conf, and slurmd on them is
    stopped and disabled. The controller keeps their last record and what their disks were, in
    /var/lib/provision/released.json. Packages, keys, disks and users stay on the blade, which is said.

    A blade with jobs stays drained and a member; --wait waits for them. One that is off or was reimaged leaves all the
    same. Stopped at any point, the same command goes on; while the blade is a member, `provision resume` takes it back.
    A later run over all blades adds it again, unless the plan gives it no Slurm role.

    Examples:

      provision release BLD-003 --wait 2h

      provision release BLD-003 --check

      provision release BLD-[003-004] --json
    """
    from provisioner.cli.output import console_for
    from provisioner.duration import parse_duration
    from provisioner.names import host_name
    from provisioner.paths import find_plan
    from provisioner.plan.select import select_forgotten
    from provisioner.run.owner import account
    from provisioner.settings.site import load_site

    seconds = parse_duration(wait, "--wait") if wait is not None else 0
    plan_file = find_plan(plan)
    site = load_site(plan_file)
    blades = {host_name(name): name for name in select_forgotten(site, nodes, "the set")}
    command = DrainCommand(site, plan_file, console_for(as_json), blades, "drained", f"release ({account()})", as_json)
    _refuse_unknown(command)
    stopped, why = _drained(command, seconds, check)
    ready = [] if stopped else list(blades.values())
    found = _leave(command, ready, account(), check) if ready else _kept(stopped, why)
    _end(command, found, check)


def _refuse_unknown(command: DrainCommand) -> None:
    """Whoever is in no plan and no cluster is a slip of the finger, which is said before anything is touched."""
    from provisioner.errors import UsageError
    from provisioner.slurm.drained import MISSING

    strange = [name for name in command.blades.values() if name not in command.site.blades]
    found = command.ask(check=True) if strange else {}
    if unknown := [name for name in strange if name not in found or found[name].result == MISSING]:
        raise UsageError(f"{', '.join(unknown)}: neither in the plan nor in the cluster", "see `provision status`")


def _drained(command: DrainCommand, seconds: int, check: bool) -> tuple[dict[str, Drained], str]:
    """Takes the blades out of work. Those that jobs keep from leaving, and why; the others stay, too, then."""
    from provisioner.slurm.drained import MISSING

    found = command.ask(check)
    # One that slurmctld does not know has left before; the rest of the command finishes it.
    command.tell({name: node for name, node in found.items() if node.result != MISSING}, check)
    if check or not any(node.jobs for node in found.values()):
        return {}, ""
    why = "it stays drained"
    if seconds:
        found, why = command.wait(found, seconds)
    return ({name: node for name, node in found.items() if node.jobs or why}, why) if why else ({}, "")


def _kept(busy: Mapping[str, Drained], why: str) -> dict[str, Released]:
    from provisioner.slurm.released import FAILED, Released

    def words(name: str, node: Drained) -> str:
        jobs = (
            f"jobs are on it ({', '.join(map(str, node.jobs[:8]))}), so it is still a member"
            if node.jobs
            else "it is still a member"
        )
        return f"{jobs}: {why}; next: `provision release {name} --wait 2h`, or `provision resume {name}`"

    return {name: Released(FAILED, why=words(name, node)) for name, node in busy.items()}


def _leave(command: DrainCommand, blades: list[str], by: str, check: bool) -> dict[str, Released]:
    """Takes them out of the cluster, then ends slurmd on each.

    Raises:
        typer.Exit: the controller did not take them out; that is said.
    """
    from provisioner.cli.summary import print_summary
    from provisioner.errors import ExitCode
    from provisioner.names import host_name
    from provisioner.plan.derive import spelling
    from provisioner.run.converge import converge
    from provisioner.run.request import Options, PlaybookRun
    from provisioner.slurm.archive import note_leaving
    from provisioner.slurm.cluster_words import cluster_words

    site, plan_file, console = command.site, command.plan_file, command.console
    there = [name for name in blades if name in site.blades]
    disks = _disks(command, there)
    noted = {host_name(name): {"by": by, "disks": disks.get(name)} for name in blades}
    extra = {"slurmctld_forget": list(noted), "slurmctld_forget_noted": note_leaving(noted)}
    tell = partial(cluster_words, blades=spelling(site), check=check)
    out = converge(PlaybookRun(site, plan_file, [], "slurm.yml", Options(check, extra=extra), True, tell), console)
    if out.outcome.code not in (ExitCode.OK, ExitCode.DEGRADED):
        if command.as_json:
            answer(out.outcome.as_dict())
        else:
            print_summary(console, out.outcome, check)
        raise typer.Exit(int(out.outcome.code))
    if words := out.outcome.told.get("controller"):
        console.print(words, markup=False, soft_wrap=True)
    found = _ended(command, there, check) if there else {}
    return {name: found.get(name) or _gone(name) for name in blades}


def _disks(command: DrainCommand, blades: list[str]) -> dict[str, list[dict[str, Any]]]:
    """What the disks of each blade are, of those that answer."""
    from dataclasses import asdict

    from provisioner.cli.disks import TASK
    from provisioner.disks import parse_report
    from provisioner.names import host_name
    from provisioner.run.converge import look
    from provisioner.run.request import PlaybookRun

    if not blades:
        return {}
    asked = PlaybookRun(command.site, command.plan_file, blades, "disks.yml", quiet=True)
    results = look(asked, command.console).results
    reported = {name: results.get(host_name(name), {}).get(TASK) for name in blades}
    return {name: [asdict(disk) for disk in parse_report(said["disks"])] for name, said in reported.items() if said}


def _ended(command: DrainCommand, blades: list[str], check: bool) -> dict[str, Released]:
    """What came of slurmd on each blade.

    Raises:
        StoppedError: a person stopped it.
    """
    from provisioner.errors import StoppedError
    from provisioner.names import host_name
    from provisioner.run.converge import converge
    from provisioner.run.request import Options, PlaybookRun
    from provisioner.slurm.released import FAILED, LEFT, Released, parse_left

    asked = PlaybookRun(command.site, command.plan_file, blades, "release.yml", Options(check), quiet=True)
    done = converge(asked, command.console)
    if done.outcome.interrupted:
        raise StoppedError("stopped before slurmd had ended on each of them", "the same command goes on")
    if failed := done.outcome.failures().get(command.site.cluster.controller):
        why = f"it left the cluster, and nobody looked at its slurmd: {failed.message}; next: release it again"
        return {name: Released(FAILED, why=why) for name in blades}
    found = {}
    for name in blades:
        failure = done.outcome.failures().get(name)
        said = done.results.get(host_name(name), {}).get(LEAVE_TASK)
        if failure is None and said is not None:
            found[name] = parse_left(said)
        elif failure is None or done.outcome.blades[name].unreachable:
            why = failure.message if failure else "nobody looked at it"
            found[name] = Released(
                LEFT,
                why=f"its slurmd was not stopped: {why}; next: `provision release {name}` once it answers, or image it",
            )
        else:
            found[name] = Released(FAILED, why=f"{failure.message}; next: {failure.step_for(name)}")
    return found


def _gone(name: str) -> Released:
    from provisioner.slurm.released import LEFT, Released

    return Released(LEFT, why=f"{name} is not in the plan, so nobody looked whether its slurmd is off")


def _end(command: DrainCommand, found: Mapping[str, Released], check: bool) -> None:
    from provisioner.console_text import one_line
    from provisioner.plan.derive import compute_blades
    from provisioner.slurm.released import FAILED, code, line

    result = code(found)
    for name, blade in found.items():
        command.console.print(f"{name}: {one_line(line(blade, check))}", markup=False, soft_wrap=True)
    if back := [name for name in compute_blades(command.site) if name in found and found[name].result != FAILED]:
        words = (
            f"the plan still lets {', '.join(back)} compute, so the next run over all blades makes it a member again; "
            "next: give it another tier, or take it out of the plan"
        )
        command.console.print(words, markup=False, soft_wrap=True)
    if command.as_json:
        nodes = {name: blade.as_dict() for name, blade in found.items()}
        answer({"exit_code": int(result), "meaning": result.meaning, "check": check, "nodes": nodes})
    raise typer.Exit(int(result))
