"""What the variables of a site put into the lines of nodes and partitions, checked as Slurm would read it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.slurm.forms import HOST, NEXT, WORD, odd, shown, strange_keys
from provisioner.slurm.times import TIME

_NODE_KEYS = {
    "Features": re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}(,[A-Za-z][A-Za-z0-9_.-]{0,62}){0,63}"),
    "Weight": re.compile(r"[0-9]{1,10}"),
    "CoreSpecCount": re.compile(r"[0-9]{1,4}"),
    "CpuSpecList": re.compile(r"[0-9]{1,4}([,-][0-9]{1,4}){0,127}"),
    "MemSpecLimit": re.compile(r"[0-9]{1,8}"),
    "CpuBind": re.compile(r"none|socket|ldom|core|thread"),
}
_TIME = re.compile(TIME)
_PRIORITY = re.compile(r"[0-9]{1,5}")
_YES = re.compile(r"YES|NO")
_COUNT = re.compile(r"[0-9]{1,6}")
_NAMES = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,62}(,[a-z0-9_][a-z0-9_.-]{0,62})*")
_NAMED = {"name": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")}
_OF_A_TIER = {"name": WORD, "tier": WORD}
_ALWAYS = {"max_time": _TIME, "priority_tier": _PRIORITY}
_PARTITION_KEYS = {
    **dict.fromkeys(("Default", "Hidden", "RootOnly", "ExclusiveUser"), _YES),
    **dict.fromkeys(("AllowAccounts", "DenyAccounts", "AllowQos", "DenyQos", "AllowGroups", "QOS"), _NAMES),
    **dict.fromkeys(("MinNodes", "MaxNodes", "MaxCPUsPerNode", "GraceTime"), _COUNT),
    "PriorityJobFactor": _PRIORITY,
    "OverSubscribe": re.compile(r"NO|EXCLUSIVE|(YES|FORCE)(:[1-9][0-9]{0,2})?"),
    "PreemptMode": re.compile(r"OFF|REQUEUE|SUSPEND|CANCEL"),
}
_PREEMPTION = {"by": re.compile(r"partition|qos"), "mode": re.compile(r"requeue|suspend|cancel")}


def node_problems(nodes: Any) -> list[str]:
    """What the nodes' lines would get besides their hardware, and must not."""
    if not isinstance(nodes, Mapping):
        return [f"slurmctld_nodes has to be keys by node name, such as {{node001: {{Weight: 10}}}}; {NEXT}"]
    problems = []
    for name, keys in nodes.items():
        if not isinstance(name, str) or not HOST.fullmatch(name):
            problems.append(f"slurmctld_nodes: {shown(name)} is no name of a node; {NEXT}")
        elif isinstance(keys, Mapping) and (odd_keys := sorted(shown(key) for key in keys if key not in _NODE_KEYS)):
            known = ", ".join(_NODE_KEYS)
            problems.append(f"slurmctld_nodes: {', '.join(odd_keys)} of {name} is not one of {known}; {NEXT}")
        else:
            forms = {key: form for key, form in _NODE_KEYS.items() if isinstance(keys, Mapping) and key in keys}
            problems += odd(f"slurmctld_nodes: {name}", keys, forms)
    return problems


def switch_problems(switches: Any) -> list[str]:
    """What topology.conf would get, and must not."""
    if not isinstance(switches, Mapping):
        return [f"slurmctld_switches has to be a switch by node name, such as {{node001: rack-a}}; {NEXT}"]
    wrong = [name for name in switches if not isinstance(name, str) or not HOST.fullmatch(name)]
    problems = [f"slurmctld_switches: {shown(name)} is no name of a node; {NEXT}" for name in wrong]
    odd_names = sorted({shown(name) for name in switches.values() if not _NAMED["name"].fullmatch(str(name))})
    return [*problems, *(f"slurmctld_switches: {name} is no name of a switch; {NEXT}" for name in odd_names)]


def partition_problems(partitions: Any) -> list[str]:
    """What the partitions' lines would get, and must not."""
    problems = []
    for partition in partitions:
        has = partition if isinstance(partition, Mapping) else {}
        forms = {**(_NAMED if "nodes" in has else _OF_A_TIER), **_ALWAYS}
        if "default_time" in has:
            forms["default_time"] = _TIME
        found = odd("slurmctld_partitions", partition, forms)
        if not isinstance(has.get("gpus", False), bool):
            found.append(f"slurmctld_partitions: gpus has to be true or false; {NEXT}")
        if not _are_hosts(has.get("nodes", [])):
            found.append(f"slurmctld_partitions: nodes has to be a list of names of nodes; {NEXT}")
        problems += found or strange_keys("slurmctld_partitions: keys", has.get("keys", {}), _PARTITION_KEYS)
    return problems


def _are_hosts(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) and HOST.fullmatch(name) for name in names)


def preemption_problems(preemption: Any) -> list[str]:
    """What would be no way of preemption; {} for none."""
    if preemption == {}:
        return []
    forms = dict(_PREEMPTION)
    if isinstance(preemption, Mapping) and "exempt_time" in preemption:
        forms["exempt_time"] = _TIME
    if found := odd("slurmctld_preemption", preemption, forms):
        return found
    if preemption["by"] == "qos" and preemption["mode"] == "suspend":
        return [f"slurmctld_preemption: Slurm 22.05 does not suspend by QOS as it should; {NEXT}"]
    return []
