"""The shape of a blade role plan. Meaning across fields is checked in `checks`, not here."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

BLADE_ID = r"^[A-Z]([A-Z0-9-]{0,61}[A-Z0-9])?$"
WORD = r"^[a-z][a-z0-9_-]{0,30}$"
USER_NAME = r"^[a-z_][a-z0-9_-]{0,31}$"
DOMAIN_NAME = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
PLAIN_TEXT = r"^[^{}`$\x00-\x1f\x7f-\x9f]*$"
DEVICE_PATH = r"^/dev/[A-Za-z0-9/_.:+-]+$"
KEY_FILE = r"^[A-Za-z0-9/~._][A-Za-z0-9/~._+@ -]*$"
FINGERPRINT = r"^SHA256:[A-Za-z0-9+/]{43}$"
PART_NUMBER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
MAX_TIME = r"^([0-9]{1,4}-[0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{1,8}|UNLIMITED)$"

BladeId = Annotated[str, StringConstraints(pattern=BLADE_ID, max_length=63)]
Word = Annotated[str, StringConstraints(pattern=WORD)]
UserName = Annotated[str, StringConstraints(pattern=USER_NAME)]
DomainName = Annotated[str, StringConstraints(pattern=DOMAIN_NAME)]
PlainText = Annotated[str, StringConstraints(pattern=PLAIN_TEXT, max_length=200)]
DevicePath = Annotated[str, StringConstraints(pattern=DEVICE_PATH, max_length=200)]
KeyFile = Annotated[str, StringConstraints(pattern=KEY_FILE, max_length=200)]
Fingerprint = Annotated[str, StringConstraints(pattern=FINGERPRINT)]
PartNumber = Annotated[str, StringConstraints(pattern=PART_NUMBER)]

# Strict: a plan that says `bay: yes` or `bay: "8"` is asked what it means.
Whole = Annotated[int, Field(strict=True)]
Gigabytes = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
PartCount = Annotated[int, Field(strict=True, ge=1, le=1000)]


def _only_text(value: Any) -> Any:
    """`ipaddress` takes any number for an address; a plan writes addresses as text."""
    if not isinstance(value, str):
        raise ValueError("write an IPv4 address such as 10.20.0.11")
    return value


Address = Annotated[IPv4Address, BeforeValidator(_only_text)]
Network = Annotated[IPv4Network, BeforeValidator(_only_text)]


class SlurmRole(StrEnum):
    """What a blade may be in Slurm."""

    CONTROLLER = "controller"
    COMPUTE = "compute"


class Strict(BaseModel):
    """No unknown keys, no silent conversions of numbers into text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Cluster(Strict):
    """The Slurm cluster and the network of its blades."""

    name: Word = Field(description="Slurm's ClusterName; never change it once the cluster lives")
    network: Network = Field(description="the blades' network, such as 10.20.0.0/24")
    controller: BladeId = Field(description="the blade that runs slurmctld")
    backup_controller: BladeId | None = Field(
        default=None, description="the blade that takes over; used once high availability is built"
    )
    domain: DomainName | None = Field(default=None, description="DNS domain of the blades, if any")
    link_gbit: float = Field(
        default=1, gt=0, strict=True, allow_inf_nan=False, description="speed of the blade network in Gbit/s"
    )


class Ssh(Strict):
    """How this machine reaches the blades."""

    user: UserName = "root"
    port: Whole = Field(default=22, ge=1, le=65535)
    key: KeyFile | None = Field(default=None, description="private key file; default: ssh's own choice")


class Enclosure(Strict):
    """The box the blades sit in."""

    name: PlainText = ""
    model: PlainText = ""
    bays: Whole = Field(default=16, ge=1, le=256)


class Part(Strict):
    """Spare parts of one kind."""

    kind: Literal["ram", "ssd", "disk"]
    size_gb: Gigabytes = Field(description="RAM in GiB, disks in GB as their label says")
    count: Whole = Field(ge=0, le=10_000)
    note: PlainText = ""


