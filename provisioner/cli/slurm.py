"""`provision slurm`: makes blades members of the cluster and proves that they work."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from provisioner.cli.options import AsJson, Nodes, PlanFile, Quiet
from provisioner.cli.say import answer


def slurm(
    nodes: Nodes = None,
    plan: PlanFile = None,
    check: Annotated[bool, typer.Option("--check", "-C", help="Say what would change; change nothing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", "-D", help="Show changed files, old against new.")] = False,
    forks: Annotated[int, typer.Option("--forks", "-f", min=1, help="Blades worked on at once.")] = 16,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Ansible's own output; -vvv for more.")
    ] = 0,
    accept_hardware: Annotated[
        str | None,
        typer.Option("--accept-hardware", metavar="SET", help="Accept that these blades lost hardware."),
    ] = None,
    forget: Annotated[
        str | None,
        typer.Option("--forget", metavar="SET", help="Take these blades out of the cluster."),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Run every task, also of roles that are in sync; far slower."),
    ] = False,
    upgrade: Annotated[
        bool,
        typer.Option("--upgrade", help="Bring newer packages of the same Debian release, the controller's first."),
    ] = False,
    new_cluster: Annotated[
        bool,
        typer.Option("--new-cluster", help="Start anew although blades belong to a lost cluster."),
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make blades members of the Slurm cluster, or keep them so.

    The controller of the plan is always part of a run; besides it only the named blades are touched. What
    is in sync is left alone, running jobs survive, a disk that holds anything is refused, and one that nobody
    named waits (`provision reimaged`, `provision disks --adopt`).

    A blade that is taken out (--forget) is not touched, and may be off or gone from the plan. While jobs run
    on it, it stays. A later run over all blades adds it again, unless the plan gives it no Slurm role.

    Examples:

      provision slurm --nodes BLD-008,BLD-011

      provision slurm --nodes @medium --check --diff

      provision slurm --forget BLD-003 --nodes BLD-006

      provision slurm --upgrade --check

      provision slurm --quiet || [ $? -eq 4 ]

      provision slurm --json | jq .blades
    """
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_diffs, print_summary
    from provisioner.names import host_name
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.derive import spelling
    from provisioner.plan.select import select_for_run, select_forgotten, select_nodes
    from provisioner.run.converge import converge
    from provisioner.run.news import has_news
    from provisioner.run.record import read_records
    from provisioner.run.request import Options, PlaybookRun
    from provisioner.settings.site import load_site
    from provisioner.slurm.cluster_words import cluster_words

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    forgotten = select_forgotten(site, forget) if forget is not None else []
    blades = select_for_run(site, nodes, forgotten)
    chosen = {"provision_new_cluster": new_cluster, "provision_full": full, "provision_upgrade": upgrade}
    extra: dict[str, object] = {name: True for name, wanted in chosen.items() if wanted}
    if accept_hardware:
        extra["slurmctld_accept_hardware"] = [host_name(name) for name in select_nodes(site, accept_hardware)]
    if forgotten:
        extra["slurmctld_forget"] = [host_name(name) for name in forgotten]
    options = Options(check, diff, forks, verbose, extra)
    console, tell = console_for(as_json), partial(cluster_words, blades=spelling(site), check=check)
    before = read_records(state_dir(site.cluster.name)) if quiet else []
    finished = converge(PlaybookRun(site, plan_file, blades, "slurm.yml", options, as_json or quiet, tell), console)
    if as_json:
        answer({**finished.outcome.as_dict(), "record": str(finished.record)})
    elif not quiet or has_news(finished.outcome, before):
        if diff:
            print_diffs(console, finished.outcome)
        print_summary(console, finished.outcome, check, quiet)
    raise typer.Exit(int(finished.outcome.code))
