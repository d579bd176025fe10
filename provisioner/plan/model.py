"""The shape of a blade role plan. Meaning across fields is checked in `checks`, not here."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from provisioner.plan.backup import Backup
from provisioner.plan.fields import (
    DomainName,
    Gigabytes,
    IncludedFile,
    Interpreter,
    Jump,
    KeyFile,
    Network,
    NodeName,
    NodeNames,
    PartCount,
    PartitionName,
    PartNumber,
    PlainText,
    Port,
    Strict,
    Switch,
    Time,
    UserName,
    Whole,
    Word,
)
from provisioner.plan.firewall import Firewall
from provisioner.plan.host_ca import HostCa
from provisioner.plan.mpi import Mpi
from provisioner.plan.node import JOB_TMP, PROVE, Blade, Features, Gpus, JobTmp, Proof, Scratch, SshWay, Weight
from provisioner.plan.notify import Notify
from provisioner.plan.partition import NamedPartition, Preemption, PreemptionRule, Priority
from provisioner.plan.rest import Rest
from provisioner.slurm.times import MOST_TIME


class SlurmRole(StrEnum):
    """What a blade may be in Slurm."""

    CONTROLLER = "controller"
    COMPUTE = "compute"


class Cluster(Strict):
    """The Slurm cluster and the network of its blades."""

    name: Word = Field(description="Slurm's ClusterName; never change it once the cluster lives")
    network: Network = Field(description="the blades' network, such as 10.20.0.0/24")
    networks: dict[Word, Network] = Field(
        default_factory=dict, description="other networks that blades are in, such as management: 10.30.0.0/24"
    )
    controller: NodeName = Field(description="the blade that runs slurmctld")
    backup_controller: NodeName | None = Field(
        default=None, description="the blade that takes over; used once high availability is built"
    )
    domain: DomainName | None = Field(default=None, description="DNS domain of the blades, if any")
    link_gbit: float = Field(
        default=1, gt=0, strict=True, allow_inf_nan=False, description="speed of the blade network in Gbit/s"
    )


class Ssh(Strict):
    """How this machine reaches the blades."""

    user: UserName = Field(default="root", description="account with password-less sudo, or root")
    port: Port = Field(default=22, description="port of sshd")
    key: KeyFile | None = Field(default=None, description="private key file; default: ssh's own choice")
    jump: Jump | None = Field(default=None, description="host to go through, such as admin@gate.example.org:22")
    interpreter: Interpreter = Field(default="/usr/bin/python3", description="Python on the blades")


class Enclosure(Strict):
    """The box or rack the blades sit in."""

    name: PlainText = Field(default="", description="what people call it")
    model: PlainText = Field(default="", description="maker and model")
    bays: Whole = Field(default=16, ge=1, le=256, description="how many bays or rack units it has")
    switch: PlainText = Field(default="", description="the switch its blades are on")
    power: PlainText = Field(default="", description="where its power comes from")


class Part(Strict):
    """Spare parts of one kind."""

    kind: Literal["ram", "ssd", "disk"] = Field(description="what it is")
    size_gb: Gigabytes = Field(description="RAM in GiB, disks in GB as their label says")
    count: Whole = Field(ge=0, le=10_000, description="how many are in stock")
    note: PlainText = Field(default="", description="for people")


class Partition(Strict):
    """The Slurm partition that the compute blades of a tier form."""

    name: Word | None = Field(default=None, description="default: the name of the tier")
    max_time: Time = Field(default=MOST_TIME, description="the longest time of a job")
    default_time: Time | None = Field(
        default=None, description="the time of a job that names none; default: a day, or max_time where that is less"
    )
    priority_tier: Priority = Field(default=1, description="jobs of a higher one go first")


class Proving(Strict):
    """How all disks are proved empty, where neither tier nor blade says it."""

    prove: Proof | None = Field(default=None, description=PROVE)


class Tier(Strict):
    """What blades of one kind get and may be."""

    slurm: list[SlurmRole] = Field(description="what a blade of this tier may be; [] for none")
    min_ram_gb: Gigabytes = Field(default=8, description="below this the role is starved")
    add: dict[PartNumber, PartCount] = Field(
        default_factory=dict, description="parts each blade of this tier gets, by part number"
    )
    scratch: Scratch | None = Field(default=None, description="which disks of its blades become scratch")
    job_tmp: JobTmp | None = Field(default=None, description=JOB_TMP)
    partition: Partition = Field(default_factory=Partition, description="the Slurm partition of its compute blades")
    features: Features = Field(default_factory=list, description="Slurm features of blades that name none")
    weight: Weight | None = Field(default=None, description="Slurm's Weight of blades that name none")
    gpus: Gpus | None = Field(default=None, description="GPUs of blades that name none")
    ssh: SshWay = Field(default_factory=SshWay, description="how its blades are reached, if not as the others")
    note: PlainText = Field(default="", description="for people")


class AccountingPlace(Strict):
    """Where the accounting database runs."""

    host: NodeName = Field(description="the blade that runs MariaDB and slurmdbd, with or without a Slurm role")


def _accounting_form(value: Any) -> str:
    return "switch" if isinstance(value, bool) else "place"


Accounting = Annotated[
    Annotated[bool, Tag("switch")] | Annotated[AccountingPlace, Tag("place")],
    Discriminator(_accounting_form),
]


def _login_form(value: Any) -> str:
    return "several" if isinstance(value, list) else "one"


Logins = Annotated[
    Annotated[NodeName, Tag("one")] | Annotated[list[NodeName], Field(min_length=1, max_length=64), Tag("several")],
    Discriminator(_login_form),
]
ComputeSsh = Literal["anybody", "jobs"]


class Plan(Strict):
    """A site: one Slurm cluster of blades, and what they are made of; each blade by its own name."""

    cluster: Cluster = Field(description="the cluster's name, network and controller")
    ssh: Ssh = Field(default_factory=Ssh, description="how this machine reaches the blades")
    enclosure: Enclosure = Field(default_factory=Enclosure, description="the box or rack, where there is one")
    enclosures: dict[PartNumber, Enclosure] = Field(
        default_factory=dict, description="the enclosures or racks by name, where there are several"
    )
    stock: dict[PartNumber, Part] = Field(default_factory=dict, description="spare parts by number")
    scratch: Proving = Field(default_factory=Proving, description="how disks are proved empty")
    accounting: Accounting = Field(
        default=True,
        description="whether a database remembers jobs: false for none, or the blade that runs it, if not the "
        "controller, such as {host: BLD-010}",
    )
    mpi: Mpi = Field(
        default=True,
        description="whether blades have OpenMPI and mpi4py, and srun starts MPI programs: false for no, or more words "
        "such as {compilers: none}",
    )
    health: Switch = Field(default=True, description="whether a node that is ill takes no jobs")
    metrics: Switch = Field(default=False, description="whether Prometheus can ask the members and the controller")
    rest: Rest = Field(
        default=False,
        description="whether programs reach Slurm over HTTP: true for those on the controller, or {listen: network}",
    )
    firewall: Firewall | None = Field(
        default=None, description="who reaches the members from outside of the cluster's network; default: everybody"
    )
    notify: Notify | None = Field(
        default=None,
        description="the command that tells somebody when scheduled runs fail; default: nobody hears of it",
    )
    backup: Backup = Field(default_factory=Backup, description="who can open backups, where they go, how many stay")
    login: Logins | None = Field(
        default=None,
        description="the blade where users log in and submit jobs, or a list of them; it computes nothing; default: "
        "the controller",
    )
    compute_ssh: ComputeSsh = Field(
        default="anybody",
        description="who may log in on compute nodes by SSH: anybody with an account there, or jobs for users with a "
        "job on the node, whose session becomes part of the job; admins always",
    )
    host_ca: HostCa = Field(
        default=False,
        description="whether a host CA on this machine signs the host keys of blades: true, or required for blades "
        "that have to show a certificate when they are met for the first time",
    )
    tiers: dict[Word, Tier] = Field(description="what blades of one kind get and may be")
    partitions: dict[PartitionName, NamedPartition] = Field(
        default_factory=dict, description="the partitions by name, instead of one for each tier"
    )
    preemption: Preemption = Field(
        default=PreemptionRule(by="none"),
        description="whether jobs take the place of others: none, partition or qos, or more words such as "
        "{by: partition, mode: suspend}",
    )
    blades: dict[NodeName, Blade] = Field(description="the blades by name, such as BLD-008")


def _nodes_somewhere(schema: dict[str, Any]) -> None:
    schema["required"].remove("blades")
    schema["anyOf"] = [{"required": [key]} for key in ("blades", "nodes", "include")]


class PlanFile(Plan):
    """A site: one Slurm cluster of blades, and what they are made of."""

    model_config = ConfigDict(json_schema_extra=_nodes_somewhere)

    include: list[IncludedFile] = Field(
        default_factory=list, max_length=1000, description="files beside the plan that hold more `nodes:`"
    )
    blades: dict[NodeNames, Blade] = Field(
        description="the blades by name such as BLD-008, or by node set such as node[001-040]"
    )
    nodes: dict[NodeNames, Blade] = Field(default_factory=dict, description="the same as `blades`")
