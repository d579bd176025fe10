"""`provision accounts`: users, Slurm accounts, limits and QOS as the file beside the plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer, say

if TYPE_CHECKING:
    from pathlib import Path

    from provisioner.plan.model import Plan
    from provisioner.run.converge import Finished

TASK = "Bring the accounts about"
ASKED = "Ask what Slurm has"
Prune = Annotated[
    str | None,
    typer.Option(
        "--prune",
        metavar="[=N]",
        help="Remove what is not declared; at most 20 things, or N. Without it nothing is removed.",
    ),
]


def accounts(
    plan: PlanFile = None,
    check: Annotated[bool, typer.Option("--check", "-C", help="Show the commands; run none.")] = False,
    prune: Prune = None,
    export: Annotated[bool, typer.Option("--export", help="Print what Slurm has as such a file, instead.")] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Ansible's own output.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Bring Slurm accounts and limits about as accounts.yml says.

    QOS, associations, coordinators and rights, too. What differs becomes commands of sacctmgr, in an order that works;
    --check shows these very commands. Who is not declared is left alone, unless --prune is given. Users whose jobs run
    or wait are named and stay. Every `provision slurm` does the same, without --prune.

    Examples:

      provision accounts --check

      provision accounts

      provision accounts --prune=30 --check

      provision accounts --export > inventories/asgard/accounts.yml
    """
    from provisioner.accounts.load import FILE, accounts_file
    from provisioner.cli.output import console_for
    from provisioner.errors import UsageError
    from provisioner.paths import find_plan
    from provisioner.settings.site import load_site

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    if not site.accounting:
        raise UsageError("the plan wants no accounting, and without it Slurm keeps no accounts", "remove `accounting:`")
    if export:
        _export(site, plan_file, verbose, as_json)
        return
    file = accounts_file(plan_file)
    if not file.exists():
        raise UsageError(
            f"there is no {FILE} beside the plan", f"write one, or begin with `provision accounts --export > {file}`"
        )
    extra = {"provision_prune": _most(prune)}
    console = console_for(as_json)
    # What it does is printed once, when it is done.
    finished = _run(site, plan_file, extra, check, verbose, quiet=as_json or not verbose)
    done = _result(site, finished, TASK)
    if as_json:
        shown = {key: done.get(key) or [] for key in ("commands", "jobs", "notes", "troubles")}
        answer({"cluster": site.cluster.name, "check": check, **shown, "exit_code": _code(done)})
    else:
        from provisioner.console_text import counted

        for line in [*(done.get("notes") or []), *(done.get("jobs") or []), *(done.get("commands") or [])]:
            console.print(line, markup=False, soft_wrap=True)
        count = len(done.get("commands") or [])
        if not done.get("troubles"):
            words = counted(count, "command") if count else "Slurm has what is declared"
            console.print(f"{words}{', nothing was touched' if check and count else ''}", style="bold green")
    for trouble in done.get("troubles") or []:
        what, _, step = str(trouble).partition("; next: ")
        say(f"provision: {what}", err=True)
        say(f"  next: {step}", err=True)
    raise typer.Exit(_code(done))


def _most(prune: str | None) -> int:
    """How many things may be removed; -1 for none."""
    from provisioner.errors import UsageError

    if prune is None:
        return -1
    if not prune.isdecimal() or len(prune) > 6:
        raise UsageError(f"--prune={prune} is no number", "say how many things may be removed, such as --prune=30")
    return int(prune)


def _code(done: dict[str, Any]) -> int:
    from provisioner.errors import ExitCode

    return int(ExitCode.FAILED if done.get("troubles") else ExitCode.OK)


def _run(site: Plan, plan_file: Path, extra: dict[str, Any], check: bool, verbose: int, quiet: bool) -> Finished:
    from provisioner.cli.output import console_for
    from provisioner.run.converge import converge
    from provisioner.run.request import Options, PlaybookRun

    options = Options(check=check, verbosity=verbose, extra=extra)
    return converge(PlaybookRun(site, plan_file, [], "accounts.yml", options, quiet), console_for(quiet))


def _result(site: Plan, finished: Finished, task: str) -> dict[str, Any]:
    """What the task returned; ends with the summary where the run did not get so far."""
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_summary
    from provisioner.names import host_name

    found = finished.results.get(host_name(site.cluster.controller), {}).get(task)
    if not isinstance(found, dict):
        print_summary(console_for(True), finished.outcome)
        raise typer.Exit(int(finished.outcome.code) or 1)
    return found


def _export(site: Plan, plan_file: Path, verbose: int, as_json: bool) -> None:
    """Prints the live state as a file, after the file was read as such."""
    from provisioner.accounts.export import exported
    from provisioner.accounts.live import LiveError, parse_live
    from provisioner.accounts.load import AccountsError, accounts_file, parse_accounts
    from provisioner.accounts.model import Accounts
    from provisioner.errors import ProvisionError

    found = _result(site, _run(site, plan_file, {"provision_export": True}, True, verbose, True), ASKED)
    for trouble in found.get("troubles") or []:
        what, _, step = str(trouble).partition("; next: ")
        raise ProvisionError(what, step)
    try:
        text = exported(parse_live(found["answers"]), found.get("people") or {})
        known: Accounts = parse_accounts(text, accounts_file(plan_file))
    except (LiveError, AccountsError) as error:
        raise ProvisionError(
            f"what Slurm has cannot be written as a file: {error}", "mend it with sacctmgr on the controller"
        ) from None
    answer(known.model_dump(mode="json", exclude_defaults=True)) if as_json else say(text.rstrip("\n"))
