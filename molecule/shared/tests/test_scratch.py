"""Scratch as the plan promises it, asked of the kernel and of Slurm."""

from __future__ import annotations

import re
from typing import Any

import pytest
from testinfra.host import Host


@pytest.fixture
def with_scratch(compute: dict[str, Host], inventory: dict[str, Any]) -> dict[str, Host]:
    """The compute nodes that the plan gives scratch disks."""
    variables = inventory["_meta"]["hostvars"]
    found = {name: host for name, host in compute.items() if variables[name]["scratch_disks"]}
    assert found, "the scenario's plan has no scratch at all"
    return found


def test_scratch_is_mounted_by_label(with_scratch: dict[str, Host], members: dict[str, Host]) -> None:
    for name, host in with_scratch.items():
        mount = host.mount_point("/scratch")
        assert mount.exists, name
        assert mount.filesystem == "xfs"
        assert "noatime" in mount.options
        line = host.check_output("awk '$2 == \"/scratch\"' /etc/fstab")
        assert re.match(r"LABEL=\S+\s+/scratch\s+xfs\s+\S*noatime,nofail", line), line


def test_slurm_knows_the_size_of_scratch(
    controller: Host, with_scratch: dict[str, Host], members: dict[str, Host]
) -> None:
    for name, host in with_scratch.items():
        size = int(host.check_output("stat --file-system --format='%b %S' /scratch | awk '{print int($1*$2/2^20)}'"))
        shown = controller.check_output(f"scontrol --oneliner show node {name}")
        promised = int(re.findall(r"TmpDisk=(\d+)", shown)[0])
        assert size * 0.9 < promised <= size


def test_a_job_writes_to_scratch(controller: Host, with_scratch: dict[str, Host], members: dict[str, Host]) -> None:
    for name in with_scratch:
        script = "f=$(mktemp /scratch/job.XXXXXX) && echo written > $f && cat $f && rm $f"
        answer = controller.run(f"srun --nodelist={name} --ntasks=1 --tmp=100G sh -c '{script}'")
        assert answer.stdout.strip() == "written", f"{name}: {answer.stderr}"


def test_users_may_write_to_scratch(with_scratch: dict[str, Host], members: dict[str, Host]) -> None:
    for name, host in with_scratch.items():
        answer = host.run(
            "setpriv --reuid=1000 --regid=1000 --clear-groups touch /scratch/by-user && rm /scratch/by-user"
        )
        assert answer.rc == 0, f"{name}: {answer.stderr}"
