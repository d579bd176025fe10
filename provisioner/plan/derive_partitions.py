"""What a plan says of Slurm's partitions: their nodes, their lines in slurm.conf, and whom they name. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from provisioner.names import host_name
from provisioner.plan.derive import compute_blades, features_of
from provisioner.plan.model import Plan, SlurmRole
from provisioner.plan.partition import NamedPartition
from provisioner.plan.problems import Keys
from provisioner.plan.ranges import names_in

# Slurm's keys and the plan's, in the order in which a line has them.
_WORDS = {
    "MinNodes": "min_nodes",
    "MaxNodes": "max_nodes",
    "MaxCPUsPerNode": "max_cpus_per_node",
    "PriorityJobFactor": "priority_job_factor",
    "QOS": "qos",
    "GraceTime": "grace_time",
}
_LISTS = {
    "AllowAccounts": "allow_accounts",
    "DenyAccounts": "deny_accounts",
    "AllowQos": "allow_qos",
    "DenyQos": "deny_qos",
    "AllowGroups": "allow_groups",
}
_SWITCHES = {"Default": "default", "Hidden": "hidden", "RootOnly": "root_only", "ExclusiveUser": "exclusive_user"}
_KINDS: dict[str, Literal["account", "qos"]] = {
    "allow_accounts": "account",
    "deny_accounts": "account",
    "allow_qos": "qos",
    "deny_qos": "qos",
    "qos": "qos",
}


def _chosen(plan: Plan, partition: NamedPartition, among: list[str]) -> list[str]:
    """The compute nodes of a partition that the plan names; all where it says none."""
    nodes = {name for word in partition.nodes or [] for name in names_in(word)}
    tiers, features = set(partition.tiers or []), set(partition.features or [])
    everyone = not (partition.nodes or partition.tiers or partition.features)
    return [
        name
        for name in among
        if everyone
        or name in nodes
        or plan.blades[name].tier in tiers
        or features & set(features_of(plan, plan.blades[name]))
    ]


def blades_by_partition(plan: Plan) -> dict[str, list[str]]:
    """The compute nodes of each partition, by their place: of those that the plan names, else of one for each tier."""
    among = compute_blades(plan)
    if plan.partitions:
        return {name: _chosen(plan, partition, among) for name, partition in plan.partitions.items()}
    found: dict[str, list[str]] = {
        tier.partition.name or name: [] for name, tier in plan.tiers.items() if SlurmRole.COMPUTE in tier.slurm
    }
    for name in among:
        tier = plan.blades[name].tier
        found[plan.tiers[tier].partition.name or tier].append(name)
    return found


def partition_names(plan: Plan) -> Iterator[tuple[Keys, Literal["account", "qos"], str]]:
    """Every account and QOS that a partition names: its place in the plan, what it is, and its name."""
    for name, partition in plan.partitions.items():
        for key, kind in _KINDS.items():
            said = getattr(partition, key)
            if isinstance(said, str):
                yield ("partitions", name, key), kind, said
            else:
                yield from ((("partitions", name, key, number), kind, each) for number, each in enumerate(said or []))


def slurm_partitions(plan: Plan) -> list[dict[str, Any]]:
    """The partitions as role slurmctld takes them, see `provisioner.slurm.partitions.partition_lines`."""
    if plan.partitions:
        blades = blades_by_partition(plan)
        return [_named(name, partition, blades[name]) for name, partition in plan.partitions.items()]
    return [
        {
            "name": tier.partition.name or name,
            "tier": name,
            "max_time": tier.partition.max_time,
            "priority_tier": tier.partition.priority_tier,
            **_given({"default_time": tier.partition.default_time}),
        }
        for name, tier in plan.tiers.items()
        if SlurmRole.COMPUTE in tier.slurm
    ]


def _named(name: str, partition: NamedPartition, blades: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "nodes": [host_name(each) for each in blades],
        "max_time": partition.max_time,
        "priority_tier": partition.priority_tier,
        **_given({"default_time": partition.default_time, "gpus": partition.gpus}),
        "keys": _keys(partition),
    }


def _keys(partition: NamedPartition) -> dict[str, str | int]:
    """What else its line in slurm.conf says, by Slurm's keys."""
    mode = partition.preempt_mode
    return _given(
        {
            **{key: "YES" if getattr(partition, word) else None for key, word in _SWITCHES.items()},
            **{key: ",".join(getattr(partition, word) or []) or None for key, word in _LISTS.items()},
            **{key: getattr(partition, word) for key, word in _WORDS.items()},
            "OverSubscribe": partition.oversubscribe and partition.oversubscribe.upper(),
            "PreemptMode": mode and {"none": "OFF"}.get(mode, mode.upper()),
        }
    )


def preemption_rule(plan: Plan) -> dict[str, str]:
    """Preemption as role slurmctld takes it: `{"by", "mode"}` and `"exempt_time"`; {} for none."""
    rule = plan.preemption
    return {} if rule.by == "none" else {"by": rule.by, "mode": rule.mode, **_given({"exempt_time": rule.exempt_time})}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
