"""The shape of partitions and of preemption: which jobs run where, for how long, and for whom they make way."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from provisioner.plan.fields import (
    SHARING,
    Feature,
    NodeNames,
    SlurmName,
    Strict,
    Time,
    UnixName,
    Whole,
    Word,
    listed,
)
from provisioner.slurm.times import MOST_TIME


def split_set(text: str) -> list[str]:
    """`node[001,003],gpu01` as its sets, one by one."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text)]


def _sets(value: Any) -> Any:
    return split_set(value) if isinstance(value, str) else value


def _sharing(value: Any) -> Any:
    """YAML reads a bare `no` as false, which Slurm says, too."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _preemption(value: Any) -> Any:
    """`preemption: qos` is short for a mapping that says by what."""
    return {"by": value} if isinstance(value, str) else value


_Sets = Annotated[list[NodeNames], Field(min_length=1, max_length=1000)]
NodeSets = Annotated[_Sets, BeforeValidator(_sets, json_schema_input_type=_Sets | str)]
_Tiers = Annotated[list[Word], Field(min_length=1, max_length=1000)]
Tiers = Annotated[_Tiers, BeforeValidator(listed, json_schema_input_type=_Tiers | Word)]
_Wanted = Annotated[list[Feature], Field(min_length=1, max_length=64)]
Wanted = Annotated[_Wanted, BeforeValidator(listed, json_schema_input_type=_Wanted | Feature)]
_Names = Annotated[list[SlurmName], Field(min_length=1, max_length=1000)]
Names = Annotated[_Names, BeforeValidator(listed, json_schema_input_type=_Names | SlurmName)]
_Groups = Annotated[list[UnixName], Field(min_length=1, max_length=1000)]
Groups = Annotated[_Groups, BeforeValidator(listed, json_schema_input_type=_Groups | UnixName)]
Sharing = Annotated[
    str,
    Field(pattern=SHARING),
    BeforeValidator(_sharing, json_schema_input_type=Annotated[str, Field(pattern=SHARING)] | bool),
]
Count = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Priority = Annotated[int, Field(strict=True, ge=0, le=65533)]


class NamedPartition(Strict):
    """A Slurm partition that the plan names; its nodes are those of `nodes`, `tiers` and `features` together."""

    nodes: NodeSets | None = Field(default=None, description="its nodes, such as node[001-010] or a list of node sets")
    tiers: Tiers | None = Field(default=None, description="tiers whose compute nodes are in it, such as [gpu]")
    features: Wanted | None = Field(
        default=None, description="features of the plan whose compute nodes are in it, such as [ib]"
    )
    gpus: bool | None = Field(
        default=None, strict=True, description="of all these, those with GPUs alone; false: those without"
    )
    default: bool = Field(default=False, strict=True, description="takes the jobs that name no partition")
    hidden: bool = Field(default=False, strict=True, description="left out of what sinfo and squeue show")
    max_time: Time = Field(default=MOST_TIME, description="the longest time of a job")
    default_time: Time | None = Field(
        default=None, description="the time of a job that names none; default: a day, or max_time where that is less"
    )
    min_nodes: Count | None = Field(default=None, description="the fewest nodes of a job")
    max_nodes: Count | None = Field(default=None, description="the most nodes of a job")
    max_cpus_per_node: Count | None = Field(default=None, description="the most CPUs on a node for all of its jobs")
    priority_tier: Priority = Field(default=1, description="jobs of a higher one go first")
    priority_job_factor: Priority | None = Field(
        default=None, description="what it gives to the priority of a job, beside age, size and fair share"
    )
    allow_accounts: Names | None = Field(default=None, description="accounts that may use it, and no others")
    deny_accounts: Names | None = Field(default=None, description="accounts that may not use it")
    allow_qos: Names | None = Field(default=None, description="QOS that jobs in it may have, and no others")
    deny_qos: Names | None = Field(default=None, description="QOS that jobs in it may not have")
    allow_groups: Groups | None = Field(default=None, description="Unix groups whose members may use it, and no others")
    qos: SlurmName | None = Field(default=None, description="the QOS whose limits hold for all jobs in it")
    root_only: bool = Field(default=False, strict=True, description="only root may submit to it")
    exclusive_user: bool = Field(default=False, strict=True, description="jobs of one user at a time on a node")
    oversubscribe: Sharing | None = Field(
        default=None, description="exclusive (whole nodes), or how many jobs share a core: no, yes:2, force:2"
    )
    preempt_mode: Literal["none", "requeue", "suspend", "cancel"] | None = Field(
        default=None, description="what happens to its jobs when those of a higher priority_tier need their place"
    )
    grace_time: Whole | None = Field(
        default=None, ge=0, le=86_400, description="seconds from the first signal to the end of a job that makes way"
    )


class PreemptionRule(Strict):
    """Which jobs take the place of others."""

    by: Literal["none", "partition", "qos"] = Field(
        description="partition: jobs of a higher priority_tier; qos: jobs whose QOS says so; none"
    )
    mode: Literal["requeue", "suspend", "cancel"] = Field(
        default="requeue", description="what happens to the other jobs: they wait again, are suspended, or end"
    )
    exempt_time: Time | None = Field(default=None, description="for so long a job is left alone at first")


Preemption = Annotated[
    PreemptionRule,
    BeforeValidator(_preemption, json_schema_input_type=PreemptionRule | Literal["none", "partition", "qos"]),
]
