"""The TCP ports of Slurm's daemons, and those that srun listens at. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.slurm.forms import NEXT

DAEMONS = {6817: "slurmctld", 6818: "slurmd", 6819: "slurmdbd", 9100: "the exporter of metrics"}
"""Who has which port. The exporter has its own on every member that is measured."""
SRUN = range(60001, 63001)
"""SrunPortRange of slurm.conf, where the site says no other: an srun takes one of them that is free."""
_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")


def port_problems(given: Mapping[str, Any]) -> list[str]:
    """What speaks against the site's SrunPortRange: an srun on the controller could take the port of a daemon.

    Args:
        given: `slurmctld_config` of the site, and `slurmrestd_port` where the plan has `rest`.
    """
    site = given.get("slurmctld_config")
    said = {str(key).lower(): value for key, value in site.items()} if isinstance(site, Mapping) else {}
    found = _RANGE.fullmatch(str(said.get("srunportrange")))
    if not found:
        return []
    rest = str(given.get("slurmrestd_port"))
    owners = {**DAEMONS, **({int(rest): "the REST interface"} if rest.isdecimal() else {})}
    taken = [f"{port}, the port of {owner}" for port, owner in owners.items() if int(found[1]) <= port <= int(found[2])]
    if not taken:
        return []
    wrong = f"slurmctld_config: SrunPortRange has {' and '.join(taken)}, which an srun could take"
    return [f"{wrong}: write another range, such as {SRUN[0]}-{SRUN[-1]}; {NEXT}"]
