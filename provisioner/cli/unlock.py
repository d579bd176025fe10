"""`provision unlock`: takes the lock of the cluster from a run that is known to be dead."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

TASK = "Look at the lock"


def unlock(
    plan: PlanFile = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove the lock without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which run holds the lock of the cluster, and remove it.

    A lock ends by itself with its run, or 90 seconds after the machine of the run was last heard of. Remove it only
    if you know that the run is dead: two runs at a time spoil each other's work.

    Examples:

      provision unlock

      provision unlock --json

      provision unlock --yes
    """
    from provisioner.cli.output import console_for
    from provisioner.errors import ExitCode, ProvisionError, UsageError
    from provisioner.paths import find_plan
    from provisioner.run.owner import busy
    from provisioner.settings.site import load_site

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    console = console_for(as_json)
    cluster = site.cluster.name

    def ask(token: str) -> dict[str, Any]:
        return _ask(site, plan_file, console, token, as_json)

    holder = ask("")["holder"]
    if not holder:
        console.print(f"no run holds the lock of cluster {cluster}")
    else:
        console.print(busy(cluster, holder)[0], markup=False, soft_wrap=True)
    removed = False
    if holder and (yes or not as_json):
        console.print("two runs at a time spoil each other's work: remove the lock only if that one is dead")
        if not yes and not sys.stdin.isatty():
            raise UsageError("the lock was not removed", "say that the run is dead with --yes")
        if not yes and not typer.confirm("Is it dead?"):
            raise ProvisionError("the lock was not removed", "wait for the run to end")
        removed = bool(ask(str(holder.get("token") or "")).get("changed"))
        console.print("the lock is removed" if removed else "the lock was gone by then, or is another run's by now")
    if as_json:
        shown = {key: holder.get(key) for key in ("run", "by", "at", "address", "age")} if holder else None
        answer({"cluster": cluster, "holder": shown, "removed": removed})
    raise typer.Exit(int(ExitCode.OK if removed or not holder else ExitCode.BUSY))


def _ask(site: Any, plan_file: Any, console: Any, token: str, as_json: bool) -> dict[str, Any]:
    """What the controller says of the lock, which goes when the token is its holder's."""
    from provisioner.cli.summary import print_summary
    from provisioner.names import host_name
    from provisioner.run.converge import look
    from provisioner.run.request import Options, PlaybookRun

    options = Options(extra={"provision_unlock": token} if token else {})
    finished = look(PlaybookRun(site, plan_file, [], "unlock.yml", options, quiet=True), console)
    said: dict[str, Any] | None = finished.results.get(host_name(site.cluster.controller), {}).get(TASK)
    if said is None:
        if as_json:
            answer(finished.outcome.as_dict())
        print_summary(console, finished.outcome)
        raise typer.Exit(int(finished.outcome.code) or 1)
    return said
