"""slurm.conf and cgroup.conf as data: our defaults, the site's keys over them, the nodes of the registry.

Every value that a Slurm release changed the default of is written out, so that Debian 12 (22.05) and
Debian 13 (24.11) behave alike. Templates only print what is computed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.slurm.change import release_of
from provisioner.slurm.enforcement import ENFORCED
from provisioner.slurm.gpus import gpu_settings, hands_out, with_gpus
from provisioner.slurm.health import health_settings
from provisioner.slurm.job_tmp import job_settings
from provisioner.slurm.logins import login_lines
from provisioner.slurm.mpi import mpi_settings
from provisioner.slurm.nodes import NOTHING, PLACEHOLDER_NODE, Line, Nodes, Planned, node_line, with_database
from provisioner.slurm.partitions import partition_lines, preemption_settings
from provisioner.slurm.ports import SRUN
from provisioner.slurm.scheduling import backfill_settings, priority_settings, requeue_settings
from provisioner.slurm.times import DEFAULT_TIME
from provisioner.slurm.tokens import SETTINGS as TOKEN_SETTINGS
from provisioner.slurm.tokens import with_key
from provisioner.slurm.topology import topology, topology_settings

Settings = dict[str, str | int]

_OLDEST = "22.05"
_CONFIGLESS = "enable_configless"
_SIGNED = "block_null_hash"
# What ends a value, a line or a key for Slurm.
_ENDS = re.compile(r"[\s\"#\\]|[^ -~]")


def default_settings(cluster: str, controller: str, address: str) -> Settings:
    """Our slurm.conf keys; times are seconds, memory MiB."""
    return {
        "ClusterName": cluster,
        "SlurmctldHost": f"{controller}({f'[{address}]' if ':' in address else address})",
        "SlurmUser": "slurm",
        "AuthType": "auth/munge",
        "CredType": "cred/munge",
        # No message counts whose content its credential does not vouch for; every supported release signs it.
        "CommunicationParameters": _SIGNED,
        "SlurmctldPort": 6817,
        "SlurmdPort": 6818,
        "SrunPortRange": f"{SRUN[0]}-{SRUN[-1]}",
        "StateSaveLocation": "/var/lib/slurm/slurmctld",
        "SlurmdSpoolDir": "/var/lib/slurm/slurmd",
        "SlurmctldPidFile": "/run/slurmctld/slurmctld.pid",
        "SlurmdPidFile": "/run/slurmd.pid",
        "SlurmctldLogFile": "/var/log/slurm/slurmctld.log",
        "SlurmdLogFile": "/var/log/slurm/slurmd.log",
        # Configless: slurmd fetches this file. A node may report 5 % less memory than promised.
        "SlurmctldParameters": "enable_configless,node_reg_mem_percent=95",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "ProctrackType": "proctrack/cgroup",
        "TaskPlugin": "task/cgroup,task/affinity",
        "JobAcctGatherType": "jobacct_gather/cgroup",
        "JobAcctGatherFrequency": "task=30",
        "PrologFlags": "Contain,X11",
        # Else `srun --x11` fails on a node without scratch, where it would put its key.
        "X11Parameters": "home_xauthority",
        # MPI locks memory: how much is the node's to say (its slurmd's unit), and not the shell's that submits.
        "PropagateResourceLimitsExcept": "MEMLOCK",
        "LaunchParameters": "use_interactive_step",
        "MpiDefault": "none",
        # A blade comes back by itself after a power cut or a reimage; a drain stays a drain.
        "ReturnToService": 2,
        # What `scontrol reboot` and a rolling run have slurmd call, and seconds that a boot may take: servers test
        # their memory first.
        "RebootProgram": "/usr/sbin/reboot",
        "ResumeTimeout": 1200,
        "SlurmctldTimeout": 120,
        "SlurmdTimeout": 300,
        "MessageTimeout": 20,
        "UnkillableStepTimeout": 120,
        "TreeWidth": 16,
        "SchedulerType": "sched/backfill",
        "EnforcePartLimits": "ALL",
        # Debian ships no mailer; the default path makes every start log an error.
        "MailProg": "/bin/true",
    }


CGROUP_SETTINGS: Settings = {
    "ConstrainCores": "yes",
    "ConstrainRAMSpace": "yes",
    # Else a job that takes too much goes on in the swap of the node until that is full.
    "ConstrainSwapSpace": "yes",
    "ConstrainDevices": "no",
}


def cgroup_settings(site: Mapping[str, Any], nodes: Nodes = NOTHING, given: Mapping[str, Any] = NOTHING) -> Settings:
    """Our cgroup.conf keys with the site's over them.

    Args:
        site: cgroup.conf keys of the site.
        nodes: the registry's records by node name.
        given: slurm.conf keys of the site.
    """
    # A job can open its own GPUs only. Whatever a node says of itself, it stays so for the others.
    fenced = {"ConstrainDevices": "yes"} if hands_out(nodes, given) else {}
    return merge_settings(CGROUP_SETTINGS | fenced, site)


def merge_settings(defaults: Mapping[str, Any], site: Mapping[str, Any]) -> Settings:
    """The site's keys over ours, whatever their case; a key set to null is dropped.

    Slurm reads keys without regard to case, so `messagetimeout: 60` replaces `MessageTimeout`.
    """
    merged = {key.lower(): (key, value) for key, value in defaults.items()}
    for key, value in site.items():
        name = merged[key.lower()][0] if key.lower() in merged else key
        merged[key.lower()] = (name, value)
    settings = {name: _printed(value) for name, value in merged.values() if value is not None}
    if "SlurmctldParameters" in defaults:
        settings["SlurmctldParameters"] = _with_configless(settings.get("SlurmctldParameters", ""))
    if "AuthAltParameters" in defaults:
        settings["AuthAltParameters"] = with_key(str(settings.get("AuthAltParameters", "")))
    # Beside other words of the site it stays; null takes the key away.
    words = str(settings.get("CommunicationParameters", _SIGNED)).split(",")
    needed = str(defaults.get("CommunicationParameters", _SIGNED)).split(",")
    if missing := [word for word in needed if word not in words]:
        settings["CommunicationParameters"] = ",".join([*missing, *words])
    # What the nodes' lines name has to be among the site's.
    for key in ("GresTypes", "AccountingStorageTRES"):
        if key in defaults and key in settings:
            settings[key] = ",".join(dict.fromkeys([*str(defaults[key]).split(","), *str(settings[key]).split(",")]))
    return settings


def _with_configless(value: str | int) -> str:
    """SlurmctldParameters of the site, with what the nodes cannot do without."""
    words = [word for word in str(value).split(",") if word]
    return ",".join(words if _CONFIGLESS in words else [_CONFIGLESS, *words])


def _printed(value: Any) -> str | int:
    """YAML's true and false as Slurm's words; everything else as it is."""
    if isinstance(value, bool):
        return "YES" if value else "NO"
    return value if isinstance(value, int) else str(value)


def slurm_config(
    cluster: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    partitions: list[Mapping[str, Any]],
    site: Mapping[str, Any],
    planned: Mapping[str, Planned] = NOTHING,
) -> dict[str, Any]:
    """slurm.conf as `{"settings": {...}, "lines": [...]}`: keys, then the texts of node and partition lines.

    The lines come as texts, since a template takes 2 s to print the keys of a thousand nodes.

    Args:
        cluster: `{"name", "controller", "address", "tmp_fs"}`, and, where it has them: `"version"` of Slurm,
            `"accounting"`: the address of slurmdbd, `"database"`: the name of the node that the plan puts it on,
            `"accounts"`: whether users have accounts there, `"enforced"`: whether Slurm holds them to these, see
            `provisioner.slurm.enforcement`; `"preemption"` and `"default_time"`: see `partition_lines`; `"mpi"`:
            whether it is one for MPI; `"counts_gpus"`: see `gpu_settings`; `"health"`: whether slurmd checks its node;
            `"switches"`: see `provisioner.slurm.topology`; `"tokens"`: whether users may show tokens; `"logins"`: see
            `login_lines`.
        nodes: the registry's records by node name.
        partitions: see `partition_lines`.
        site: slurm.conf keys of the site, merged over our defaults; `site_problems` has found nothing in them.
        planned: what the plan says of the nodes' lines, by node name; see `node_line`.

    Raises:
        ValueError: a line would not be read as it is written.
    """
    planned = with_gpus(with_database(planned, nodes, cluster.get("database", "")), nodes, site)
    node_lines: list[Line] = [node_line(name, nodes[name], planned.get(name, {})) for name in sorted(nodes)]
    preemption = cluster.get("preemption", NOTHING)
    queues = partition_lines(partitions, nodes, planned, preemption, str(cluster.get("default_time", DEFAULT_TIME)))
    accounted = bool(cluster.get("accounting"))
    defaults = default_settings(cluster["name"], cluster["controller"], cluster["address"])
    defaults |= backfill_settings(len(nodes), [str(line["MaxTime"]) for line in queues if "MaxTime" in line])
    defaults |= priority_settings(accounted, bool(cluster.get("accounts")))
    defaults |= requeue_settings(release_of(cluster.get("version", _OLDEST)))
    defaults |= health_settings(bool(cluster.get("health")))
    defaults["TmpFS"] = cluster["tmp_fs"]
    addresses = [cluster["address"], cluster.get("accounting", ""), *(record["address"] for record in nodes.values())]
    if any(":" in address for address in addresses):
        defaults["CommunicationParameters"] = f"{_SIGNED},EnableIPv6"
    if accounted:
        defaults["AccountingStorageType"] = "accounting_storage/slurmdbd"
        defaults["AccountingStorageHost"] = cluster["accounting"]
    if accounted and cluster.get("enforced"):
        defaults["AccountingStorageEnforce"] = ENFORCED
    defaults |= gpu_settings(accounted and bool(cluster.get("counts_gpus")))
    if cluster.get("tokens"):
        defaults |= TOKEN_SETTINGS
    defaults |= preemption_settings(preemption, partitions)
    defaults = job_settings(mpi_settings(defaults, bool(cluster.get("mpi"))), nodes, site)
    defaults = topology_settings(defaults, topology(nodes, cluster.get("switches", {}), site))
    logins = login_lines(cluster.get("logins", NOTHING), nodes, cluster.get("version", _OLDEST))
    lines = [*(node_lines or [PLACEHOLDER_NODE]), *logins, *queues]
    return {"settings": merge_settings(defaults, site), "lines": [_line_text(line) for line in lines]}


def _line_text(line: Line) -> str:
    """The line as Slurm reads it back: the last fence before the file, whatever a record holds."""
    for key, value in line.items():
        if _ENDS.search(str(value)):
            raise ValueError(f"{key} of {ascii(line)[:80]} cannot stand in slurm.conf")
    return " ".join(f"{key}={value}" for key, value in line.items())
