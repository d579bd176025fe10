"""`provision status`: what the cluster is doing now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.plan.model import Plan
    from provisioner.slurm.status import ClusterStatus


def status(plan: PlanFile = None, as_json: AsJson = False) -> None:
    """Show how slurmctld sees every blade.

    Examples:

      provision status

      provision status --json | jq '.nodes[] | select(.state != "idle")'
    """
    from provisioner.cli.output import console_for
    from provisioner.cli.summary import print_summary
    from provisioner.console_text import one_line
    from provisioner.errors import ExitCode, ProvisionError
    from provisioner.names import host_name
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.derive import as_spelt
    from provisioner.run.converge import look
    from provisioner.run.history import chosen
    from provisioner.run.record import each_record
    from provisioner.run.request import PlaybookRun
    from provisioner.settings.site import load_site
    from provisioner.slurm.registry import recorded_warnings
    from provisioner.slurm.security import cluster_security
    from provisioner.slurm.status import parse_status

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    console = console_for(as_json)
    finished = look(PlaybookRun(site, plan_file, [], "status.yml", quiet=True), console)
    if finished.outcome.code is not ExitCode.OK:
        if as_json:
            answer(finished.outcome.as_dict())
        print_summary(console, finished.outcome)
        raise typer.Exit(int(finished.outcome.code))
    results = finished.results[host_name(site.cluster.controller)]
    packages = str(results.get("Ask which packages the members have", {}).get("stdout", ""))
    security = cluster_security(packages, site.cluster.name, host_name(site.cluster.controller))
    worn = recorded_warnings(packages[packages.find("{") :] if "{" in packages else "", site.cluster.name)
    cluster = parse_status(results["Ask slurmctld"])
    if not cluster.up and not as_json:
        raise ProvisionError(
            f"slurmctld on {site.cluster.controller} is down",
            f"look at `journalctl -u slurmctld` there; `provision slurm --nodes {site.cluster.controller}` starts it",
        )
    last = next(chosen(each_record(state_dir(site.cluster.name)), None, changed=False, checks=False), None)
    if as_json:
        said = {"run": last.run, "by": last.by, "code": last.code, "result": last.result()} if last else None
        answer({**_as_dict(site, cluster), "security": security, "warnings": worn, "last_run": said})
        raise typer.Exit(int(ExitCode.OK if cluster.up else ExitCode.FAILED))
    _print(console, site, cluster)
    if last is not None:
        by = f" by {last.by}" if last.by else ""
        words = f"last run of this account{by}, {last.when()}: {last.result()}"
        console.print(one_line(words, 400), markup=False, soft_wrap=True)
    for name, lines in worn.items():
        for line in lines:
            words = f"{as_spelt(site, [name])[0]}: {line}; next: replace that part before it fails"
            console.print(words, markup=False, soft_wrap=True)
    for name, lines in security["outdated"].items():
        for line in lines:
            console.print(f"{as_spelt(site, [name])[0]}: {line}", markup=False)
    if security["outdated"]:
        console.print("  next: provision slurm --upgrade", markup=False)
    if security["release"]:
        console.print(security["release"], markup=False)


def _as_dict(site: Plan, cluster: ClusterStatus) -> dict[str, Any]:
    from provisioner.names import host_name
    from provisioner.plan.derive import compute_blades, members

    nodes = [
        {"blade": name, "member": host_name(name) in cluster.nodes}
        | (cluster.nodes[host_name(name)].as_dict() if host_name(name) in cluster.nodes else {})
        for name in compute_blades(site)
    ]
    known = {host_name(name) for name in members(site)}
    strangers = {name: node for name, node in cluster.nodes.items() if name not in known}
    nodes += [{"blade": name, "member": True} | node.as_dict() for name, node in strangers.items()]
    return {"cluster": site.cluster.name, "up": cluster.up, "pending_jobs": cluster.pending, "nodes": nodes}


def _print(console: Any, site: Plan, cluster: ClusterStatus) -> None:
    from rich.table import Table
    from rich.text import Text

    from provisioner.cli.output import print_table
    from provisioner.console_text import counted, one_line
    from provisioner.names import host_name
    from provisioner.plan.derive import compute_blades, members

    word = "up" if cluster.up else "down"
    pending = f"{counted(cluster.pending, 'job')} pending"
    console.print(f"{site.cluster.name}: slurmctld on {site.cluster.controller} is {word}, {pending}")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("blade", "bay", "tier", "state", "CPUs", "memory", "jobs", "reason"):
        table.add_column(column, justify="right" if column in ("bay", "CPUs", "memory", "jobs") else "left")
    for name in compute_blades(site):
        blade, node = site.blades[name], cluster.nodes.get(host_name(name))
        place = (name, str(blade.bay or ""), blade.tier)
        if node is None:
            table.add_row(*place, "not a member", "", "", "", "", style="dim")
            continue
        good = node.state.split("+")[0].rstrip("*") in ("idle", "mixed", "allocated") and "+" not in node.state
        table.add_row(
            *place,
            Text(one_line(node.state, 60), style="green" if good else "bold red"),
            f"{node.cpus_used}/{node.cpus}",
            f"{node.memory_mib} MiB",
            str(len(node.jobs) or ""),
            one_line(node.reason, 200),
        )
    print_table(console, table)
    if strangers := sorted(cluster.nodes.keys() - {host_name(name) for name in members(site)}):
        console.print(f"defined in Slurm, but without a Slurm role in the plan: {one_line(', '.join(strangers))}")
