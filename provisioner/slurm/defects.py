"""Settings that a defect of a release turns against the site, and keys that the cluster's Slurm does not have.

Pure. What they are, and what else is known: docs/known-defects.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.slurm.change import Release, release_of
from provisioner.slurm.forms import NEXT
from provisioner.slurm.keys import KEYS, first_release, last_release


def defect_problems(site: Mapping[str, Any]) -> list[str]:
    """What is wrong with the site's keys of slurm.conf on one of the supported releases, each with its next step."""
    values = {str(key).lower(): str(value) for key, value in site.items() if value is not None}
    problems = []
    plugins = values.get("taskplugin", "").split(",")
    if _before("task/affinity", "task/cgroup", plugins):
        wrong = "TaskPlugin has task/affinity before task/cgroup, whereupon Slurm 22.05 loses the CPU masks of tasks"
        problems.append(f"slurmctld_config: {wrong}: write task/cgroup,task/affinity; {NEXT}")
    words = [word.partition("=")[0] for word in values.get("preemptparameters", "").split(",")]
    if "min_exempt_priority" in words[:-1]:
        wrong = "PreemptParameters has words behind min_exempt_priority, and slurmctld 24.11.5 does not start with them"
        problems.append(f"slurmctld_config: {wrong}: write it last; {NEXT}")
    return problems


def _before(one: str, other: str, words: list[str]) -> bool:
    return one in words and other in words and words.index(one) < words.index(other)


def release_problems(given: Mapping[str, Any], version: str) -> list[str]:
    """Keys that the Slurm of the cluster does not know, though another release does: no daemon starts with one.

    Args:
        given: keys by the variable that they stand in.
        version: of Slurm on the controller.
    """
    release = release_of(version)
    problems = []
    for name in KEYS.keys() & given.keys():
        if not isinstance(given[name], Mapping):
            continue
        for key in (key for key, value in given[name].items() if isinstance(key, str) and value is not None):
            if why := _absence(name, key, release):
                shown = f"{release[0]}.{release[1]:02}"
                problems.append(f"{name}: {key} is no key of {KEYS[name][0]} in Slurm {shown}, {why}; {NEXT}")
    return sorted(problems)


def _absence(name: str, key: str, release: Release) -> str:
    first, last = first_release(name, key), last_release(name, key)
    if first is not None and release < first:
        return f"only from {first[0]}.{first[1]:02} on"
    return f"only up to {last[0]}.{last[1]:02}" if last is not None and release > last else ""
