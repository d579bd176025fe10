"""`provision report`: what is known of the cluster, as one page."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.report.facts import Facts

MOST_RUNS = 1000
"""Records that are read; those that changed something are kept for ever."""


def report(
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the page to this file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also replace a file that is no report.")] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Write one page that shows the cluster bay by bay.

    It also has what changed lately, runs over time and hardware.

    The file needs nothing beside it and loads nothing: send it, print it, put it on a web server. It is replaced at
    once, and a new one is readable for you only, until you make it readable.

    Where the controller does not answer, or slurmctld is down, the page says so and shows what is known; then the
    command ends with 3. With --json the data of the page are printed, with or without a file.

    Examples:

      provision report --html report.html

      provision report --html /var/www/html/cluster.html --force

      provision report --json | jq '.page.cards[] | select(.look.kind == "down") | .blade'
    """

    from provisioner.cli.output import console_for
    from provisioner.console_text import counted
    from provisioner.errors import ExitCode, UsageError
    from provisioner.paths import find_plan
    from provisioner.report.file import refuse_other_file, write_page
    from provisioner.report.html import render
    from provisioner.report.page import page
    from provisioner.settings.site import load_site

    if html is None and not as_json:
        raise UsageError(
            "nothing says where the page is to go",
            "name a file, as in `provision report --html report.html`; `provision status` shows the blades here",
        )
    if html is not None:
        refuse_other_file(html, force)
    plan_file = find_plan(plan)
    console = console_for(as_json)
    facts = _facts(load_site(plan_file), plan_file, console)
    made = page(facts)
    if html is not None:
        write_page(html, render(made), force)
    whole = facts.standing is not None and facts.standing.cluster.up
    code = ExitCode.OK if whole else ExitCode.DEGRADED
    if as_json:
        file = str(html) if html is not None else None
        answer({"exit_code": int(code), "meaning": code.meaning, "file": file, "page": made.as_dict()})
    else:
        kinds = ", ".join(f"{each.count} {each.kind}" for each in made.counts)
        console.print(f"{html}: {counted(len(made.cards), 'blade')}: {kinds}", soft_wrap=True)
        for line in made.trouble:
            console.print(line, soft_wrap=True)
    raise typer.Exit(int(code))


def _facts(site: Any, plan_file: Path, console: Any) -> Facts:
    """Asks the controller, and reads what is on record here.

    Raises:
        StoppedError: a person stopped it.
    """
    from datetime import datetime

    from provisioner.console_text import one_line, their_words
    from provisioner.errors import ExitCode, StoppedError
    from provisioner.names import host_name
    from provisioner.paths import state_dir
    from provisioner.report.facts import Facts
    from provisioner.run.converge import look
    from provisioner.run.history import chosen
    from provisioner.run.record import each_record
    from provisioner.run.request import PlaybookRun
    from provisioner.slurm.standing import standing

    controller = site.cluster.controller
    finished = look(PlaybookRun(site, plan_file, [], "status.yml", quiet=True), console)
    if finished.outcome.code is ExitCode.STOPPED:
        raise StoppedError("stopped", "run it again; no page was written")
    found, away = None, ""
    if finished.outcome.code is ExitCode.OK:
        found = standing(finished.results[host_name(controller)], site.cluster.name, host_name(controller))
    else:
        failure = finished.outcome.failures().get(controller)
        step = failure.step_for(controller) if failure else ""
        said = their_words(failure.message if failure else finished.outcome.words or finished.outcome.code.meaning, 300)
        away = one_line(f"{said}; {failure.whose()}: {step}" if failure and step else said, 600)
    records = islice(each_record(state_dir(site.cluster.name)), MOST_RUNS)
    now = datetime.now().astimezone()
    return Facts(site, now, found, away, list(chosen(records, None, changed=False)))
