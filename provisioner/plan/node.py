"""The shape of one blade of a plan: where it sits, how it is reached, what is in it, what it becomes."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from provisioner.plan.fields import (
    Address,
    Address6,
    CpuList,
    DevicePath,
    DomainName,
    Feature,
    Fingerprint,
    Gigabytes,
    GpuType,
    Interpreter,
    Jump,
    KeyFile,
    Mac,
    PartCount,
    PartNumber,
    PlainText,
    Port,
    Serial,
    Strict,
    UserName,
    Whole,
    Word,
)

Proof = Literal["dense", "full"]
PROVE = (
    "how a disk is proved empty before it is formatted: dense reads both ends and 2,300 places, full all of it in the "
    "background, so that scratch comes with a later run; default: dense"
)


JobTmp = Literal["scratch", "root", "shared"]
JOB_TMP = (
    "where /tmp, /var/tmp and /dev/shm of a job are: scratch or root (its system disk) for folders that only the job "
    "sees and that go with it, shared for the node's own; default: scratch where it has scratch, else shared"
)


class Scratch(Strict):
    """Which disks of a blade become scratch, as long as a disk does not say it itself."""

    size_gb: Gigabytes = Field(description="size class: disks whose label says this many GB")
    layout: Literal["plain", "striped"] = Field(
        default="plain", description="plain: one filesystem per disk; striped: one over all of them"
    )
    prove: Proof | None = Field(default=None, description=PROVE)


class SshWay(Strict):
    """How this machine reaches some of the blades, where it differs from the plan's own `ssh`."""

    user: UserName | None = Field(default=None, description="account with password-less sudo, or root")
    port: Port | None = Field(default=None, description="port of its sshd")
    key: KeyFile | None = Field(default=None, description="private key file")
    jump: Jump | None = Field(
        default=None, description="host to go through, such as admin@gate.example.org:22; `none` for no such host"
    )
    interpreter: Interpreter | None = Field(default=None, description="its Python, such as /usr/bin/python3")


class NodeSsh(SshWay):
    """How this machine reaches one blade."""

    address: Address | None = Field(
        default=None, description="where this machine reaches it, if not at its address in the cluster's network"
    )


class GpuEntry(Strict):
    """The GPUs of a blade."""

    type: GpuType | None = Field(default=None, description="such as a100; default: the name of the model")
    count: Whole = Field(ge=0, le=64, description="how many; 0 keeps them out of Slurm")


class SlurmKeys(Strict):
    """Keys of the node's line in slurm.conf that are nobody's but an admin's to know."""

    CoreSpecCount: Whole | None = Field(default=None, ge=0, le=4096, description="cores kept from jobs for the system")
    CpuSpecList: CpuList | None = Field(default=None, description="the CPUs kept from jobs, such as 0,1 or 0-3")
    MemSpecLimit: Whole | None = Field(
        default=None, ge=0, le=64 * 2**20, description="MiB kept from jobs for the system, instead of 1/16"
    )
    CpuBind: Literal["none", "socket", "ldom", "core", "thread"] | None = Field(
        default=None, description="what tasks are bound to"
    )


DISK_SHORTHAND = r"([0-9]{1,4}) *x *([0-9]{1,7}) *GB( +[A-Za-z0-9]+)?"


