"""How the parts of a lab are called and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from provisioner.names import host_name
from provisioner.ssh_identity import known_hosts, lab_folder, lab_key

PREFIX = "provision-lab"
CLUSTER_LABEL = f"{PREFIX}.cluster"
STATE_LABEL = f"{PREFIX}.state"
BLADE_LABEL = f"{PREFIX}.blade"
RELEASE_LABEL = f"{PREFIX}.release"
GPUS_LABEL = f"{PREFIX}.gpus"


class Release(StrEnum):
    """The Debian releases a lab can run."""

    BOOKWORM = "bookworm"
    TRIXIE = "trixie"


@dataclass(frozen=True)
class LabFiles:
    """The files of one cluster's lab, all below `state_dir(cluster)`."""

    state: Path

    @property
    def folder(self) -> Path:
        """All that `lab down` removes."""
        return lab_folder(self.state)

    @property
    def key(self) -> Path:
        """The private key that opens every blade of the lab."""
        return lab_key(self.state)

    @property
    def known_hosts(self) -> Path:
        """The host keys of the lab's blades."""
        return known_hosts(self.folder)

    @property
    def record(self) -> Path:
        """What this lab is (release), written before anything else is made."""
        return self.folder / "lab.json"

    def disks(self, blade: str) -> Path:
        """The folder of a blade's disk images."""
        return self.folder / "disks" / host_name(blade)


def container_name(cluster: str, blade: str) -> str:
    """`provision-lab-asgard-bld-008`."""
    return f"{PREFIX}-{cluster}-{host_name(blade)}"


def network_name(cluster: str) -> str:
    """`provision-lab-asgard`."""
    return f"{PREFIX}-{cluster}"
