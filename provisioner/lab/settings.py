"""How the parts of a lab are called and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from provisioner.names import host_name

PREFIX = "provision-lab"
CLUSTER_LABEL = f"{PREFIX}.cluster"
STATE_LABEL = f"{PREFIX}.state"
BLADE_LABEL = f"{PREFIX}.blade"
RELEASE_LABEL = f"{PREFIX}.release"


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
        return self.state / "lab"

    @property
    def key(self) -> Path:
        """The private key that opens every blade of the lab."""
        return self.folder / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The host keys of the lab's blades. Apart from the site's own: real blades may have the same
        addresses, and their keys are not to be forgotten for a rehearsal."""
        return self.folder / "known_hosts"

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


def lab_ssh_key(state: Path) -> Path | None:
    """The lab's private key while a lab of this cluster exists, else None."""
    key = LabFiles(state).key
    return key if key.is_file() else None


def ssh_identity(state: Path) -> tuple[Path | None, Path]:
    """The private key (None: ssh's own choice) and the known_hosts file of the blades: while a lab of this
    cluster exists the lab's, else the site's."""
    files = LabFiles(state)
    key = lab_ssh_key(state)
    return key, files.known_hosts if key else state / "known_hosts"
