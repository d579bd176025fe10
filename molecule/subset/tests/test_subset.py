"""A node that came later changed nothing for those that were there."""

from __future__ import annotations

import json
import re

from testinfra.host import Host

from tests.cluster.waiting import until

NODES = ["bld-002", "bld-003", "bld-004"]


def test_the_job_ran_through_the_addition(controller: Host, members: dict[str, Host]) -> None:
    job = controller.check_output("squeue --noheader --name=survivor --format=%A")
    shown = controller.check_output(f"scontrol show job {job}")
    assert "JobState=RUNNING" in shown
    assert "Restarts=0" in shown
    members["bld-002"].check_output("touch /run/survivor.finish")
    done = until(lambda: "JobState=COMPLETED" in controller.check_output(f"scontrol show job {job}"), 30)
    assert done, controller.check_output(f"scontrol show job {job}")
    assert members["bld-002"].file("/run/survivor.out").content_string == "started\nfinished\n"


def test_all_three_are_defined(controller: Host, members: dict[str, Host]) -> None:
    shown = controller.check_output("scontrol --oneliner show nodes").splitlines()
    assert [re.findall(r"NodeName=(\S+)", line)[0] for line in shown] == NODES


def test_the_registry_remembers_each_node(controller: Host, members: dict[str, Host]) -> None:
    registry = json.loads(controller.file("/etc/slurm/nodes.json").content_string)
    assert sorted(registry["nodes"]) == NODES


def test_every_node_holds_the_same_configuration(
    compute: dict[str, Host], controller: Host, members: dict[str, Host]
) -> None:
    served = controller.file("/etc/slurm/slurm.conf").sha256sum
    fetched = {name: host.file("/run/slurm/conf/slurm.conf").sha256sum for name, host in compute.items()}
    assert fetched == dict.fromkeys(compute, served)


def test_all_three_are_idle_in_the_end(controller: Host, members: dict[str, Host]) -> None:
    listed = "sinfo --noheader --Node --partition=all --format='%N %T'"
    until(lambda: controller.check_output(listed).count(" idle") == len(NODES), 30)
    assert controller.check_output(listed).splitlines() == [f"{name} idle" for name in NODES]
