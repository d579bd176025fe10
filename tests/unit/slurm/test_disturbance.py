from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.disturbance import busy_jobs, held


def change(role: str, kind: str, line: str, own: bool = False) -> dict[str, Any]:
    return {"role": role, "kind": kind, "name": line.split(" ")[1].rstrip(":"), "line": line, "own": own}


STARTS = change("slurmd", "units", "unit slurmd.service: stopped -> running")
ENABLES = change("munge", "units", "unit munge.service: failed -> running, disabled -> enabled")
HOSTS = change("base", "files", "file /etc/hosts: content")
ROTATE = change("slurmd", "files", "file /etc/logrotate.d/slurmd: content")
OPTIONS = change("slurmd", "files", "file /etc/default/slurmd: content")
RESTARTS = change("slurmd", "units", "unit slurmd.service: restart: it uses /etc/default/slurmd")
MASKS = change("slurmd", "units", "unit sackd.service: absent -> masked")
STOPS = change("slurmd", "units", "unit sackd.service: running -> masked")
PACKAGE = change("munge", "packages", "package munge: absent -> installed")
NAME = change("base", "asks", "host name: x -> bld-008")
SCRATCH = change("scratch", "scratch", "scratch /dev/sdb: empty -> XFS at /scratch")
USERS = change("users", "files", "file /etc/ssh/authorized_keys.d/ada: content")
FIREWALL = change("firewall", "units", "unit provision-firewall.service: stopped -> running")
FOREIGN = change("beacon", "files", "file /etc/beacon: content")
METRICS = change("metrics", "units", "unit prometheus-node-exporter.service: restart: it uses /etc/x")


@pytest.mark.parametrize(
    ("pending", "left"),
    [
        ([STARTS, ENABLES, HOSTS, ROTATE, MASKS, USERS, METRICS], []),
        ([PACKAGE, NAME, SCRATCH, FIREWALL, FOREIGN, STOPS], [PACKAGE, NAME, SCRATCH, FIREWALL, FOREIGN, STOPS]),
        # The restart would follow from the file, and so the file waits, too; those of other roles do not.
        ([HOSTS, ROTATE, OPTIONS, RESTARTS], [ROTATE, OPTIONS, RESTARTS]),
        # What is down is started, with the file that it reads.
        ([OPTIONS, STARTS], []),
        ([PACKAGE, ENABLES], [PACKAGE]),
    ],
)
def test_a_node_with_jobs_is_left_what_they_may_notice(pending: list[Any], left: list[Any]) -> None:
    found = held(pending, [*pending, HOSTS], ["17"])
    assert found["left"] == [each["line"] for each in left]
    assert [each for each in pending if each not in found["pending"]] == left
    assert all(each in [*found["pending"], HOSTS] for each in found["before"])
    assert found["because"] == ("job 17 runs on it" if left else "")


def test_a_node_without_jobs_is_mended_at_once() -> None:
    found = held([PACKAGE, RESTARTS], [PACKAGE], [])
    assert (found["pending"], found["before"], found["left"]) == ([PACKAGE, RESTARTS], [PACKAGE], [])


def test_the_reason_names_some_jobs_only() -> None:
    because = held([PACKAGE], [], [str(number) for number in range(1, 12)])["because"]
    assert because == "jobs 1, 2, 3, 4, 5, 6, 7, 8 and 3 more run on it"


@pytest.mark.parametrize(
    ("asked", "own", "runs", "jobs"),
    [
        ({"jobs": {"bld-008": ["17"]}}, [], True, ["17"]),
        ({"jobs": {"bld-011": ["17"]}}, [], True, []),
        # slurmd is down, and the job is alive.
        ({"jobs": {"bld-008": ["17"]}}, ["17"], False, ["17"]),
        # Nothing of Slurm is alive on a blade that was reimaged.
        ({"jobs": {"bld-008": ["17"]}}, [], False, []),
        # slurmctld does not answer.
        ({"jobs": {}}, ["17"], True, ["17"]),
        ({"failed": True}, ["17"], False, ["17"]),
        ({"jobs": None}, [], True, []),
    ],
)
def test_whether_jobs_are_there_is_asked_of_both(asked: Any, own: list[str], runs: bool, jobs: list[str]) -> None:
    assert busy_jobs(asked, {"own": own}, "bld-008", runs) == jobs
