"""From which version on the packages of a member have the fixes that are known. The one place for them. Pure.

To renew it: `apt-get changelog slurmd` and `apt-get changelog munge` on each release, and the tracker at
security-tracker.debian.org for what a release has no fix for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.debian_version import is_older
from provisioner.slurm.registry import read_registry


@dataclass(frozen=True)
class Minimum:
    """The oldest good version of the packages of one Debian source, what is fixed in it, and who says so."""

    packages: tuple[str, ...]
    version: str
    fixes: str
    source: str


_SLURM = ("slurm-client", "slurmctld", "slurmd")

# By VERSION_ID of the Debian release.
MINIMUM: Mapping[str, tuple[Minimum, ...]] = {
    "12": (
        Minimum(_SLURM, "22.05.8-4+deb12u3", "CVE-2025-43904", "changelog of slurm-wlm, 4 July 2025"),
        Minimum(("munge",), "0.5.15-2+deb12u1", "CVE-2026-25506", "changelog of munge, 4 February 2026"),
    ),
    "13": (
        Minimum(_SLURM, "24.11.5-4+deb13u1", "CVE-2026-65107 and others", "changelog of slurm-wlm, 7 September 2026"),
        Minimum(("munge",), "0.5.16-1.1~deb13u1", "CVE-2026-25506", "changelog of munge, 4 February 2026"),
    ),
}
# What the Slurm of a release has no fix for, and where there is one.
UNFIXED: Mapping[str, str] = {
    "12": "Debian 12's Slurm 22.05 lacks the security fixes of September 2026 (CVE-2026-65107, CVE-2026-65108, "
    "CVE-2026-65109 and others) that Debian 13 has; next: plan a move of the whole cluster to Debian 13"
}
# What status asks of a member's packages.
WATCHED = tuple(sorted({name for minimums in MINIMUM.values() for each in minimums for name in each.packages}))
_VERSION = re.compile(r"[0-9A-Za-z.+:~-]{1,64}")


def watched_versions(packages: Mapping[str, Any]) -> dict[str, str]:
    """The versions of the watched packages that are installed; what is no version of a package is left out."""
    found = {name: str(packages.get(name) or "") for name in WATCHED}
    return {name: version for name, version in found.items() if _VERSION.fullmatch(version)}


def outdated(debian: str, packages: Mapping[str, Any]) -> list[str]:
    """Installed packages that lack known fixes, `slurmd 22.05.8-4: older than ..., which fixes ...`.

    Args:
        debian: VERSION_ID of the member's release.
        packages: version by name, '' or nothing for one that is not installed.
    """
    return [line for minimum in MINIMUM.get(debian, ()) for line in _behind(minimum, watched_versions(packages))]


def _behind(minimum: Minimum, versions: Mapping[str, str]) -> Iterable[str]:
    by_version: dict[str, list[str]] = {}
    for name in minimum.packages:
        if name in versions and is_older(versions[name], minimum.version):
            by_version.setdefault(versions[name], []).append(name)
    for version, names in by_version.items():
        yield f"{' and '.join(names)} {version}: older than {minimum.version}, which fixes {minimum.fixes}"


def security_notes(blade: Mapping[str, Any], next_step: str = "provision slurm --upgrade") -> list[str]:
    """What a run says of a member whose packages lack known fixes, from its facts."""
    return [f"{line}; next: {next_step}" for line in outdated(str(blade["os"]["version_id"]), blade["packages"])]


def cluster_security(answer: str, cluster: str, controller: str) -> dict[str, Any]:
    """`{"outdated": {node: lines}, "release": sentence or ''}` of a whole cluster.

    Args:
        answer: what the controller says: its VERSION_ID, its packages as `installed NAME VERSION`, and its registry,
            which has the packages of the nodes. All members run one release.
        cluster: name of the cluster.
        controller: node name of the controller.
    """
    lines = answer.splitlines()
    debian = lines[0].strip() if lines else ""
    own = dict(line.split()[1:3] for line in lines if line.startswith("installed ") and len(line.split()) == 3)
    registry = registry_in(answer, cluster)
    packages = {controller: own, **{name: record.get("packages", {}) for name, record in registry.items()}}
    found = {name: outdated(debian, versions) for name, versions in packages.items()}
    return {"outdated": {name: each for name, each in found.items() if each}, "release": UNFIXED.get(debian, "")}


def registry_in(answer: str, cluster: str) -> dict[str, dict[str, Any]]:
    """The records of the registry in such an answer, {} where it is damaged: a run says what is wrong with it."""
    lines = answer.splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith("{")), len(lines))
    try:
        return read_registry("\n".join(lines[start:]), cluster)
    except ValueError:
        return {}
