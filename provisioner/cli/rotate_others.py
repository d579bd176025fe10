"""`provision rotate jwt` and `provision rotate database`."""

from __future__ import annotations

from typing import Any

import typer

from provisioner.cli.say import answer

DATABASE_TASK = "Ask how slurmdbd is known to the database"
VOID = "all tokens of before are void from then on; users make others with `scontrol token`"


def _site(plan: Any) -> tuple[Any, Any]:
    from provisioner.paths import find_plan
    from provisioner.settings.site import load_site

    plan_file = find_plan(plan)
    return load_site(plan_file), plan_file


def _end(as_json: bool, code: int, **more: Any) -> None:
    from provisioner.errors import ExitCode

    if as_json:
        answer({"exit_code": int(code), "meaning": ExitCode(code).meaning, **more})
    raise typer.Exit(int(code))


def rotate_tokens(check: bool, plan: Any, as_json: bool) -> None:
    """Another key of tokens; the run that follows has slurmctld and slurmdbd take it.

    Raises:
        UsageError: the cluster has no tokens.
    """
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_summary
    from provisioner.errors import ExitCode, UsageError
    from provisioner.plan.derive import accounting_host, rest_way
    from provisioner.run.converge import converge
    from provisioner.run.request import Options, PlaybookRun

    site, plan_file = _site(plan)
    console = console_for(as_json)
    if rest_way(site) is None:
        raise UsageError("there are no tokens in this cluster, since the plan has no `rest:`", "nothing is to be done")
    place = accounting_host(site)
    blades = [place] if place else []
    daemons = "slurmctld and slurmdbd" if place else "slurmctld"
    would = "would make" if check else "makes"
    words = f"{would} another key of tokens, with which {daemons} start again; {VOID}"
    console.print(words, markup=False, soft_wrap=True)
    options = Options(extra={"provision_rotate": {"step": "jwt"}})
    if check:
        _end(as_json, 0, check=True, restarts=daemons.split(" and "))
    made = converge(PlaybookRun(site, plan_file, blades, "rotate_jwt.yml", options, as_json), console)
    code, run = made.outcome.code, made.outcome
    if code == ExitCode.OK:
        # Here slurmd of the nodes has no part: the daemons that are older than the key start again.
        run = converge(PlaybookRun(site, plan_file, blades, "slurm.yml", Options(), as_json), console).outcome
        code = run.code
    if not as_json:
        print_summary(console, run)
    _end(as_json, int(code), check=False, run=run.as_dict())


def rotate_database(check: bool, plan: Any, as_json: bool) -> None:
    """Says that there is no password, as MariaDB itself sees it.

    Raises:
        UsageError: the cluster has no database.
    """
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_summary
    from provisioner.errors import UsageError
    from provisioner.names import host_name
    from provisioner.plan.derive import accounting_host
    from provisioner.run.converge import look
    from provisioner.run.request import PlaybookRun

    site, plan_file = _site(plan)
    console = console_for(as_json)
    place = accounting_host(site)
    if place is None:
        raise UsageError("there is no database in this cluster (`accounting: false`)", "nothing is to be done")
    finished = look(PlaybookRun(site, plan_file, [place], "rotate_database.yml", quiet=True), console)
    said = finished.results.get(host_name(place), {}).get(DATABASE_TASK)
    if said is None or finished.outcome.code != 0:
        if not as_json:
            print_summary(console, finished.outcome, check=True)
        _end(as_json, int(finished.outcome.code) or 1, check=check, run=finished.outcome.as_dict())
        return
    words = f"nothing to change: MariaDB on {place} knows slurmdbd by its socket, and there is no password"
    console.print(words, markup=False, soft_wrap=True)
    _end(as_json, 0, check=check, password=False)
