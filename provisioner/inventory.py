"""Plan -> Ansible inventory, in the form of a dynamic inventory script's `--list`. Pure.

The groups of the inventory are declared here and nowhere else (GROUPS); roles never name one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provisioner.inventory_way import common_options, way_variables
from provisioner.names import host_name
from provisioner.plan.certified import certified
from provisioner.plan.derive import (
    accounting_host,
    compute_blades,
    enclosure_of,
    gpus_said,
    job_tmp,
    login_blades,
    members,
    node_keys,
    scratch_disks,
    scratch_layout,
    scratch_proof,
)
from provisioner.plan.derive_mpi import compiles_mpi, has_mpi, switches
from provisioner.plan.derive_partitions import preemption_rule, slurm_partitions
from provisioner.plan.model import Plan
from provisioner.plan.node import Blade
from provisioner.plan.way import LAB_INTERPRETER
from provisioner.roles import roles_of
from provisioner.services import opened_ports, service_variables
from provisioner.ssh_key import key_file

if TYPE_CHECKING:
    from provisioner.hostca import HostCa

# One connection per blade for a whole run. The lock of the cluster lives as long as the one to the controller: it has
# to outlast the longest task on other blades (30 min), and a sign of life every 15 s tells when its client is gone.
SSH_ARGS = "-o ControlMaster=auto -o ControlPersist=31m -o ServerAliveInterval=15"

GROUPS = {
    "slurm_members": "every blade that has a Slurm role or the accounting database, or takes logins",
    "slurm_controller": "the one blade that has the role slurmctld",
    "slurm_accounting": "the blade that has the role slurmdbd, if any",
    "slurm_compute": "the blades that have the role slurmd",
    "slurm_login": "the blades that have the role login, if any",
    "slurm_spare": "all other blades: storage, off; only `provision release` touches them",
    # The playbooks put members into these while they run.
    "slurm_stopped": "in a run: members that it waits for or refuses",
    "slurm_masked": "in a run: members of which an admin has masked a unit",
    "slurm_pending": "in a run: members that it has something to do on",
    "slurm_stale": "in a run: compute nodes whose slurmd has settings of its start that are other ones by now",
    "slurm_trial": "in a run: members where it changes who gets in; the first of them alone",
    "slurm_reported": "in a run: members that verification has something to say of",
    # and `tier_<name>` for each tier of the plan, for group_vars
}

_GROUP_OF = {
    "slurmctld": "slurm_controller", "slurmdbd": "slurm_accounting", "slurmd": "slurm_compute", "login": "slurm_login",
}  # fmt: skip


def inventory(
    plan: Plan,
    ssh_key: Path | None = None,
    known_hosts: Path | None = None,
    announced: Mapping[str, str] | None = None,
    accounts: Path | None = None,
    host_ca: HostCa | None = None,
) -> dict[str, Any]:
    """All blades of the plan with the variables that the roles take.

    Args:
        plan: the plan.
        ssh_key: the private key instead of the plan's, as a running lab has one; the host keys that the plan pins
            do not count then, since a lab makes keys of its own.
        known_hosts: the site's own known_hosts file; without it ssh uses the user's.
        announced: name of the announcement of each blade that is new or was reimaged.
        accounts: the accounts file of the site, where it has one.
        host_ca: the site's host CA, where the plan wants one and it has been made.

    Returns:
        `{"_meta": {"hostvars": {...}}, "all": {...}, group: {"hosts": [...]}, ...}` as documented for
        inventory scripts of Ansible.
    """
    hosts = {group: list[str]() for group in GROUPS} | {tier_group(tier): [] for tier in plan.tiers}
    for name, blade in plan.blades.items():
        hosts[tier_group(blade.tier)].append(host_name(name))
        if not roles_of(plan, name):
            hosts["slurm_spare"].append(host_name(name))
    for name in members(plan):
        hosts["slurm_members"].append(host_name(name))
        for role, group in _GROUP_OF.items():
            if role in roles_of(plan, name):
                hosts[group].append(host_name(name))
    groups: dict[str, Any] = {group: {"hosts": names} for group, names in hosts.items()}
    told = announced or {}
    shared = cluster_variables(plan, ssh_key, known_hosts)
    if accounts is not None and plan.accounting:
        shared["provision_accounts"] = str(accounts)
    if host_ca is not None:
        shared |= {"hostcert_signer": str(host_ca.file), "hostcert_ca": host_ca.public}
    names = certified(plan)
    return {
        "_meta": {
            "hostvars": {
                host_name(name): host_variables(plan, name, ssh_key, known_hosts, told.get(name, ""), names)
                for name in plan.blades
            }
        },
        "all": {"children": list(groups), "vars": shared},
        **groups,
    }


def tier_group(tier: str) -> str:
    """The group of a tier; Ansible wants no dashes in the name of a group."""
    return f"tier_{tier.replace('-', '_')}"


def static_form(listed: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of `--list` as a static YAML or JSON inventory, for a run that has asked already."""
    groups = {name: value for name, value in listed.items() if name not in ("_meta", "all")}
    return {
        "all": {
            "vars": listed["all"]["vars"],
            "hosts": listed["_meta"]["hostvars"],
            "children": {name: {"hosts": {host: {} for host in value["hosts"]}} for name, value in groups.items()},
        }
    }


