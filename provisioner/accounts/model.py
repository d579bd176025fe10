"""The shape of `accounts.yml`. What its parts mean together is checked in `checks`, not here.

accounts:
  physics: {}
users:
  ada: {uid: 2001, accounts: physics, keys: [ssh-ed25519 AAAA... ada@desk]}
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from provisioner.accounts.fields import (
    Amounts,
    Count,
    Factor,
    Folder,
    Id,
    Minutes,
    PublicKey,
    QosFlag,
    Seconds,
    Share,
    Shell,
)
from provisioner.plan.fields import PlainText, SlurmName, Strict, UnixName, listed


def _membership(value: Any) -> Any:
    """`physics` is short for a mapping that names the account."""
    return {"account": value} if isinstance(value, str) else value


class GroupLimits(Strict):
    """Limits that associations and QOS have alike, by Slurm's own names; what is left out is unlimited."""

    GrpTRES: Amounts | None = Field(default=None, description="all running jobs together, such as {cpu: 64, mem: 100G}")
    GrpTRESMins: Amounts | None = Field(default=None, description="minutes of a resource, used up over time")
    GrpTRESRunMins: Amounts | None = Field(default=None, description="minutes that running jobs still may use")
    GrpJobs: Count | None = Field(default=None, description="running jobs together")
    GrpJobsAccrue: Count | None = Field(default=None, description="pending jobs that gain priority by age")
    GrpSubmitJobs: Count | None = Field(default=None, description="pending and running jobs together")
    GrpWall: Minutes | None = Field(default=None, description="time of all jobs together, used up")
    MaxTRES: Amounts | None = Field(default=None, description="one job")
    MaxTRESPerNode: Amounts | None = Field(default=None, description="one job on one node")
    MaxTRESMins: Amounts | None = Field(default=None, description="minutes of a resource of one job")
    MaxWall: Minutes | None = Field(default=None, description='one job, such as "1-00:00:00" or minutes')


class Limits(GroupLimits):
    """Limits of an association."""

    MaxJobs: Count | None = Field(default=None, description="running jobs of each user")
    MaxJobsAccrue: Count | None = Field(default=None, description="pending jobs of each that gain priority by age")
    MaxSubmitJobs: Count | None = Field(default=None, description="pending and running jobs of each user")


class QosLimits(GroupLimits):
    """Limits of a QOS."""

    MaxTRESPerUser: Amounts | None = None
    MaxTRESPerAccount: Amounts | None = None
    MinTRES: Amounts | None = Field(default=None, description="what a job has to ask for at least")
    MaxJobsPerUser: Count | None = None
    MaxJobsPerAccount: Count | None = None
    MaxJobsAccruePerUser: Count | None = None
    MaxJobsAccruePerAccount: Count | None = None
    MaxSubmitJobsPerUser: Count | None = None
    MaxSubmitJobsPerAccount: Count | None = None


class Qos(Strict):
    """A quality of service."""

    priority: Count = 0
    preempt: list[SlurmName] = Field(default_factory=list, description="QOS whose jobs make room for these")
    preempt_mode: Literal["cluster", "cancel", "requeue", "suspend", "within"] = "cluster"
    preempt_exempt_time: Seconds | None = Field(default=None, description="time for which a job is safe")
    flags: list[QosFlag] = Field(default_factory=list)
    grace_time: Count = Field(default=0, description="seconds that a job is given to end")
    usage_factor: Factor = 1
    usage_threshold: Factor | None = None
    limit_factor: Factor | None = None
    limits: QosLimits = Field(default_factory=QosLimits)


class Shares(Strict):
    """What an account, or a user in it, may have of the cluster."""

    fairshare: Share = Field(default=1, description="share among its siblings, or parent")
    qos: list[SlurmName] | None = Field(default=None, description="QOS that may be used; default: as above it")
    default_qos: SlurmName | None = Field(default=None, description="default: as above it")
    limits: Limits = Field(default_factory=Limits)


class Account(Shares):
    """A Slurm account: a project, a department."""

    parent: SlurmName = Field(default="root", description="the account above it")
    coordinators: list[UnixName] | None = Field(
        default=None, description="users that manage it; left alone where this is not said, [] for none"
    )


class Membership(Shares):
    """A user in an account."""

    account: SlurmName
    partition: SlurmName | None = Field(default=None, description="only for jobs in this partition")


class User(Strict):
    """A person: on every node, and in Slurm."""

    uid: Id | None = Field(default=None, description="the same on every node, 1000 to 65533")
    gid: Id | None = Field(default=None, description="default: the uid, as a group of the user's own")
    name: PlainText = Field(default="", description="the person's name")
    groups: list[UnixName] = Field(default_factory=list, description="more Unix groups")
    keys: list[PublicKey] = Field(default_factory=list, max_length=50, description="SSH public keys")
    shell: Shell = "/bin/bash"
    locked: bool = Field(default=False, strict=True, description="may not log in; jobs and files stay")
    home: Folder | None = Field(default=None, description="default: the folder of that name in `homes`")
    unix: bool | None = Field(
        default=None, strict=True, description="false: the account on the nodes comes from elsewhere, such as LDAP"
    )
    accounts: Annotated[
        list[Annotated[Membership, BeforeValidator(_membership, json_schema_input_type=Membership | SlurmName)]],
        BeforeValidator(listed, json_schema_input_type=list[Membership | SlurmName] | SlurmName | Membership),
    ] = Field(default_factory=list, description="Slurm accounts, the default one first")
    default_account: SlurmName | None = Field(default=None, description="default: the first of `accounts`")
    admin: Literal["none", "operator", "administrator"] = Field(default="none", description="rights in Slurm")


class Group(Strict):
    """A Unix group."""

    gid: Id


class Accounts(Strict):
    """Who may use the cluster, and how much of it."""

    unix: bool = Field(
        default=True, strict=True, description="false: Unix users and groups come from elsewhere, such as LDAP"
    )
    homes: Folder = Field(default="/home", description="folder of the homes; by default local on each node")
    groups: dict[UnixName, Group] = Field(default_factory=dict, description="Unix groups besides users' own")
    qos: dict[SlurmName, Qos] = Field(default_factory=dict)
    accounts: dict[SlurmName, Account] = Field(default_factory=dict, description="Slurm accounts")
    users: dict[UnixName, User] = Field(default_factory=dict)
