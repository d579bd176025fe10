"""Which Debian packages a member needs. One list, so that a blade installs everything in one call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# The library that Slurm's mpi/pmix plugin opens; no Slurm package depends on it (Debian #1059711).
PMIX_OF_DEBIAN = {"12": "libpmix2", "13": "libpmix2t64"}

EVERYWHERE = ("chrony", "dbus", "logrotate", "munge", "slurm-client")
BY_ROLE = {"controller": ("slurmctld",), "compute": ("slurmd",)}
SCRATCH = {"plain": ("xfsprogs",), "striped": ("xfsprogs", "lvm2")}


def all_packages() -> list[str]:
    """Every package that any member of any release may need; what to ask a blade about."""
    groups: Iterable[Iterable[str]] = (
        EVERYWHERE,
        PMIX_OF_DEBIAN.values(),
        *BY_ROLE.values(),
        *SCRATCH.values(),
    )
    return sorted({name for group in groups for name in group})


def packages(debian: str, role: str, scratch: str = "") -> list[str]:
    """The packages of one member.

    Args:
        debian: VERSION_ID of its Debian.
        role: `controller` or `compute`.
        scratch: layout of its scratch disks, '' for none.
    """
    pmix = [PMIX_OF_DEBIAN[debian]] if debian in PMIX_OF_DEBIAN else []
    return sorted({*EVERYWHERE, *pmix, *BY_ROLE[role], *SCRATCH.get(scratch, ())})


def missing_packages(wanted: Iterable[str], blade: Mapping[str, Any]) -> list[str]:
    """Those of the wanted packages that the blade's facts do not show as installed."""
    return [name for name in wanted if not blade["packages"].get(name)]
