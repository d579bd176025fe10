"""`provision drain` and `provision resume`: blades go out of work, and come back."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from provisioner.cli.drain_command import DrainCommand
from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

Set = Annotated[str, typer.Argument(metavar="SET", help="Blades such as BLD-008,BLD-011, BLD-[008-012] or @medium.")]
Check = Annotated[bool, typer.Option("--check", help="Only say what would be done.")]
MOST_REASON = 200


def drain(
    nodes: Set,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for everybody who sees it in Slurm.")
    ] = "maintenance",
    wait: Annotated[
        str | None,
        typer.Option("--wait", metavar="TIME", help="Wait until no job is on them, at most so long: 30min, 2h, 1d."),
    ] = None,
    check: Check = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Take blades out of work; jobs that run there go on.

    Slurm starts no job there any more. The reason begins with `provision: drain:`, by which `provision resume` knows
    it; a blade that takes no jobs for another reason keeps that. Runs leave it drained.

    With --wait the command ends once the last job is gone. When the time is over it ends with 1, and the blades stay
    drained.

    Examples:

      provision drain BLD-008 --reason "new memory"

      provision drain @medium --wait 2h && provision slurm --nodes @medium --upgrade

      provision drain BLD-[008-011] --check --json
    """
    from provisioner.console_text import visible
    from provisioner.duration import parse_duration
    from provisioner.errors import UsageError
    from provisioner.run.owner import account

    if not reason.strip() or len(reason) > MOST_REASON or visible(reason) != reason:
        raise UsageError(f"--reason is no text of at most {MOST_REASON} visible characters", "say it in a few words")
    seconds = parse_duration(wait, "--wait") if wait is not None else 0
    _command(nodes, "drained", f"{reason.strip()} ({account()})", seconds, check, plan, as_json)


def resume(nodes: Set, check: Check = False, plan: PlanFile = None, as_json: AsJson = False) -> None:
    """End what `provision drain` began: blades take jobs again.

    Ends no other drain: those of an admin, of Slurm and of the health check are shown and stay. Where one stays, the
    command ends with 1, or with 3 if others were resumed.

    Examples:

      provision resume BLD-008

      provision resume @all --check
    """
    _command(nodes, "resumed", "", 0, check, plan, as_json)


def _command(nodes: str, state: str, reason: str, wait: int, check: bool, plan: Any, as_json: bool) -> None:
    from provisioner.cli.output import console_for
    from provisioner.errors import ExitCode, UsageError
    from provisioner.names import host_name
    from provisioner.paths import find_plan
    from provisioner.plan.derive import compute_blades
    from provisioner.plan.select import select_nodes
    from provisioner.settings.site import load_site
    from provisioner.slurm.drained import code

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    computing = compute_blades(site)
    blades = {host_name(name): name for name in select_nodes(site, nodes) if name in computing}
    if not blades:
        raise UsageError("none of these blades runs jobs", "name compute blades; `provision plan` shows them")
    command = DrainCommand(site, plan_file, console_for(as_json), blades, state, reason, as_json)
    begin = time.monotonic()
    found = first = command.ask(check)
    command.tell(found, check)
    result, why = code(found.values(), state), ""
    if wait and not check:
        found, why = command.wait(found, wait)
        result = ExitCode.FAILED if why else result
    if why:
        command.console.print(why, markup=False, soft_wrap=True)
    if as_json:
        told = {name: {**node.as_dict(), "told": first[name].told} for name, node in found.items() if name in first}
        answer(
            {
                "exit_code": int(result), "meaning": result.meaning, "check": check, "state": state, "why": why,
                "seconds": round(time.monotonic() - begin, 1), "nodes": told,
            }
        )  # fmt: skip
    raise typer.Exit(int(result))