def _disk_shorthand(value: Any) -> Any:
    """`2 x 300 GB SAS` is short for a mapping with count, size_gb and type."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(DISK_SHORTHAND, value.strip())
    if match is None:
        raise ValueError("write `2 x 300 GB SAS`, or a mapping with size_gb")
    count, size, kind = match.groups()
    return {"count": int(count), "size_gb": int(size), "type": (kind or "SAS").strip()}


class DiskEntry(Strict):
    """One disk, or several alike."""

    count: Whole = Field(default=1, ge=1, le=32, description="how many alike")
    size_gb: Gigabytes = Field(description="GB as the label says (10^9 bytes)")
    type: PlainText = Field(default="SAS", description="for people")
    id: DevicePath | None = Field(default=None, description="/dev/disk/by-id/... (count must be 1)")
    purpose: Literal["boot", "scratch", "ceph", "spare", "remove"] | None = Field(
        default=None, description="what it is for; default: scratch when its size is that of the scratch rule"
    )
    note: PlainText = Field(default="", description="for people")


Disk = Annotated[
    DiskEntry,
    BeforeValidator(
        _disk_shorthand,
        json_schema_input_type=DiskEntry | Annotated[str, Field(pattern=f"^{DISK_SHORTHAND}$")],
    ),
]


def _ram_form(value: Any) -> str:
    return "sticks" if isinstance(value, list) else "total"


def _scratch_form(value: Any) -> str:
    return "none" if isinstance(value, str) else "rule"


def _pin_form(value: Any) -> str:
    return "several" if isinstance(value, list) else "one"


def _gpu_form(value: Any) -> str:
    return "entry" if isinstance(value, dict | GpuEntry) else "count"


# Told apart by their form, so that a mistake is reported for the one form that was meant.
Ram = Annotated[
    Annotated[Gigabytes, Tag("total")] | Annotated[list[Gigabytes], Field(min_length=1, max_length=64), Tag("sticks")],
    Discriminator(_ram_form),
]
HostKeyPin = Annotated[
    Annotated[Fingerprint, Tag("one")]
    | Annotated[list[Fingerprint], Field(min_length=1, max_length=8), Tag("several")],
    Discriminator(_pin_form),
]
BladeScratch = Annotated[
    Annotated[Scratch, Tag("rule")] | Annotated[Literal["none"], Tag("none")],
    Discriminator(_scratch_form),
]
Gpus = Annotated[
    Annotated[Annotated[int, Field(strict=True, ge=0, le=64)], Tag("count")] | Annotated[GpuEntry, Tag("entry")],
    Discriminator(_gpu_form),
]
Features = Annotated[list[Feature], Field(max_length=64)]
Weight = Annotated[int, Field(strict=True, ge=0, le=2**32 - 2)]


class Blade(Strict):
    """One blade: where it sits, how it is reached, what is in it, what it becomes."""

    enclosure: PartNumber | None = Field(default=None, description="one of the enclosures, where there are several")
    bay: Whole | None = Field(default=None, ge=1, description="bay or rack unit, counted from 1")
    address: Address = Field(description="IP address within the cluster's network")
    address6: Address6 | None = Field(default=None, description="its IPv6 address besides")
    networks: dict[Word, Address] = Field(
        default_factory=dict, description="its address in each other network, by the network's name"
    )
    domain: DomainName | None = Field(default=None, description="its DNS domain, instead of the cluster's")
    ssh: NodeSsh = Field(default_factory=NodeSsh, description="how this machine reaches it, if not as the others")
    mac: Mac | None = Field(default=None, description="MAC address of its port in the cluster's network")
    serial: Serial | None = Field(default=None, description="serial number of its case")
    tier: Word = Field(description="one of the tiers")
    host_key: HostKeyPin | None = Field(
        default=None, description="fingerprint of its SSH host key, or a list of them; no other key is accepted"
    )
    ram: Ram = Field(description="installed GiB, or the list of sticks such as [4, 4] once they were counted")
    dimms: Literal["even", "odd"] | None = Field(
        default=None, description="what is known of the stick count while `ram` is only a total"
    )
    disks: list[Disk] = Field(default_factory=list, description="its disks, such as [2 x 300 GB SAS]")
    add: dict[PartNumber, PartCount] | None = Field(
        default=None, description="parts this blade gets instead of its tier's"
    )
    scratch: BladeScratch | None = Field(default=None, description="instead of the tier's; `none` for no scratch here")
    job_tmp: JobTmp | None = Field(default=None, description=JOB_TMP)
    cpu: PlainText | None = Field(default=None, description="CPU model once it is known")
    gpus: Gpus | None = Field(
        default=None, description="how many GPUs, or {type: a100, count: 4}; default: those that it is found to have"
    )
    features: Features | None = Field(default=None, description="Slurm features, instead of the tier's")
    weight: Weight | None = Field(default=None, description="Slurm's Weight: jobs take nodes with less first")
    slurm: SlurmKeys = Field(default_factory=SlurmKeys, description="more keys of its line in slurm.conf")
    note: PlainText = Field(default="", description="for people")
