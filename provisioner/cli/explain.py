"""`provision explain`: why a blade does not work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from pathlib import Path

    from provisioner.explain.causes import Explained
    from provisioner.explain.evidence import Evidence
    from provisioner.plan.model import Plan
    from provisioner.run.history import PastRun


def explain(
    blade: Annotated[str, typer.Argument(metavar="BLADE", help="One blade such as BLD-011, or a node that Slurm has.")],
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Say why a blade does not work, and what to do now.

    One page: what slurmctld says of it and whose its drain is, what it says itself (services, munge, clock, disks, its
    health check), where it differs from what its roles keep, what the last runs did there, and the logs. It ends with
    the cause and the next command.

    It only looks. It also works while the blade, the controller or both are away, and on a blade that is no member.

    Exit codes: 0 nothing is wrong, 3 something is, 1 neither the blade nor the controller could be asked.

    Examples:

      provision explain BLD-011

      provision explain BLD-011 --json | jq .cause
    """
    from itertools import islice

    from provisioner.cli.output import console_for
    from provisioner.errors import ExitCode
    from provisioner.explain.causes import explained
    from provisioner.explain.page import as_dict
    from provisioner.paths import find_plan, state_dir
    from provisioner.run.history import chosen
    from provisioner.run.record import each_record
    from provisioner.settings.site import load_site

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    console = console_for(as_json)
    found = _evidence(site, plan_file, blade, console)
    records = chosen(each_record(state_dir(site.cluster.name)), [found.blade], changed=False, checks=False)
    runs, verdict = list(islice(records, 3)), explained(found)
    code = ExitCode.OK if not verdict.causes else ExitCode.DEGRADED if found.looked_at() else ExitCode.FAILED
    if as_json:
        answer({"exit_code": int(code), "meaning": code.meaning, **as_dict(found, verdict, runs)})
    else:
        _print(console, site, found, verdict, runs)
    raise typer.Exit(int(code))


def _evidence(site: Plan, plan_file: Path, asked: str, console: Any) -> Evidence:
    """What the blade and its controller say.

    Raises:
        UsageError: neither the plan nor Slurm has such a blade.
        StoppedError: a person stopped it.
    """
    from provisioner.console_text import their_words
    from provisioner.errors import StoppedError, UsageError
    from provisioner.explain.evidence import as_evidence
    from provisioner.names import host_name, name_problem
    from provisioner.plan.derive import spelling
    from provisioner.roles import roles_of
    from provisioner.run.converge import look
    from provisioner.run.request import Options, PlaybookRun

    if problem := name_problem(asked):
        raise UsageError(their_words(problem[0]), "name one blade; `provision plan` shows them")
    node = host_name(asked)
    name = spelling(site).get(node)
    # In check mode nothing is locked, and nothing is waited for.
    options = Options(check=True, extra={"provision_explain": {"node": node}})
    finished = look(PlaybookRun(site, plan_file, [name] if name else [], "explain.yml", options, quiet=True), console)
    outcome, controller = finished.outcome, site.cluster.controller
    if outcome.interrupted:
        raise StoppedError("stopped", "run it again; nothing was touched")
    lead, own = outcome.blades[controller], outcome.blades.get(name or "")
    found = as_evidence(
        name or node,
        node,
        controller,
        roles_of(site, name) if name else None,
        {
            "facts": finished.facts(name) if name else {},
            "controller_facts": finished.facts(controller),
            "failure": own.failure if own else None,
            "controller_failure": lead.failure,
            "unreachable": bool(own and own.unreachable),
        },
    )
    if name is None and found.cluster.get("up") and not found.seen:
        raise UsageError(f"neither the plan nor Slurm has {node}", "`provision plan` shows the blades")
    return found


def _print(console: Any, site: Plan, found: Evidence, verdict: Explained, runs: list[PastRun]) -> None:
    from provisioner.cli.summary import print_words
    from provisioner.console_text import one_line, their_words
    from provisioner.explain.page import page

    console.print(_title(site, found), style="bold", soft_wrap=True)
    for heading, lines, is_log in page(found, runs):
        console.print(f"{heading}:")
        if is_log:
            print_words(console, "\n".join(lines))
        else:
            for line in lines:
                console.print(f"  {their_words(line, 1000)}", soft_wrap=True)
    console.print()
    if not verdict.causes:
        console.print(f"{found.blade}: nothing is wrong", style="bold green")
    for place, cause in enumerate(verdict.causes):
        word = "also" if place else found.blade
        console.print(f"{word}: {one_line(cause.message)}", style=None if place else "bold red", soft_wrap=True)
        announced = "next" if cause.ours else "the blade advises (look before you do it)"
        console.print(f"  {announced}: {one_line(cause.next_step)}", soft_wrap=True)


def _title(site: Plan, found: Evidence) -> str:
    if found.roles is None:
        return f"{found.blade}: not in the plan"
    blade = site.blades[found.blade]
    bay = f", bay {blade.bay}" if blade.bay else ""
    kind = "controller" if found.is_controller else "compute" if found.computes else ", ".join(found.roles)
    return f"{found.blade}{bay}, tier {blade.tier}, {kind or 'no Slurm role'}, {blade.address}"
