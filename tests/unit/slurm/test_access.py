from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.settings import site_problems

RIGHT: list[dict[str, Any]] = [
    {},
    {"slurmctld_logins": {"bld-010": "10.60.0.110", "login1": "fd00::1"}},
    {"adopt_admins": []},
    {"adopt_admins": ["%sudo", "ops"], "adopt_ssh": "jobs"},
    {"adopt_users": ["provision", "old"], "adopt_ssh": "jobs"},
    # It is in no file then.
    {"adopt_users": ["somebody@site.example"], "adopt_ssh": "anybody"},
    {"adopt_ssh": "jobs", "slurmctld_config": {"prologflags": "Alloc,contain"}},
    {"adopt_ssh": "jobs", "slurmctld_config": {"PrologFlags": "X11"}},
    {"adopt_ssh": "anybody", "slurmctld_config": {"PrologFlags": "Alloc"}},
    {"slurmctld_config": {"PrologFlags": None}},
]
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no names": ({"slurmctld_logins": ["bld-010"]}, "addresses by name"),
    "a second key": ({"slurmctld_logins": {"a State=UP": "10.0.0.1"}}, "cannot stand in slurm.conf"),
    "a second value": ({"slurmctld_logins": {"a": "10.0.0.1 State=UP"}}, "cannot stand in slurm.conf"),
    "a module": ({"adopt_admins": ["x account sufficient pam_permit.so"]}, "list of accounts"),
    "no list": ({"adopt_admins": "%sudo"}, "list of accounts"),
    "a number": ({"adopt_admins": [0]}, "list of accounts"),
    "accounts of runs, no list": ({"adopt_users": "provision", "adopt_ssh": "jobs"}, "adopt_users has to be"),
    "accounts of runs, odd": ({"adopt_users": ["a b"], "adopt_ssh": "jobs"}, "adopt_users has to be"),
    "accounts of runs, nothing": ({"adopt_users": None, "adopt_ssh": "jobs"}, "adopt_users has to be"),
    "no steps to become part of": (
        {"adopt_ssh": "jobs", "slurmctld_config": {"PrologFlags": "Alloc"}},
        "PrologFlags without Contain",
    ),
    "dropped": ({"adopt_ssh": "jobs", "slurmctld_config": {"PROLOGFLAGS": None}}, "PrologFlags without Contain"),
}


@pytest.mark.parametrize("given", RIGHT, ids=str)
def test_what_a_site_may_say(given: dict[str, Any]) -> None:
    assert site_problems(given) == []


@pytest.mark.parametrize("case", WRONG)
def test_what_it_may_not(case: str) -> None:
    given, words = WRONG[case]
    (problem,) = site_problems(given)
    assert words in problem
    assert "; next: " in problem