class Partition(Strict):
    """The Slurm partition that the compute blades of a tier form."""

    name: Word | None = Field(default=None, description="default: the name of the tier")
    max_time: str = Field(default="7-00:00:00", pattern=MAX_TIME)
    priority_tier: Whole = Field(default=1, ge=0, le=65533)


Proof = Literal["dense", "full"]
_PROVE = (
    "how a disk is proved empty before it is formatted: dense reads both ends and 2,300 places, full all of it in the "
    "background, so that scratch comes with a later run; default: dense"
)


class Proving(Strict):
    """How all disks are proved empty, where neither tier nor blade says it."""

    prove: Proof | None = Field(default=None, description=_PROVE)


class Scratch(Strict):
    """Which disks of a blade become scratch, as long as a disk does not say it itself."""

    size_gb: Gigabytes = Field(description="size class: disks whose label says this many GB")
    layout: Literal["plain", "striped"] = Field(
        default="plain", description="plain: one filesystem per disk; striped: one over all of them"
    )
    prove: Proof | None = Field(default=None, description=_PROVE)


class Tier(Strict):
    """What blades of one kind get and may be."""

    slurm: list[SlurmRole] = Field(description="what a blade of this tier may be; [] for none")
    min_ram_gb: Gigabytes = Field(default=8, description="below this the role is starved")
    add: dict[PartNumber, PartCount] = Field(
        default_factory=dict, description="parts each blade of this tier gets, by part number"
    )
    scratch: Scratch | None = None
    partition: Partition = Field(default_factory=Partition)
    note: PlainText = ""


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

    count: Whole = Field(default=1, ge=1, le=32)
    size_gb: Gigabytes = Field(description="GB as the label says (10^9 bytes)")
    type: PlainText = "SAS"
    id: DevicePath | None = Field(default=None, description="/dev/disk/by-id/... (count must be 1)")
    purpose: Literal["boot", "scratch", "ceph", "spare", "remove"] | None = None
    note: PlainText = ""


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


class Blade(Strict):
    """One blade: where it sits, what is in it, what it becomes."""

    bay: Whole = Field(ge=1, description="device bay, counted from 1")
    address: Address = Field(description="IPv4 address within the cluster's network")
    tier: Word = Field(description="one of the tiers")
    host_key: HostKeyPin | None = Field(
        default=None, description="fingerprint of its SSH host key, or a list of them; no other key is accepted"
    )
    ram: Ram = Field(description="installed GiB, or the list of sticks such as [4, 4] once they were counted")
    dimms: Literal["even", "odd"] | None = Field(
        default=None, description="what is known of the stick count while `ram` is only a total"
    )
    disks: list[Disk] = Field(default_factory=list)
    add: dict[PartNumber, PartCount] | None = Field(
        default=None, description="parts this blade gets instead of its tier's"
    )
    scratch: BladeScratch | None = Field(default=None, description="instead of the tier's; `none` for no scratch here")
    cpu: PlainText | None = Field(default=None, description="CPU model once it is known")
    note: PlainText = ""


class AccountingPlace(Strict):
    """Where the accounting database runs."""

    host: BladeId = Field(description="the blade that runs MariaDB and slurmdbd; it needs a Slurm role")


def _accounting_form(value: Any) -> str:
    return "switch" if isinstance(value, bool) else "place"


Accounting = Annotated[
    Annotated[bool, Tag("switch")] | Annotated[AccountingPlace, Tag("place")],
    Discriminator(_accounting_form),
]


class Plan(Strict):
    """A site: one Slurm cluster of blades, and what they are made of."""

    cluster: Cluster = Field(description="the cluster's name, network and controller")
    ssh: Ssh = Field(default_factory=Ssh)
    enclosure: Enclosure = Field(default_factory=Enclosure)
    stock: dict[PartNumber, Part] = Field(default_factory=dict)
    scratch: Proving = Field(default_factory=Proving)
    accounting: Accounting = Field(
        default=True,
        description="whether a database remembers jobs: false for none, or the blade that runs it instead of the "
        "controller",
    )
    tiers: dict[Word, Tier] = Field(description="what blades of one kind get and may be")
    blades: dict[BladeId, Blade] = Field(description="the blades by id, such as BLD-008")
