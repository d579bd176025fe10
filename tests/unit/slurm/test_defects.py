from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.config import CGROUP_SETTINGS, slurm_config
from provisioner.slurm.defects import defect_problems, release_problems
from provisioner.slurm.keys import KEYS, first_release, is_key, last_release
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from provisioner.slurm.settings import site_problems

CLUSTER = {
    "name": "demo",
    "controller": "bld-006",
    "address": "10.20.0.106",
    "tmp_fs": "/scratch",
    "accounting": "10.20.0.106",
    "accounts": True,
    "enforced": True,
}


@pytest.mark.parametrize(
    ("site", "words"),
    [
        ({"TaskPlugin": "task/affinity,task/cgroup"}, "write task/cgroup,task/affinity"),
        ({"taskplugin": "task/affinity,task/x,task/cgroup"}, "write task/cgroup,task/affinity"),
        ({"PreemptParameters": "min_exempt_priority=10,youngest_first"}, "write it last"),
    ],
)
def test_a_setting_that_a_defect_turns_against_the_site_is_refused(site: dict[str, Any], words: str) -> None:
    (problem,) = site_problems({"slurmctld_config": site})
    assert words in problem
    assert problem.endswith("; next: correct it in group_vars beside the plan")


@pytest.mark.parametrize(
    "site",
    [
        {},
        {"TaskPlugin": None, "PreemptParameters": None},
        {"TaskPlugin": "task/cgroup,task/affinity"},
        {"TaskPlugin": "task/affinity"},
        {"PreemptParameters": "youngest_first,min_exempt_priority=10"},
        {"PreemptParameters": "min_exempt_priority=10"},
    ],
)
def test_others_are_the_sites(site: dict[str, Any]) -> None:
    assert defect_problems(site) == []


def test_a_key_of_another_release_is_refused_before_a_daemon_stops_at_it() -> None:
    given = {
        "slurmctld_config": {"maxbatchrequeue": 3, "MessageTimeout": 60, "PreemptParameters": None},
        "slurmctld_cgroup_config": {"ConstrainKmemSpace": "no"},
    }
    assert release_problems(given, "22.05.8-4+deb12u3") == [
        "slurmctld_config: maxbatchrequeue is no key of slurm.conf in Slurm 22.05, only from 23.02 on; "
        "next: correct it in group_vars beside the plan"
    ]
    assert release_problems(given, "24.11.5-4") == [
        "slurmctld_cgroup_config: ConstrainKmemSpace is no key of cgroup.conf in Slurm 24.11, only up to 23.02; "
        "next: correct it in group_vars beside the plan"
    ]


@pytest.mark.parametrize("version", SLURM_OF_DEBIAN.values())
def test_what_we_write_ourselves_the_release_has(version: str) -> None:
    ours = slurm_config({**CLUSTER, "version": version}, {}, [], {})["settings"]
    assert release_problems({"slurmctld_config": ours, "slurmctld_cgroup_config": CGROUP_SETTINGS}, version) == []
    assert defect_problems(ours) == []


@pytest.mark.parametrize("given", [{}, {"slurmctld_config": "x"}, {"slurmctld_config": {3: 1}}, {"other": {"a": 1}}])
def test_what_is_no_setting_is_told_elsewhere(given: dict[str, Any]) -> None:
    assert release_problems(given, "22.05.8") == []


def test_bounds_are_of_known_keys() -> None:
    bounded = [
        (name, key)
        for name, (_, keys) in KEYS.items()
        for key in keys
        if first_release(name, key) or last_release(name, key)
    ]
    assert len(bounded) == 23
    assert all(is_key(*each) for each in bounded)
