"""How this machine reaches a blade over ssh: as the blade says, else its tier, else the plan. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.knownhosts import known_name
from provisioner.plan.model import Plan

LAB_INTERPRETER = "/usr/bin/python3"


@dataclass(frozen=True)
class Way:
    """Where and as whom a blade is spoken to; `key` None is ssh's own choice, `jump` None no host between."""

    address: str
    port: int
    user: str
    key: str | None
    jump: str | None
    interpreter: str

    @property
    def known_name(self) -> str:
        """How known_hosts calls the blade."""
        return known_name(self.address, self.port)


def way_to(plan: Plan, name: str, lab: bool = False) -> Way:
    """The way to a blade.

    Args:
        lab: to the container that stands for it, which is on this machine, in the cluster's network, with a Python
            and a key of the lab's own.
    """
    blade = plan.blades[name]
    said = plan.tiers[blade.tier].ssh.model_dump(exclude_none=True) | blade.ssh.model_dump(exclude_none=True)
    port, user = int(said.get("port", plan.ssh.port)), str(said.get("user", plan.ssh.user))
    if lab:
        return Way(str(blade.address), port, user, None, None, LAB_INTERPRETER)
    jump = said.get("jump", plan.ssh.jump)
    return Way(
        address=str(said.get("address", blade.address)),
        port=port,
        user=user,
        key=said.get("key", plan.ssh.key),
        jump=None if jump == "none" else jump,
        interpreter=str(said.get("interpreter", plan.ssh.interpreter)),
    )
