"""How blades leave the cluster, once no job is on them: the controller first, then slurmd on each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.cli.drain_command import DrainCommand
    from provisioner.slurm.released import Released

LEAVE_TASK = "End slurmd"


def leave(command: DrainCommand, blades: list[str], by: str, check: bool, yes: bool) -> dict[str, Released]:
    """Takes them out of the cluster, then ends slurmd on each; `yes` gives up jobs that would end with it.

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
    from provisioner.slurm.harm import ANY

    site, plan_file, console = command.site, command.plan_file, command.console
    there = [name for name in blades if name in site.blades]
    disks = _disks(command, there)
    noted = {host_name(name): {"by": by, "disks": disks.get(name)} for name in blades}
    extra = {"slurmctld_forget": list(noted), "slurmctld_forget_noted": note_leaving(noted)}
    extra |= {"provision_may_end": ANY} if yes else {}
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
