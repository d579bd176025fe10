"""What is known of a blade that somebody asks about, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.run.diagnose import Diagnosis

Facts = Mapping[str, Any]
_NOTHING: Facts = {}


@dataclass(frozen=True)
class Evidence:
    """What a blade, its controller and the plan say; what did not answer has no values.

    Args:
        blade, controller: ids of the plan; a node that only Slurm knows has its name there.
        node: the blade's name in Slurm.
        roles: what the plan makes of it; None for a blade that is not in the plan.
        failure, controller_failure: why it could not be asked, None where it was.
        unreachable: whether the blade was not reached at all.
        here: what the blade says, see `shape.NODE_EVIDENCE`.
        cluster: what the controller says, see `shape.CLUSTER_EVIDENCE`.
        facts: what a run decides on: `machine_id`, `slurmd_c`, `scratch`.
        problems: what a run would refuse it for, each as `what; next: what to do`.
        masked, doubts: the same of what an admin masked, and of what is doubtful.
        drift: lines of what a run would change.
        notes: what else a look found.
    """

    blade: str
    node: str
    controller: str
    roles: tuple[str, ...] | None
    failure: Diagnosis | None = None
    controller_failure: Diagnosis | None = None
    unreachable: bool = False
    here: Facts = field(default_factory=dict)
    cluster: Facts = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_controller(self) -> bool:
        """Whether it is the controller itself."""
        return self.blade == self.controller

    @property
    def computes(self) -> bool:
        """Whether the plan lets it run jobs."""
        return "slurmd" in (self.roles or ())

    @property
    def seen(self) -> Facts:
        """What slurmctld has of the node; {} where it does not know it, or does not answer."""
        found: Facts = self.cluster.get("node") or _NOTHING
        return found

    @property
    def record(self) -> Facts:
        """What the registry has of the node; {} for nothing."""
        found: Facts = self.cluster.get("record") or _NOTHING
        return found

    def unit(self, name: str) -> Facts:
        """The state of a service on the blade."""
        found: Facts = (self.here.get("units") or _NOTHING).get(name) or _NOTHING
        return found

    @property
    def is_fresh(self) -> bool:
        """Whether the installation on it never was a member: what a member has is not missed there."""
        before, now = self.record.get("machine_id"), self.here.get("machine_id")
        return bool(self.here) and (bool(before and before != now) or self.unit("slurmd").get("load") == "not-found")

    def looked_at(self) -> bool:
        """Whether anybody said anything."""
        return bool(self.here or self.cluster)


def as_evidence(blade: str, node: str, controller: str, roles: Any, found: Mapping[str, Any]) -> Evidence:
    """Puts together what the blade's and the controller's tasks said.

    Args:
        found: `{"facts": of the blade, "controller_facts", "failure", "controller_failure", "unreachable"}`.
    """
    facts, work = found["facts"], found["facts"].get("slurm_work") or {}
    return Evidence(
        blade=blade,
        node=node,
        controller=controller,
        roles=None if roles is None else tuple(roles),
        failure=found["failure"],
        controller_failure=found["controller_failure"],
        unreachable=found["unreachable"],
        here=facts.get("node_evidence") or {},
        cluster=found["controller_facts"].get("cluster_evidence") or {},
        facts=facts.get("blade") or {},
        problems=_texts(work.get("problems")),
        masked=_texts([*(work.get("masked") or []), *(work.get("unaccounted") or [])]),
        doubts=_texts(work.get("doubts")),
        drift=() if work.get("problems") else _texts([each["line"] for each in facts.get("state_pending") or []]),
        notes=_texts(facts.get("provision_notes")),
    )


def _texts(found: Any) -> tuple[str, ...]:
    return tuple(map(str, found)) if isinstance(found, list) else ()
