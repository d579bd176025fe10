"""Which roles a node has. Pure; inventory, groups and plays follow from it.

A new role is one line in ROLES, and one entry in `playbooks/tasks/states.yml`.
"""

from __future__ import annotations

from collections.abc import Callable

from provisioner.plan.derive import accounting_host, host_key_pins, is_member, login_blades, rest_way, slurm_role
from provisioner.plan.derive_mpi import runs_mpi
from provisioner.plan.model import Plan, SlurmRole


def _controls(plan: Plan, name: str) -> bool:
    return slurm_role(plan, name) is SlurmRole.CONTROLLER


def _computes(plan: Plan, name: str) -> bool:
    return slurm_role(plan, name) is SlurmRole.COMPUTE


def _accounts(plan: Plan, name: str) -> bool:
    return name == accounting_host(plan)


def _is_measured(plan: Plan, name: str) -> bool:
    return plan.metrics and is_member(plan, name)


def _measures(plan: Plan, name: str) -> bool:
    return plan.metrics and _controls(plan, name)


def _is_watched(plan: Plan, name: str) -> bool:
    return plan.health and _computes(plan, name)


def _serves(plan: Plan, name: str) -> bool:
    return rest_way(plan) is not None and _controls(plan, name)


def _knows_tokens(plan: Plan, name: str) -> bool:
    return rest_way(plan) is not None and (_controls(plan, name) or _accounts(plan, name))


def _is_closed(plan: Plan, name: str) -> bool:
    return plan.firewall is not None and is_member(plan, name)


def _takes_logins(plan: Plan, name: str) -> bool:
    return name in login_blades(plan)


def _is_certified(plan: Plan, name: str) -> bool:
    return plan.host_ca is not False and is_member(plan, name) and not host_key_pins(plan.blades[name])


ROLES: dict[str, Callable[[Plan, str], bool]] = {
    "base": is_member,
    "munge": is_member,
    "jwt": _knows_tokens,
    "users": is_member,
    "scratch": _computes,
    "jobtmp": _computes,
    "health": _is_watched,
    "mariadb": _accounts,
    "slurmdbd": _accounts,
    "slurmctld": _controls,
    "slurmd": _computes,
    "login": _takes_logins,
    "mpi": runs_mpi,
    "metrics": _is_measured,
    "slurm_metrics": _measures,
    "slurmrestd": _serves,
    "firewall": _is_closed,
    "hostcert": _is_certified,
    # Where jobs run no more, it takes back what it had done there.
    "adopt": is_member,
}
"""Each role and whether a blade of the plan has it, in the order in which they are worked on."""


def roles_of(plan: Plan, name: str) -> list[str]:
    """The roles of the node on a blade; none for a blade that is no member of the cluster."""
    return [role for role, has in ROLES.items() if has(plan, name)]
