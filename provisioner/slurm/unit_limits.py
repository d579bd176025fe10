"""Limits that slurmd, and with it every job, gets from its unit. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.slurm.forms import NEXT, shown

_LIMITS = {
    "as", "core", "cpu", "data", "fsize", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime",
    "sigpending", "stack",
}  # fmt: skip
# Both ends, or one for both.
_LIMIT = re.compile(r"(infinity|[0-9]{1,18}[KMGT]?)(:(infinity|[0-9]{1,18}[KMGT]?))?")


def limit_problems(limits: Any) -> list[str]:
    """What would get into slurmd's unit besides limits, each with its next step.

    Args:
        limits: by the name that systemd gives them behind `Limit`, such as `{"CORE": "infinity"}`.
    """
    if not isinstance(limits, Mapping):
        return [f"slurmd_limits has to be limits by name, such as {{CORE: infinity}}; {NEXT}"]
    problems = []
    for name, limit in limits.items():
        if str(name).lower() not in _LIMITS:
            known = ", ".join(sorted(_LIMITS)).upper()
            problems.append(f"slurmd_limits: {shown(name)} is not one of {known}; {NEXT}")
        elif isinstance(limit, bool) or not _LIMIT.fullmatch(str(limit)):
            problems.append(f"slurmd_limits: {name} has to be a number such as 64M, or infinity; {NEXT}")
    return problems
