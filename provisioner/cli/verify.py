"""`provision verify`: proves that members of the cluster work."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from provisioner.cli.options import AsJson, Nodes, PlanFile, Quiet
from provisioner.cli.say import answer


def verify(
    nodes: Nodes = None,
    plan: PlanFile = None,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Ansible's own output.")] = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Prove that members of the cluster work.

    Changes nothing. Without --nodes it is every blade that Slurm knows. Each is registered and idle or allocated, of
    the controller's Slurm version, accepts munge credentials both ways, runs a job that spans all idle ones, and
    lets a job write to its scratch. Accounting answers and knows the cluster.

    Examples:

      provision verify

      provision verify --nodes BLD-008 --json
    """
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_summary
    from provisioner.paths import find_plan
    from provisioner.plan.derive import spelling
    from provisioner.plan.select import select_nodes
    from provisioner.run.converge import look
    from provisioner.run.news import has_news
    from provisioner.run.request import Options, PlaybookRun
    from provisioner.settings.site import load_site
    from provisioner.slurm.cluster_words import cluster_words, looked_at

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    tell = partial(cluster_words, blades=spelling(site))
    console = console_for(as_json)
    # Asked for nobody in particular, blades that never joined are no failure.
    options = Options(verbosity=verbose, extra={"provision_verify_strangers": nodes is not None})
    is_quiet = as_json or quiet
    asked = PlaybookRun(site, plan_file, select_nodes(site, nodes), "verify.yml", options, is_quiet, tell, looked_at)
    finished = look(asked, console)
    if as_json:
        answer(finished.outcome.as_dict())
    elif not quiet or has_news(finished.outcome, ()):
        print_summary(console, finished.outcome, quiet=quiet)
    raise typer.Exit(int(finished.outcome.code))
