"""`provision release`: blades leave the cluster, and are free for another profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from provisioner.cli.drain_command import DrainCommand
from provisioner.cli.leaving import leave
from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.slurm.drained import Drained
    from provisioner.slurm.released import Released


def release(
    nodes: Annotated[
        str, typer.Argument(metavar="SET", help="Blades such as BLD-003, also ones that the plan has no more.")
    ],
    wait: Annotated[
        str | None,
        typer.Option("--wait", metavar="TIME", help="Wait until no job is on them, at most so long: 30min, 2h, 1d."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Give up jobs that wait for these very blades (--nodelist).")
    ] = False,
    check: Annotated[bool, typer.Option("--check", "-C", help="Only say what would be done.")] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Let blades leave the cluster for another profile.

    They are drained; once no job is on them they go out of the registry and of slurm.conf, and slurmd on them is
    stopped and disabled. The controller keeps their last record and what their disks were, in
    /var/lib/provision/released.json. Packages, keys, disks and users stay on the blade, which is said.

    A blade with jobs stays drained and a member; --wait waits for them. So does one that a waiting job names
    (--nodelist), since Slurm ends such a job when the blade goes: cancel it, or --yes gives it up. A blade that is off
    or was reimaged leaves all the same. Stopped at any point, the same command goes on; while the blade is a member,
    `provision resume` takes it back.
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
    found = leave(command, ready, account(), check, yes) if ready else _kept(stopped, why)
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
