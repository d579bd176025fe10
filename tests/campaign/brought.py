"""What services bring to blades, by their roles: whether it is there, and how it goes away."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.state.files import whole_path
from tests.campaign.cluster import Cluster
from tests.cluster.tampering import things_of

ROLES = ("mpi", "health", "metrics", "slurm_metrics", "jwt", "slurmrestd", "firewall", "adopt", "login")
TRIALS = "/var/lib/provision/trial"
_BROUGHT = ("packages", "files", "links", "secrets", "trials")


@dataclass(frozen=True)
class Thing:
    """What a service brings to a blade; `kind` as roles call it."""

    blade: str
    role: str
    kind: str
    name: str

    @property
    def there(self) -> str:
        """A command of sh that succeeds where it is."""
        if self.kind == "packages":
            return (
                f"dpkg-query --show --showformat '${{db:Status-Status}}' {self.name} 2> /dev/null | grep -qx installed"
            )
        return f"{{ [ -e {self.name} ] || [ -L {self.name} ]; }}"

    @property
    def gone(self) -> str:
        """A command of sh that takes it away."""
        if self.kind == "packages":
            return f"dpkg --remove --force-depends {self.name} > /dev/null 2>&1"
        return f"rm -rf {self.name}"


def things(cluster: Cluster, blades: Sequence[str]) -> tuple[list[Thing], dict[str, list[str]]]:
    """All that the services of the plan bring, and their units by blade."""
    found: list[Thing] = []
    units: dict[str, list[str]] = {}
    for blade, kept in things_of(cluster.lab, blades, [*_BROUGHT, "units"]).items():
        its = [thing for thing in kept if thing["role"] in ROLES]
        units[blade] = [thing["name"] for thing in its if thing["kind"] == "units"]
        for thing in its:
            name = whole_path(thing["name"], platform.machine())
            place = f"{TRIALS}/{name}/pending" if thing["kind"] == "trials" else name
            found += [Thing(blade, thing["role"], thing["kind"], place)] if thing["kind"] != "units" else []
    return found, units


def absent(cluster: Cluster, asked: Sequence[Thing]) -> list[Thing]:
    """Those that are not there; one question for each blade."""
    found: list[Thing] = []
    for blade in dict.fromkeys(thing.blade for thing in asked):
        its = [thing for thing in asked if thing.blade == blade]
        questions = "; ".join(f"{thing.there} || echo {number}" for number, thing in enumerate(its))
        found += [its[int(number)] for number in cluster.lab.inside(blade, f"{questions}; true").split()]
    return found
