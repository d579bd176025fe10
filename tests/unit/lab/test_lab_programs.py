"""Running programs, one command at a time, many blades at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.errors import BusyError, ProvisionError
from provisioner.lab.command import reason, run
from provisioner.lab.lock import inherited, only_one
from provisioner.lab.parallel import for_each
from provisioner.lab.podman import _container, _cure


def test_a_failure_says_the_purpose_and_the_programs_last_word() -> None:
    script = "import sys; sys.exit('first\\nthe reason\\n\\n')"
    with pytest.raises(ProvisionError) as caught:
        run([sys.executable, "-c", script], "making tea", "buy tea")
    assert caught.value.message == "making tea failed: the reason"
    assert caught.value.next_step == "buy tea"


def test_input_reaches_the_program_and_output_comes_back() -> None:
    script = "import sys; print(sys.stdin.read().upper(), end='')"
    assert run([sys.executable, "-c", script], "shouting", stdin=b"tea") == "TEA"


@pytest.mark.parametrize(
    ("complaints", "why"),
    [
        (" \n\n", "no message"),
        ("a warning\nError: no such network\n", "Error: no such network"),
        ("Ign:1\nE: Failed to fetch X\nE: Some failed\nE: it failed to run\n", "Failed to fetch X"),
    ],
)
def test_the_line_that_says_why_is_found(complaints: str, why: str) -> None:
    assert reason(complaints) == why


def test_a_second_command_waits_and_then_says_busy(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(BusyError), only_one(tmp_path, seconds=0):
        pass
    with only_one(tmp_path, seconds=0):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_program_of_a_killed_command_still_holds_the_lock(tmp_path: Path) -> None:
    with only_one(tmp_path):
        orphan = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=inherited())
    with pytest.raises(BusyError), only_one(tmp_path, seconds=0):
        pass
    orphan.communicate()
    with only_one(tmp_path, seconds=0):
        pass


def test_every_blade_is_tried_and_all_failures_are_named() -> None:
    tried = []

    def work(blade: str) -> str:
        tried.append(blade)
        if blade != "BLD-002":
            raise ProvisionError(f"no {blade}", "look")
        return blade.lower()

    with pytest.raises(ProvisionError) as caught:
        for_each(work, ["BLD-001", "BLD-002", "BLD-003"])
    assert sorted(tried) == ["BLD-001", "BLD-002", "BLD-003"]
    assert caught.value.message == "2 of 3 blades failed (BLD-001, BLD-003): no BLD-001"
    assert for_each(work, ["BLD-002"]) == {"BLD-002": "bld-002"}


def test_a_container_is_read_from_what_podman_says() -> None:
    found = _container(
        {
            "Name": "provision-lab-test-bld-001",
            "State": {"Status": "exited"},
            "Config": {
                "Labels": {"provision-lab.blade": "BLD-001", "provision-lab.release": "trixie"},
                "CreateCommand": [
                    *("podman", "create", "--ip", "10.77.0.101"),
                    *("--device=/dev/loop0:/dev/loop0:rwm", "image"),
                ],
            },
            "HostConfig": {"Devices": [{"PathOnHost": "/dev/vcs"}]},
        }
    )
    assert (found.blade, found.release, found.address) == ("BLD-001", "trixie", "10.77.0.101")
    assert found.devices == ("/dev/loop0",)
    assert not found.runs
    assert not found.is_half_made


def test_a_stale_address_comes_with_its_cure() -> None:
    assert "ipam.db" in _cure("IPAM error: requested ip address 10.77.0.101 is already allocated")
    assert _cure("anything else") == ""
