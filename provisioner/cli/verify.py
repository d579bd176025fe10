"""`provision verify`: proves that members of the cluster work."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any

import typer

from provisioner.cli.options import AsJson, Nodes, PlanFile, Quiet
from provisioner.cli.say import answer


def verify(
    nodes: Nodes = None,
    plan: PlanFile = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also use the cluster as a user does.")] = False,
    user: Annotated[
        str | None,
        typer.Option(
            "--user",
            metavar="NAME",
            help="With --deep: the account to work as, which all nodes have; default: provision_deep_user of the site, "
            "or nobody.",
        ),
    ] = None,
    mpi: Annotated[
        bool, typer.Option("--mpi", help="With --deep: also run MPI programs over all idle nodes, and measure.")
    ] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Ansible's own output.")] = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Prove that members of the cluster work.

    Changes nothing. Without --nodes it is every blade that Slurm knows. Each is registered and idle or allocated, of
    the controller's Slurm version, accepts munge credentials both ways, runs a job that spans all idle ones, and
    lets a job write to its scratch. Accounting answers and knows the cluster.

    --deep then does what a user does, as an account without rights: sbatch, squeue, scancel, sinfo, sacct,
    srun --pty bash, an array, a chain, a job over all nodes, and more memory and cores than asked for. Users' jobs come
    first: what busy nodes keep from being tried is said. It ends all of its jobs. With --mpi it also runs a program in
    C and one in Python (mpi4py) over all idle nodes, and prints each rank's host and what messages and collective
    operations take on the network of the blades.

    Examples:

      provision verify

      provision verify --nodes BLD-008 --json

      provision verify --deep --mpi

      provision verify --deep --nodes @medium --user alice --json | jq .deep
    """
    from provisioner.cli.deep_report import print_deep
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_summary
    from provisioner.errors import UsageError
    from provisioner.paths import find_plan
    from provisioner.plan.derive import spelling
    from provisioner.plan.select import select_nodes
    from provisioner.run.converge import look
    from provisioner.run.news import has_news
    from provisioner.run.request import Options, PlaybookRun
    from provisioner.settings.site import load_site
    from provisioner.slurm.cluster_words import cluster_words, looked_at
    from provisioner.slurm.deep import report

    _refuse_user(deep, user)
    if mpi and not deep:
        raise UsageError("--mpi is for --deep", "leave it out, or add --deep")
    plan_file = find_plan(plan)
    site = load_site(plan_file)
    tell = partial(cluster_words, blades=spelling(site))
    console = console_for(as_json)
    # Asked for nobody in particular, blades that never joined are no failure.
    extra: dict[str, Any] = {"provision_verify_strangers": nodes is not None}
    # Said on the command line it outranks the site's.
    extra |= {"provision_deep_user": user} if user is not None else {}
    extra |= {"provision_deep_mpi": True} if mpi else {}
    options = Options(verbosity=verbose, extra=extra)
    blades = select_nodes(site, nodes)
    is_quiet = as_json or quiet
    playbook = "deep.yml" if deep else "verify.yml"
    finished = look(PlaybookRun(site, plan_file, blades, playbook, options, is_quiet, tell, looked_at), console)
    found = report(finished.facts(site.cluster.controller).get("slurm_deep"))
    if as_json:
        answer({**finished.outcome.as_dict(), **({"deep": found.as_dict() if found else None} if deep else {})})
    elif not quiet or has_news(finished.outcome, ()):
        if found is not None:
            print_deep(console, found, quiet)
        print_summary(console, finished.outcome, quiet=quiet)
    raise typer.Exit(int(finished.outcome.code))


def _refuse_user(deep: bool, user: str | None) -> None:
    """An account that nobody works as, or whose limits are none.

    Raises:
        UsageError: that is what was named.
    """
    from provisioner.console_text import their_words
    from provisioner.errors import UsageError
    from provisioner.plan.fields import UNIX_NAME

    if user is None:
        return
    if not deep:
        raise UsageError("--user is for --deep", "leave it out, or add --deep")
    if user == "root" or not re.fullmatch(UNIX_NAME, user):
        raise UsageError(f"--user {their_words(user, 40)} is no account without rights", "name one such as nobody")
