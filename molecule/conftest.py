"""What the tests of all scenarios ask with: the members by their part, and evidence when a test fails."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from typing import Any

import pytest
import testinfra
from testinfra.host import Host

EVIDENCE = "; ".join(
    [
        "sinfo --all --Node --long",
        "sinfo --list-reasons",
        "systemctl --failed --plain",
        "journalctl --unit slurmctld --unit slurmd --unit munge --lines 15 --no-pager --output cat",
    ]
)


@pytest.fixture(scope="session")
def inventory_file(pytestconfig: pytest.Config) -> str:
    """The scenario's plan, which is its inventory."""
    return str(pytestconfig.getoption("ansible_inventory"))


@pytest.fixture(scope="session")
def inventory(inventory_file: str) -> dict[str, Any]:
    """What Ansible is told about the blades: groups, and variables in `_meta`."""
    listed = subprocess.run([inventory_file, "--list"], capture_output=True, check=True)
    answer: dict[str, Any] = json.loads(listed.stdout)
    return answer


@pytest.fixture(scope="session")
def members(inventory: dict[str, Any], inventory_file: str) -> dict[str, Host]:
    """Every member that the scenario converges, by host name."""
    names = inventory["slurm_members"]["hosts"]
    return {name: _connect(name, inventory_file) for name in names}


@pytest.fixture(scope="session")
def controller(members: dict[str, Host], inventory: dict[str, Any]) -> Host:
    """The blade with slurmctld."""
    (name,) = inventory["slurm_controller"]["hosts"]
    return members[name]


@pytest.fixture(scope="session")
def compute(members: dict[str, Host], inventory: dict[str, Any]) -> dict[str, Host]:
    """The blades with slurmd, by host name."""
    return {name: members[name] for name in inventory["slurm_compute"]["hosts"]}


@pytest.fixture(scope="session")
def release() -> str:
    """The Debian release that the blades were imaged with."""
    return os.environ.get("LAB_OS", "bookworm")


@pytest.fixture(scope="session")
def lab(inventory_file: str) -> Any:
    """Runs `provision lab VERB` on the scenario's blades; returns what it printed."""

    def call(*words: str) -> str:
        verb, *rest = words
        command = ["provision", "lab", verb, f"--plan={inventory_file}", *rest]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    return call


def _connect(name: str, inventory_file: str) -> Host:
    return testinfra.get_host(f"ansible://{name}", ansible_inventory=inventory_file, sudo=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds what the members themselves say to the report of a test that failed."""
    report = yield
    if report.failed and call.when == "call":
        for name, host in getattr(item, "funcargs", {}).get("members", {}).items():
            report.sections.append((f"{name} says", host.run(EVIDENCE).stdout))
    return report