def host_variables(
    plan: Plan,
    name: str,
    ssh_key: Path | None = None,
    known_hosts: Path | None = None,
    announced: str = "",
    signed: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """The variables of one blade, as `--host` prints them; see `inventory`. `signed` is `certified(plan)`."""
    blade = plan.blades[name]
    layout = scratch_layout(plan, blade)
    return {
        **way_variables(plan, name, ssh_key, known_hosts, bool(announced)),
        "blade_id": name,
        **({} if blade.bay is None else {"blade_bay": blade.bay}),
        "blade_tier": blade.tier,
        **_node_variables(plan, blade),
        "node_roles": (roles := roles_of(plan, name)),
        **({"jobtmp_place": job_tmp(plan, blade)} if "jobtmp" in roles else {}),
        **({"mpi_compilers": True} if compiles_mpi(plan, name) else {}),
        **({"metrics_address": str(blade.address)} if "metrics" in roles else {}),
        **({"metrics_folder": "/run/slurm-metrics"} if "slurm_metrics" in roles else {}),
        **({"firewall_open": opened_ports(plan, name)} if "firewall" in roles else {}),
        **({"hostcert_names": list(_names(plan, name, signed))} if "hostcert" in roles else {}),
        "scratch_disks": [{"id": disk.id, "size_gb": disk.size_gb} for disk in scratch_disks(plan, blade)],
        "scratch_layout": layout.layout if layout else "plain",
        "scratch_prove": scratch_proof(plan, blade),
        "scratch_announced": announced,
    }


def _names(plan: Plan, name: str, signed: Mapping[str, Sequence[str]] | None) -> Sequence[str]:
    return (certified(plan) if signed is None else signed).get(name, ())


def _node_variables(plan: Plan, blade: Blade) -> dict[str, Any]:
    """What only some plans say of a blade."""
    gpus, box = gpus_said(plan, blade), enclosure_of(plan, blade)
    return {
        **({"blade_enclosure": box} if box else {}),
        **({"node_gpus": gpus.count} if gpus else {}),
        **({"node_gpu_type": gpus.type} if gpus and gpus.type else {}),
        **({"node_networks": {key: str(value) for key, value in blade.networks.items()}} if blade.networks else {}),
    }


def cluster_variables(plan: Plan, ssh_key: Path | None, known_hosts: Path | None) -> dict[str, Any]:
    """The variables all blades share."""
    controller = host_name(plan.cluster.controller)
    address = str(plan.blades[plan.cluster.controller].address)
    key = ssh_key or (key_file(plan.ssh.key) if plan.ssh.key else None)
    variables: dict[str, Any] = {
        "ansible_user": plan.ssh.user,
        "ansible_port": plan.ssh.port,
        # Every supported Debian has it there; looking for an interpreter costs a call per blade.
        "ansible_python_interpreter": plan.ssh.interpreter if ssh_key is None else LAB_INTERPRETER,
        "ansible_ssh_args": SSH_ARGS,
        "ansible_ssh_common_args": common_options(plan, known_hosts, lab=ssh_key is not None),
        "base_cluster": plan.cluster.name,
        "base_domain": plan.cluster.domain or "",
        "base_hosts": [_host(name, blade) for name, blade in plan.blades.items()],
        "base_network": str(plan.cluster.network),
        "base_time_source": address,
        "munge_key_host": controller,
        "slurmctld_accounting": _accounting(plan),
        "slurmctld_cluster": {"name": plan.cluster.name, "controller": controller, "address": address},
        "slurmctld_computes": [host_name(name) for name in compute_blades(plan)],
        "slurmctld_health": plan.health,
        "slurmctld_partitions": slurm_partitions(plan),
        # Of an IPv6 address it would take all before the first colon.
        "slurmd_conf_server": (server := f"{controller if ':' in address else address}:6817"),
        "login_conf_server": server,
    }
    if (place := accounting_host(plan)) and ":" in str(plan.blades[place].address):
        variables["slurmdbd_ipv6"] = True
    if keys := {host_name(name): found for name, blade in plan.blades.items() if (found := node_keys(plan, blade))}:
        variables["slurmctld_nodes"] = keys
    if logins := login_blades(plan):
        variables["slurmctld_logins"] = {host_name(name): str(plan.blades[name].address) for name in logins}
    if plan.compute_ssh != "anybody":
        variables |= {"adopt_ssh": plan.compute_ssh, "adopt_sources": [str(plan.cluster.network)]}
    if rule := preemption_rule(plan):
        variables["slurmctld_preemption"] = rule
    if has_mpi(plan):
        variables |= {"mpi_network": str(plan.cluster.network), "slurmctld_mpi": True}
    if len(set((where := switches(plan)).values())) > 1:
        variables["slurmctld_switches"] = where
    if key:
        variables["ansible_ssh_private_key_file"] = str(key)
    return variables | service_variables(plan)


def _host(name: str, blade: Blade) -> dict[str, str]:
    """A blade in everybody's /etc/hosts."""
    more = {"ipv6": str(blade.address6 or ""), "domain": blade.domain or ""}
    named = {"name": host_name(name), "id": name, "address": str(blade.address)}
    return named | {key: value for key, value in more.items() if value}


def _accounting(plan: Plan) -> dict[str, str]:
    """Where slurmctld and users find slurmdbd; nothing where the plan wants no accounting."""
    place = accounting_host(plan)
    return {"host": host_name(place), "address": str(plan.blades[place].address)} if place else {}
