"""What kind of host this is, as far as containers with systemd care."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from provisioner.lab.settings import Release

# podman's own defaults; a host may allow less and then refuses to start the container
NOFILE = 1048576
NPROC = 32768


class Cgroups(StrEnum):
    """How the host mounts control groups."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True)
class Host:
    """The facts that decide how a container is started."""

    cgroups: Cgroups
    nofile: int
    nproc: int
    apparmor: bool = False
    selinux: bool = False

    @property
    def runtime(self) -> str:
        """The OCI runtime: crun refuses hybrid and v1 hosts, and is the right one on v2."""
        return "crun" if self.cgroups is Cgroups.V2 else "runc"

    @property
    def ulimits(self) -> list[str]:
        """Limits for --ulimit, never above the host's own: podman asks for more and then fails."""
        return [f"nofile={self.nofile}:{self.nofile}", f"nproc={self.nproc}:{self.nproc}"]

    def init(self, release: Release) -> list[str]:
        """The command line of systemd in the container.

        systemd 257 (Debian 13) refuses cgroup v1 unless it is told twice.
        """
        if self.cgroups is Cgroups.V1 and release is Release.TRIXIE:
            return [
                "/lib/systemd/systemd",
                "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
                "systemd.unified_cgroup_hierarchy=0",
            ]
        return ["/lib/systemd/systemd"]


def read_host(root: Path = Path("/")) -> Host:
    """Looks at this host; `root` is there for tests."""
    apparmor = root / "sys/module/apparmor/parameters/enabled"
    return Host(
        cgroups=cgroups_of(root / "sys/fs/cgroup"),
        nofile=_at_most(NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
        nproc=_at_most(NPROC, resource.getrlimit(resource.RLIMIT_NPROC)[1]),
        apparmor=apparmor.is_file() and apparmor.read_text().strip() == "Y",
        selinux=(root / "sys/fs/selinux/enforce").is_file(),
    )


def cgroups_of(mount: Path) -> Cgroups:
    """v2 only when the one hierarchy is mounted at the top; a hybrid host counts as v1."""
    return Cgroups.V2 if (mount / "cgroup.controllers").is_file() else Cgroups.V1


def _at_most(wanted: int, hard_limit: int) -> int:
    return wanted if hard_limit == resource.RLIM_INFINITY else min(wanted, hard_limit)
