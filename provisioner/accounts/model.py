"""The shape of `accounts.yml`. What its parts mean together is checked in `checks`, not here.

accounts:
  physics: {}
users:
  ada: {uid: 2001, accounts: physics, keys: [ssh-ed25519 AAAA... ada@desk]}
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from provisioner.accounts.limits import amount, minutes, seconds
from provisioner.plan.fields import PlainText

USER_NAME = r"^[a-z_][a-z0-9_.-]{0,31}$"
SLURM_NAME = r"^[a-z0-9_][a-z0-9_.-]{0,62}$"
FOLDER = r"^/[A-Za-z0-9_./-]{1,199}$"
SHELL = r"^/[A-Za-z0-9_./-]{1,99}$"
TRES = r"^(cpu|mem|node|billing|energy|pages|vmem|(gres|license|fs|bb|ic)/[A-Za-z0-9_.:-]{1,60})$"

UserName = Annotated[str, StringConstraints(pattern=USER_NAME)]
SlurmName = Annotated[str, StringConstraints(pattern=SLURM_NAME)]
Folder = Annotated[str, StringConstraints(pattern=FOLDER)]
Shell = Annotated[str, StringConstraints(pattern=SHELL)]
Resource = Annotated[str, StringConstraints(pattern=TRES)]
LOWEST_ID, HIGHEST_ID = 1000, 65533
Id = Annotated[int, Field(strict=True, ge=LOWEST_ID, le=HIGHEST_ID)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Factor = Annotated[float, Field(ge=0, le=1e6, strict=True, allow_inf_nan=False)]
_KEY = re.compile(r"([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?: [^\x00-\x1f\x7f]*)?")
_KEY_TYPES = {
    "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
}  # fmt: skip
QosFlag = Literal[
    "DenyOnLimit", "EnforceUsageThreshold", "NoDecay", "NoReserve", "OverPartQOS", "PartitionMaxNodes",
    "PartitionMinNodes", "PartitionTimeLimit", "RequiresReservation", "UsageFactorSafe",
]  # fmt: skip


def _public_key(text: str) -> str:
    """A public key is a type and base64 that begins with the same type."""
    if "PRIVATE KEY" in text:
        raise ValueError(
            "this is a private key, known from now on: make a new pair, and write the line of its .pub file"
        )
    match = _KEY.fullmatch(text.strip())
    if match is None or match[1] not in _KEY_TYPES:
        raise ValueError("write the one line of a .pub file, such as `ssh-ed25519 AAAA... ada@desk`")
    try:
        inside = b64decode(match[2], validate=True)
    except binascii.Error:
        raise ValueError("the key is cut off: write the whole line of the .pub file") from None
    size = int.from_bytes(inside[:4], "big")
    if inside[4 : 4 + size] != match[1].encode() or len(inside) < size + 36:
        raise ValueError("the key is cut off or no public key: write the whole line of the .pub file")
    return text.strip()


def _amount(value: Any) -> Any:
    found = amount(value) if isinstance(value, str) else value
    if found is None:
        raise ValueError("write a whole number, or memory such as 100G")
    return found


def _minutes(value: Any) -> Any:
    found = minutes(value) if isinstance(value, str) else value
    if found is None:
        raise ValueError('write whole minutes, such as 90, or a time such as "1-00:00:00" in quotes')
    return found


def _seconds(value: Any) -> Any:
    found = (seconds(value) if ":" in value else None) if isinstance(value, str) else value
    if found is None:
        raise ValueError('write seconds, or a time such as "00:10:00" in quotes')
    return found


def _share(value: Any) -> Any:
    if value != "parent" and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31):
        raise ValueError("write a whole number, or parent")
    return value


def _listed(value: Any) -> Any:
    """`accounts: physics` is short for a list with one."""
    return [value] if isinstance(value, str | dict) else value


def _membership(value: Any) -> Any:
    """`physics` is short for a mapping that names the account."""
    return {"account": value} if isinstance(value, str) else value


Share = Annotated[int | str, BeforeValidator(_share, json_schema_input_type=Count | Literal["parent"])]
PublicKey = Annotated[str, AfterValidator(_public_key)]
_AMOUNT_TYPE = int | Annotated[str, Field(pattern=r"^[0-9]+[KMGTP]?$")]
Amount = Annotated[Count, BeforeValidator(_amount, json_schema_input_type=_AMOUNT_TYPE)]
Amounts = dict[Resource, Amount]
_TIME_TYPE = int | Annotated[str, Field(pattern=r"^[0-9:-]+$")]
Minutes = Annotated[Count, BeforeValidator(_minutes, json_schema_input_type=_TIME_TYPE)]
Seconds = Annotated[Count, BeforeValidator(_seconds, json_schema_input_type=_TIME_TYPE)]


class Entry(BaseModel):
    """No unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GroupLimits(Entry):
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


class Qos(Entry):
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


class Shares(Entry):
    """What an account, or a user in it, may have of the cluster."""

    fairshare: Share = Field(default=1, description="share among its siblings, or parent")
    qos: list[SlurmName] | None = Field(default=None, description="QOS that may be used; default: as above it")
    default_qos: SlurmName | None = Field(default=None, description="default: as above it")
    limits: Limits = Field(default_factory=Limits)


class Account(Shares):
    """A Slurm account: a project, a department."""

    parent: SlurmName = Field(default="root", description="the account above it")
    coordinators: list[UserName] | None = Field(
        default=None, description="users that manage it; left alone where this is not said, [] for none"
    )


class Membership(Shares):
    """A user in an account."""

    account: SlurmName
    partition: SlurmName | None = Field(default=None, description="only for jobs in this partition")


class User(Entry):
    """A person: on every node, and in Slurm."""

    uid: Id | None = Field(default=None, description="the same on every node, 1000 to 65533")
    gid: Id | None = Field(default=None, description="default: the uid, as a group of the user's own")
    name: PlainText = Field(default="", description="the person's name")
    groups: list[UserName] = Field(default_factory=list, description="more Unix groups")
    keys: list[PublicKey] = Field(default_factory=list, max_length=50, description="SSH public keys")
    shell: Shell = "/bin/bash"
    locked: bool = Field(default=False, strict=True, description="may not log in; jobs and files stay")
    home: Folder | None = Field(default=None, description="default: the folder of that name in `homes`")
    unix: bool | None = Field(
        default=None, strict=True, description="false: the account on the nodes comes from elsewhere, such as LDAP"
    )
    accounts: Annotated[
        list[Annotated[Membership, BeforeValidator(_membership, json_schema_input_type=Membership | SlurmName)]],
        BeforeValidator(_listed, json_schema_input_type=list[Membership | SlurmName] | SlurmName | Membership),
    ] = Field(default_factory=list, description="Slurm accounts, the default one first")
    default_account: SlurmName | None = Field(default=None, description="default: the first of `accounts`")
    admin: Literal["none", "operator", "administrator"] = Field(default="none", description="rights in Slurm")


class Group(Entry):
    """A Unix group."""

    gid: Id


class Accounts(Entry):
    """Who may use the cluster, and how much of it."""

    unix: bool = Field(
        default=True, strict=True, description="false: Unix users and groups come from elsewhere, such as LDAP"
    )
    homes: Folder = Field(default="/home", description="folder of the homes; by default local on each node")
    groups: dict[UserName, Group] = Field(default_factory=dict, description="Unix groups besides users' own")
    qos: dict[SlurmName, Qos] = Field(default_factory=dict)
    accounts: dict[SlurmName, Account] = Field(default_factory=dict, description="Slurm accounts")
    users: dict[UserName, User] = Field(default_factory=dict)
