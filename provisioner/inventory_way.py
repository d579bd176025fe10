"""How Ansible reaches the blades of a plan, as variables. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from provisioner.plan.certified import takes_unknown
from provisioner.plan.model import Plan
from provisioner.plan.way import LAB_INTERPRETER, way_to
from provisioner.ssh import ssh_options
from provisioner.ssh_key import key_file


def common_options(plan: Plan, known_hosts: Path | None, lab: bool) -> str:
    """The options of ssh that most blades share."""
    return " ".join(ssh_options(known_hosts, _unknown(plan), jump=None if lab else plan.ssh.jump))


def way_variables(
    plan: Plan, name: str, ssh_key: Path | None, known_hosts: Path | None, announced: bool
) -> dict[str, Any]:
    """How the blade is reached, and what of it is not as with the other blades; see `inventory`."""
    blade, lab = plan.blades[name], ssh_key is not None
    way = way_to(plan, name, lab)
    jump = None if lab else plan.ssh.jump
    pinned = bool(blade.host_key) and not lab
    unknown = "accept-new" if not pinned and takes_unknown(plan, announced) else "yes"
    args = " ".join(ssh_options(known_hosts, unknown, way.jump))
    own: dict[str, tuple[Any, Any]] = {
        "ansible_port": (way.port, plan.ssh.port),
        "ansible_user": (way.user, plan.ssh.user),
        "ansible_python_interpreter": (way.interpreter, LAB_INTERPRETER if lab else plan.ssh.interpreter),
    }
    return {
        **({"ansible_ssh_common_args": args} if unknown != _unknown(plan) or way.jump != jump else {}),
        **({"ansible_ssh_private_key_file": str(key_file(way.key))} if way.key and way.key != plan.ssh.key else {}),
        **{key: value for key, (value, usual) in own.items() if value != usual},
        "ansible_host": way.address,
        **({"base_address": str(blade.address)} if way.address != str(blade.address) else {}),
    }


def _unknown(plan: Plan) -> str:
    """What ssh makes of the key of a blade that was never met, where nothing else is said of that blade."""
    return "accept-new" if takes_unknown(plan, announced=False) else "yes"
