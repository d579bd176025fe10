"""The run of `provision slurm`: what the command line says, done once or as a scheduled run, and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provisioner.cli.say import answer, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from provisioner.plan.model import Plan
    from provisioner.run.converge import Finished
    from provisioner.run.preview import Preview
    from provisioner.run.request import Options


@dataclass(frozen=True)
class Asked:
    """What the command line says, each word as it was typed."""

    plan_file: Path
    nodes: str | None
    forget: str | None
    accept_hardware: str | None
    options: Options
    quiet: bool
    as_json: bool
    yes: bool = False
    out: Path | None = None
    preview: Preview | None = None


def run_once(asked: Asked, then: Callable[[Finished, Plan], Mapping[str, Any]] = lambda run, site: {}) -> Finished:
    """One run, and what it came to in words or JSON.

    Args:
        then: what is done after it, and what JSON has of that.
    """
    from provisioner.cli.kept import finish, keep_if_asked, kept_words
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_diffs, print_summary
    from provisioner.names import host_name
    from provisioner.paths import state_dir
    from provisioner.plan.derive import spelling
    from provisioner.plan.select import select_for_run, select_forgotten, select_nodes
    from provisioner.run.kept import plan_of
    from provisioner.run.news import has_news
    from provisioner.run.record import read_records
    from provisioner.run.request import PlaybookRun
    from provisioner.settings.site import load_site
    from provisioner.slurm.cluster_words import cluster_words

    site = load_site(asked.plan_file)
    forgotten = select_forgotten(site, asked.forget) if asked.forget is not None else []
    blades = select_for_run(site, asked.nodes, forgotten)
    extra = dict(asked.options.extra)
    if asked.accept_hardware:
        extra["slurmctld_accept_hardware"] = [host_name(name) for name in select_nodes(site, asked.accept_hardware)]
    if forgotten:
        extra["slurmctld_forget"] = [host_name(name) for name in forgotten]
    options, check, quiet = replace(asked.options, extra=extra), asked.options.check, asked.quiet
    console, tell = console_for(asked.as_json), partial(cluster_words, blades=spelling(site), check=check)
    before = read_records(state_dir(site.cluster.name)) if quiet else []
    run = PlaybookRun(site, asked.plan_file, blades, "slurm.yml", options, asked.as_json or quiet, tell)
    finished = finish(run, console, asked)
    more = dict(then(finished, site))
    plan = plan_of(finished, site.cluster.controller) if check else None
    if plan is not None:
        more["plan"] = plan.as_dict()
    kept = keep_if_asked(finished, run, asked)
    more |= kept
    if asked.as_json:
        answer({**finished.outcome.as_dict(), "record": str(finished.record), **more})
    elif not quiet or has_news(finished.outcome, before):
        if options.diff:
            print_diffs(console, finished.outcome)
        print_summary(console, finished.outcome, check, quiet, plan)
    if words := kept_words(kept):
        console.print(words, markup=False, soft_wrap=True)
    return finished


def run_scheduled(asked: Asked) -> int:
    """One run that is counted; another one at work is left in silence, but for --json."""
    from provisioner.cli.output import console_for
    from provisioner.errors import BusyError, ExitCode
    from provisioner.paths import absolute
    from provisioner.plan.load import load_plan
    from provisioner.run.record import run_id
    from provisioner.scheduled.backup import Kept, kept
    from provisioner.scheduled.counted import Ended, counted, note_plan

    plan_file, backup = absolute(asked.plan_file), Kept()

    def back_up(finished: Finished, site: Plan) -> dict[str, Any]:
        nonlocal backup
        backup = kept(site, plan_file, finished.outcome.code, console_for(asked.as_json))
        code = _code(finished)
        return {"backup": backup.as_dict(), "exit_code": int(code), "meaning": code.meaning}

    def _code(finished: Finished) -> ExitCode:
        """A run that was well, and whose backup was not, counts as degraded."""
        return finished.outcome.code or (ExitCode.DEGRADED if backup.trouble else ExitCode.OK)

    def run() -> Ended:
        note_plan(plan_file, load_plan(plan_file))
        try:
            finished = run_once(asked, back_up)
        except BusyError as error:
            if asked.as_json:
                answer(error.as_dict())
            raise
        outcome = finished.outcome
        failed = {name: found.message for name, found in outcome.failures().items()}
        left = {name: blade.left for name, blade in outcome.blades.items() if blade.left}
        name = run_id(finished.record) if finished.record else ""
        if backup.trouble:
            say(f"provision: {backup.trouble}", err=True)
        return Ended(int(_code(finished)), name, outcome.seconds, outcome.words or backup.trouble, failed, left)

    code, told = counted(plan_file, run)
    if told:
        say(f"provision: {told}", err=True)
    return code
