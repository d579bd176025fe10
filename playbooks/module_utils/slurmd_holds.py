"""What a running slurmd measured at its start: it measures once, and tells slurmctld nothing else until the next."""

from __future__ import annotations

import re

from ansible.module_utils.blade_software import run

_LINES = {"Actual CPUs": "cpus", "Actual real memory": "memory_mib", "Actual temp disk space": "scratch_mib"}
# Seconds; a slurmd that hangs, or munge, must not hold up the look at a blade.
LIMIT = 5


def holds(unit):
    """`{"cpus", "memory_mib", "scratch_mib"}` of the slurmd of this node; {} when it does not run or does not answer.

    Args:
        unit: the state of its unit, from `unit_states`.
    """
    if unit is None or unit["active"] != "active":
        return {}
    pairs = re.findall(r"^(Actual [\w ]+?) *= (\d+)", run("scontrol", "show", "slurmd", limit=LIMIT), re.MULTILINE)
    found = {_LINES[words]: int(number) for words, number in pairs if words in _LINES}
    return found if len(found) == len(_LINES) else {}
