"""Looks at machines that no plan knows: one playbook over a draft of a plan, all machines at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from provisioner.console_text import one_line
from provisioner.errors import ProvisionError, UsageError
from provisioner.names import name_problem
from provisioner.paths import state_dir
from provisioner.plan.model import Plan
from provisioner.run import converge
from provisioner.run.request import Options, PlaybookRun
from provisioner.ssh_identity import ssh_identity
from provisioner.survey.advice import left_out
from provisioner.survey.machine import parse_machine
from provisioner.survey.reach import Reach
from provisioner.survey.sorting import LeftOut, Seen

MOST_AT_ONCE = 32


@dataclass(frozen=True)
class Looked:
    """What came of it: the machines that answered, those that did not, and the host keys by label."""

    seen: Sequence[Seen]
    left_out: Sequence[LeftOut]
    host_keys: Mapping[str, Sequence[str]]
    interrupted: bool


def look_at(
    cluster: str, ways: Sequence[Reach], key: str | None, plan_file: Path, console: Console, quiet: bool
) -> Looked:
    """Asks each machine what it is, as a run would; their host keys are then on record for the cluster's runs.

    Args:
        plan_file: where the plan is to be; variables beside it count, such as a password for sudo.
        quiet: shows no progress, as --json wants it.

    Raises:
        ProvisionError: Ansible did not even start.
        UsageError: a lab of this cluster runs here, whose key opens no real machine.
    """
    lab_key, known_hosts = ssh_identity(state_dir(cluster))
    if lab_key is not None:
        raise UsageError(
            f"a lab of the cluster {cluster} is on this machine, and its runs go to the lab",
            "give the cluster another name: provision init NAME ...",
        )
    drafted = dict(zip(_draft_names(ways), ways, strict=True))
    draft = _draft(cluster, drafted, key)
    options = Options(forks=min(len(ways), MOST_AT_ONCE))
    finished = converge.look(PlaybookRun(draft, plan_file, list(drafted), "init.yml", options, quiet), console)
    if words := finished.outcome.words:
        raise ProvisionError(f"Ansible stopped: {one_line(words, 500)}", "look at group_vars beside the plan")
    seen, out = [], []
    failures = finished.outcome.failures()
    for name, reach in drafted.items():
        machine = parse_machine(finished.facts(name).get("machine")) if name not in failures else None
        if machine is None:
            out.append(left_out(reach, failures.get(name), known_hosts))
        else:
            seen.append(Seen(reach, machine))
    keys = {drafted[name].target.label: found for name, found in finished.outcome.host_keys.items()}
    return Looked(seen, out, keys, finished.outcome.interrupted)


def _draft(cluster: str, drafted: Mapping[str, Reach], key: str | None) -> Plan:
    """A plan in which every machine is a member; only for this look, and checked for its shape alone."""
    return Plan.model_validate(
        {
            "cluster": {"name": cluster, "network": "0.0.0.0/0", "controller": next(iter(drafted))},
            "ssh": {"key": key},
            "tiers": {"all": {"slurm": ["controller", "compute"]}},
            "blades": {
                name: {"address": reach.address, "tier": "all", "ram": 1, "ssh": _ssh(reach)}
                for name, reach in drafted.items()
            },
        }
    )


def _ssh(reach: Reach) -> dict[str, object]:
    way = {"user": reach.user, "port": reach.port, "key": reach.target.key, "jump": reach.jump}
    return {name: value for name, value in way.items() if value}


def _draft_names(ways: Sequence[Reach]) -> list[str]:
    """A name for each machine while nobody knows what it calls itself: its own, else its address with dashes."""
    names: list[str] = []
    for reach in ways:
        stem = reach.target.name
        if not stem or name_problem(stem):
            stem = "at-" + reach.address.replace(".", "-").replace(":", "-").strip("-")
        taken = {name.lower() for name in names}
        numbers = (f"{stem[:50]}-{number}" for number in range(2, len(ways) + 2))
        names.append(stem if stem.lower() not in taken else next(name for name in numbers if name.lower() not in taken))
    return names
