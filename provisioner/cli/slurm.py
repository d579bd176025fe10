"""`provision slurm`: makes blades members of the cluster and proves that they work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provisioner.cli import rolling_options as rolls
from provisioner.cli.options import AsJson, Nodes, PlanFile, Quiet

if TYPE_CHECKING:
    from provisioner.run.request import Options


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
    scheduled: Annotated[
        bool,
        typer.Option("--scheduled", help="For timers: quiet, and nothing that disturbs jobs; what fails is counted."),
    ] = False,
    rolling: rolls.Rolling = False,
    max_unavailable: rolls.Most = None,
    per: rolls.Per = None,
    wait: rolls.Wait = None,
    reboot: rolls.Reboot = False,
    keep_going: rolls.KeepGoing = False,
    allow_empty_partition: rolls.MayEmpty = False,
    from_start: rolls.FromStart = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep what --check says, for --apply.")
    ] = None,
    apply: Annotated[
        Path | None, typer.Option("--apply", metavar="FILE", help="Do exactly what a kept preview says, or nothing.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Give up jobs that the change ends or requeues, without asking.")
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

    A change that would end or requeue jobs is refused; on a terminal the run asks before it touches anything, and --yes
    gives the jobs up. --check says what each node and each setting of Slurm needs and which jobs it costs. --out keeps
    that, and --apply does exactly that later, or nothing if anything moved since.

    A scheduled run (--scheduled) changes nothing on a node that runs jobs but what is harmless to them, says what it
    left for later, and ends in silence with 4 where another run is at work. `provision timer install` sets it up.

    A rolling run (--rolling) takes few nodes out of work at a time, waits for their jobs, changes, verifies and gives
    back, and never takes all nodes of a partition. It stops at the first failure; the same command goes on.

    Examples:

      provision slurm --nodes BLD-008,BLD-011

      provision slurm --nodes @medium --check --diff

      provision slurm --forget BLD-003 --nodes BLD-006

      provision slurm --upgrade --check

      provision slurm --rolling --upgrade --max-unavailable 10% --check

      provision slurm --rolling --reboot --nodes @medium --wait 12h

      provision slurm --check --out change.json && provision slurm --apply change.json

      provision slurm --quiet || [ $? -eq 4 ]

      provision slurm --json | jq .blades
    """
    from provisioner.cli.kept import refuse_odd, words_of
    from provisioner.cli.slurm_run import Asked, run_once, run_scheduled
    from provisioner.errors import UsageError
    from provisioner.paths import find_plan
    from provisioner.run.request import Options

    refuse_odd(check, scheduled, yes, out, apply)
    preview = None
    if apply is not None:
        given = [nodes, forget, accept_hardware, full, upgrade, new_cluster]
        preview, plan = words_of(apply, plan, given)
        nodes, forget, accept_hardware = preview.chosen.nodes, preview.chosen.forget, preview.chosen.accept_hardware
        full, upgrade, new_cluster = preview.chosen.full, preview.chosen.upgrade, preview.chosen.new_cluster
    chosen = {"provision_new_cluster": new_cluster, "provision_full": full, "provision_upgrade": upgrade}
    if scheduled and (any(chosen.values()) or forget is not None or accept_hardware):
        raise UsageError(
            "--scheduled comes without --accept-hardware, --forget, --full, --new-cluster and --upgrade",
            "leave it out where you watch, since a scheduled run decides nothing",
        )
    extra = {name: True for name, wanted in {**chosen, "provision_scheduled": scheduled}.items() if wanted}
    options = Options(check, diff, forks, verbose, extra)
    words = rolls.RollingWords(max_unavailable, per, wait, keep_going, allow_empty_partition, reboot, from_start)
    if rolling:
        decides = bool(scheduled or forget or accept_hardware or out or apply or yes)
        _rolling(words, find_plan(plan), nodes, options, decides, quiet, as_json)
    words.refuse_alone()
    asked = Asked(
        find_plan(plan), nodes, forget, accept_hardware, options, quiet or scheduled, as_json, yes, out, preview
    )
    code = run_scheduled(asked) if scheduled and not check else int(run_once(asked).outcome.code)
    raise typer.Exit(code)


def _rolling(
    words: rolls.RollingWords,
    plan: Path,
    nodes: str | None,
    options: Options,
    decides: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    from provisioner.cli.rolling import rolling
    from provisioner.errors import UsageError

    if decides or options.extra.keys() - {"provision_upgrade"} or options.diff:
        raise UsageError(
            "--rolling comes without --accept-hardware, --apply, --diff, --forget, --full, --new-cluster, --out, "
            "--scheduled and --yes",
            "leave it out, or say it in a run of its own",
        )
    rolling(words, plan, nodes, options, as_json, quiet)
