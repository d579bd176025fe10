"""`provision init`: a first plan for machines that have nothing but ssh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson
from provisioner.cli.say import answer, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provisioner.survey.proposal import Proposal
    from provisioner.survey.sorting import LeftOut
    from provisioner.survey.targets import Target


def init(
    cluster: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Name of the cluster, which Slurm keeps.", show_default=True)
    ] = "cluster",
    scan: Annotated[
        str | None,
        typer.Option("--scan", metavar="HOSTS", help="Machines such as admin@10.0.0.11,admin@node[01-04]:2222."),
    ] = None,
    hosts: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="A file of machines: one a line, or as /etc/hosts is."),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--inventory", "-i", metavar="FILE", help="An Ansible inventory, in any form.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the plan is written.")] = Path("plan.yml"),
    controller: Annotated[
        str | None,
        typer.Option(
            "--controller",
            metavar="NAME",
            help="Which machine runs slurmctld; default: the first, of those without GPUs.",
        ),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="FILE", help="Private SSH key; default: ssh's own choice.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no machine: write names and addresses, for you to fill in.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at machines over ssh and write a first plan.

    Each is asked once for its memory, processors, disks, GPUs, addresses and release; nothing on it is changed. Equal
    machines become one tier. The plan says what was guessed: read it, then go on with `provision plan`. A machine that
    cannot be a node is named with the reason and the next step, and the others go on. Host keys are taken and shown as
    a first run does it. Exits with 3 when some machines are left out, with 1 when all are; then nothing is written.

    Examples:

      provision init lab --scan admin@10.0.0.11,admin@10.0.0.12,admin@10.0.0.13

      provision init lab --scan root@node[01-40] --controller node01

      provision init lab --from hosts.txt --out lab/plan.yml

      provision init lab -i inventory.yml --key ~/.ssh/cluster
    """
    from provisioner.cli.output import console_for
    from provisioner.errors import ExitCode, ProvisionError
    from provisioner.survey.survey import Question, survey
    from provisioner.survey.text import plan_text
    from provisioner.survey.write import refuse_existing, write_plan

    refuse_existing(out, force)
    asked = Question(cluster, _targets(scan, hosts, source), out, controller, key, offline, as_json)
    found = survey(asked, console_for(as_json))
    if found.proposal is None:
        _say_left_out(found.left_out)
        error = ProvisionError("no machine can be a node, so no plan was written", "mend one of them, then try again")
        if as_json:
            answer({**error.as_dict(), "left_out": _rows(found.left_out)})
            raise typer.Exit(int(ExitCode.FAILED))
        raise error
    text = plan_text(found.proposal, found.left_out)
    write_plan(out, text, force)
    if as_json:
        answer({**_as_dict(found.proposal, found.left_out), "file": str(out), "host_keys": dict(found.host_keys)})
    else:
        _say_left_out(found.left_out)
        _say(found.proposal, out)
    if found.left_out:
        raise typer.Exit(int(ExitCode.DEGRADED))


def _targets(scan: str | None, hosts: Path | None, source: Path | None) -> list[Target]:
    """The machines of all sources, in the order in which they were named."""
    import os

    from provisioner.errors import UsageError
    from provisioner.paths import assets
    from provisioner.run.environment import run_environment
    from provisioner.survey.ansible_hosts import read_inventory
    from provisioner.survey.targets import limited, parse_scan, read_hosts

    found = parse_scan(scan) if scan is not None else []
    found += read_hosts(hosts) if hosts is not None else []
    found += read_inventory(source, run_environment(os.environ, assets())) if source is not None else []
    if not found:
        raise UsageError(
            "it is not said which machines are meant", "provision init --scan USER@HOST,USER@HOST,... (or --from, -i)"
        )
    return limited(found)


def _say(proposal: Proposal, out: Path) -> None:
    from provisioner.console_text import counted

    for note in proposal.notes:
        what, _, step = note.partition("; next: ")
        say(f"{what}\n  next: {step}" if step else what)
    tiers = [f"{kind.tier} ({sum(node.tier == kind.tier for node in proposal.nodes)})" for kind in proposal.kinds]
    say(f"{out}: {counted(len(proposal.nodes), 'node')}; tiers: {', '.join(tiers) or 'none that computes'}")
    say(f"  controller: {proposal.controller}, {proposal.controller_why}")
    say(f"  network: {proposal.shared.network}, {proposal.shared.why}" if proposal.shared.why else "")
    plan = "" if out == Path("plan.yml") else f" --plan {out}"
    say(f"  next: read it and correct what was guessed; then: provision plan{plan} && provision slurm --check{plan}")


def _say_left_out(left_out: Sequence[LeftOut]) -> None:
    from provisioner.console_text import one_line

    for each in left_out:
        say(f"{each.label}: {one_line(each.why)}\n  next: {one_line(each.next_step)}", err=True)


def _rows(left_out: Sequence[LeftOut]) -> list[dict[str, str]]:
    return [{"machine": each.label, "why": each.why, "next_step": each.next_step} for each in left_out]


def _as_dict(proposal: Proposal, left_out: Sequence[LeftOut]) -> dict[str, Any]:
    nodes = {
        node.name: {
            "address": str(node.port.address),
            "tier": node.tier,
            "ram_gb": node.seen.machine.ram,
            "cpus": node.seen.machine.cpus,
            "cpu": node.seen.machine.cpu_model,
            "gpus": list(node.seen.machine.gpus),
            "mac": node.port.interface.mac if node.port.interface else "",
            "serial": node.seen.machine.serial,
            "release": node.seen.machine.release,
            "disks": [{**vars(drive.disk), "kind": drive.kind} for drive in node.seen.machine.drives],
        }
        for node in proposal.nodes
    }
    return {
        "cluster": proposal.cluster,
        "controller": proposal.controller,
        "controller_why": proposal.controller_why,
        "network": str(proposal.shared.network),
        "tiers": {kind.tier: kind.what for kind in proposal.kinds},
        "nodes": nodes,
        "notes": list(proposal.notes),
        "left_out": _rows(left_out),
    }
