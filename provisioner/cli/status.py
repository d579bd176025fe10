"""`provision status`: what the cluster is doing now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.cli.status_page import Seen
    from provisioner.cli.watch import Page


def status(
    plan: PlanFile = None,
    watches: Annotated[
        bool, typer.Option("--watch", help="Look again and again until Ctrl-C: redraw, or print each change.")
    ] = False,
    every: Annotated[
        str, typer.Option("--every", metavar="TIME", help="With --watch: time between two looks, such as 30s or 5min.")
    ] = "10s",
    as_json: AsJson = False,
) -> None:
    """Show every blade by bay, as slurmctld sees it.

    States and jobs, whose a drain is, whether a blade was in sync when a run last looked, the last run, and warnings.
    It asks the controller alone, and changes nothing.

    With --watch a terminal is redrawn after each look; anywhere else a block is printed when something changed.

    Examples:

      provision status

      provision status --watch

      provision status --json | jq '.nodes[] | select(.state != "idle")'
    """
    from provisioner.cli.output import console_for
    from provisioner.cli.watch import watch
    from provisioner.duration import parse_duration
    from provisioner.errors import UsageError
    from provisioner.paths import find_plan
    from provisioner.settings.site import load_site

    seconds = parse_duration(every, "--every")
    if watches and as_json:
        raise UsageError("--json gives one answer, --watch many", "leave one of the two out")
    plan_file = find_plan(plan)
    command = _Command(load_site(plan_file), plan_file, console_for(as_json))
    if watches:
        watch(command.console, command.page, max(1, seconds))
    else:
        _once(command, as_json)


def _once(command: _Command, as_json: bool) -> None:
    from rich.table import Table

    from provisioner.cli.output import print_table
    from provisioner.cli.status_page import page
    from provisioner.cli.summary import print_summary
    from provisioner.errors import ExitCode, ProvisionError

    seen, outcome = command.look()
    console, controller = command.console, command.site.cluster.controller
    if seen is None:
        if as_json:
            answer(outcome.as_dict())
        print_summary(console, outcome)
        raise typer.Exit(int(outcome.code))
    if as_json:
        answer(seen.as_dict())
        raise typer.Exit(int(ExitCode.OK if seen.cluster.up else ExitCode.FAILED))
    if not seen.cluster.up:
        raise ProvisionError(
            f"slurmctld on {controller} is down",
            f"look at `journalctl -u slurmctld` there; `provision slurm --nodes {controller}` starts it",
        )
    for each in page(seen):
        if isinstance(each, Table):
            print_table(console, each)
        else:
            console.print(each, soft_wrap=True)


@dataclass(frozen=True)
class _Command:
    """Looks at the cluster of a plan."""

    site: Any
    plan_file: Any
    console: Any

    def look(self) -> tuple[Seen | None, Any]:
        """What is known now, None where the controller cannot be asked; and what the look came to."""
        from provisioner.cli.status_page import Seen
        from provisioner.errors import ExitCode
        from provisioner.names import host_name
        from provisioner.paths import absolute, state_dir
        from provisioner.plan.derive import compute_blades
        from provisioner.run.converge import look
        from provisioner.run.history import chosen
        from provisioner.run.record import each_record
        from provisioner.run.request import PlaybookRun
        from provisioner.run.synced import plan_changes, synced
        from provisioner.scheduled.here import next_run
        from provisioner.slurm.registry import recorded_warnings
        from provisioner.slurm.standing import standing

        site = self.site
        finished = look(PlaybookRun(site, self.plan_file, [], "status.yml", quiet=True), self.console)
        if finished.outcome.code is not ExitCode.OK:
            return None, finished.outcome
        cluster, controller = site.cluster.name, host_name(site.cluster.controller)
        found = standing(finished.results[controller], cluster, controller)
        planned = {
            name: {"address": str(blade.address), "bay": blade.bay, "tier": blade.tier}
            for name, blade in site.blades.items()
        }
        changes = {name: plan_changes(found.registry.get(host_name(name), {}), each) for name, each in planned.items()}
        state = state_dir(cluster)
        seen = Seen(
            site,
            found.cluster,
            found.security,
            next(chosen(each_record(state), None, changed=False, checks=False), None),
            synced(each_record(state), compute_blades(site), changes),
            recorded_warnings(found.registry),
            next_run(absolute(self.plan_file)),
        )
        return seen, finished.outcome

    def page(self) -> Page | None:
        """The page for `--watch`; None when a person stopped the look."""
        from rich.text import Text

        from provisioner.cli.status_page import page
        from provisioner.console_text import one_line

        seen, outcome = self.look()
        if outcome.interrupted:
            return None
        if seen is not None:
            return page(seen)
        words = [f"{name}: {one_line(failure.message)}" for name, failure in outcome.failures().items()]
        return [Text(line, style="bold red") for line in words or ["the controller cannot be asked"]]
