"""GPUs in the files of Slurm."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.config import cgroup_settings, slurm_config
from provisioner.slurm.gpus import gpu_notes, gres_conf, hand_out_again
from provisioner.slurm.partitions import partition_lines
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
OLD, NEW = "22.05.8-4+deb12u3", "24.11.5-4"
A100 = {"type": "a100", "vendor": "nvidia", "files": ["/dev/nvidia0", "/dev/nvidia1"]}
MI210 = {"type": "mi210", "vendor": "amd", "files": ["/dev/dri/renderD128"]}
NODES = {"bld-002": record(gpus=[A100]), "bld-003": record(), "bld-004": record(gpus=[MI210])}


def settings(nodes: dict[str, Any], site: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    found: dict[str, Any] = slurm_config({**CLUSTER, **cluster}, nodes, [], site)["settings"]
    return found


def lines(nodes: dict[str, Any], site: dict[str, Any]) -> str:
    return "\n".join(slurm_config(CLUSTER, nodes, [], site)["lines"])


def test_gres_conf_names_each_file() -> None:
    assert gres_conf(NODES, {}, OLD).splitlines()[1:] == [
        "AutoDetect=off",
        "NodeName=bld-002 Name=gpu Type=a100 File=/dev/nvidia0,/dev/nvidia1 Flags=nvidia_gpu_env",
        "NodeName=bld-004 Name=gpu Type=mi210 File=/dev/dri/renderD128 Flags=amd_gpu_env",
    ]


def test_a_node_of_two_vendors_has_no_choice_of_variables() -> None:
    assert "Flags" not in gres_conf({"bld-002": record(gpus=[A100, MI210])}, {}, NEW)


def test_slurmd_may_look_for_itself_where_it_knows_how() -> None:
    wanted = "NodeName=bld-002 AutoDetect=nvidia Name=gpu Type=a100 "
    assert wanted in gres_conf(NODES, {}, NEW, "nvidia")
    assert "NodeName=bld-004 Name=gpu" in gres_conf(NODES, {}, NEW, "nvidia")
    assert "nvidia Name" not in gres_conf(NODES, {}, OLD, "nvidia") + gres_conf(NODES, {}, NEW)
    alias = {"bld-002": record(gpus=[{**A100, "alias": True}])}
    assert "nvidia Name" not in gres_conf(alias, {}, NEW, "nvidia"), "it would drain the node"
    [note] = gpu_notes(NODES, {}, OLD, "nvidia")
    assert "before Slurm 24.11" in note
    assert gpu_notes(NODES, {}, NEW, "nvidia") == gpu_notes({}, {}, OLD, "nvidia") == []


def test_a_cluster_without_gpus_has_no_more_than_their_kind() -> None:
    nodes = {"bld-003": record()}
    assert gres_conf(nodes, {}, OLD) == ""
    assert "Gres" not in lines(nodes, {})
    assert cgroup_settings({}, nodes)["ConstrainDevices"] == "no"


def test_slurm_conf_knows_types_and_counts() -> None:
    said = lines(NODES, {})
    assert said.count("Gres=gpu:a100:2") == said.count("Gres=gpu:mi210:1") == 1
    assert said.count("Gres=") == 2


@pytest.mark.parametrize("nodes", [NODES, {}], ids=["with", "without"])
def test_the_first_gpu_changes_no_key(nodes: dict[str, Any]) -> None:
    assert settings(nodes, {})["GresTypes"] == "gpu"
    assert "AccountingStorageTRES" not in settings(nodes, {}, counts_gpus=True), "there is no database to count them"
    assert "AccountingStorageTRES" not in settings(nodes, {}, accounting="10.20.0.106")
    assert settings(nodes, {}, accounting="10.20.0.106", counts_gpus=True)["AccountingStorageTRES"] == "gres/gpu"


def test_the_sites_own_kinds_stand_beside_ours() -> None:
    site = {"grestypes": "mps,gpu", "AccountingStorageTRES": "license/x"}
    found = settings(NODES, site, accounting="10.20.0.106", counts_gpus=True)
    assert (found["GresTypes"], found["AccountingStorageTRES"]) == ("gpu,mps", "gres/gpu,license/x")


@pytest.mark.parametrize("key", ["GresTypes", "grestypes"])
def test_a_site_may_want_no_gpus_in_slurm(key: str) -> None:
    assert "Gres" not in lines(NODES, {key: None}) + gres_conf(NODES, {key: None}, OLD)
    assert "GresTypes" not in settings(NODES, {key: None})
    assert cgroup_settings({}, NODES, {key: None})["ConstrainDevices"] == "no"


def test_jobs_open_their_own_gpus_only() -> None:
    assert cgroup_settings({}, NODES)["ConstrainDevices"] == "yes"
    assert cgroup_settings({"constraindevices": False}, NODES)["ConstrainDevices"] == "NO"


def test_more_of_them_than_slurm_22_can_close_is_told() -> None:
    few, many = (
        {"bld-002": record(gpus=[{**A100, "files": [f"/dev/nvidia{number}" for number in range(count)]}])}
        for count in (16, 17)
    )
    [note] = gpu_notes(many, {}, OLD)
    assert note.startswith("jobs with GPUs may not start on bld-002, which has more than 16: ")
    assert gpu_notes(few, {}, OLD) == gpu_notes(many, {}, NEW) == []
    # What one node says of itself opens nothing on others.
    assert cgroup_settings({}, many)["ConstrainDevices"] == "yes"


def test_a_partition_has_the_nodes_with_gpus_or_those_without() -> None:
    nodes = {**NODES, "bld-005": record(gpus_missing=2)}
    base = {"nodes": list(nodes), "max_time": "60", "priority_tier": 1, "keys": {}}
    wanted = [{"name": "gpu", "gpus": True, **base}, {"name": "cpu", "gpus": False, **base}, {"name": "any", **base}]
    found = {line["PartitionName"]: line["Nodes"] for line in partition_lines(wanted, nodes)}
    # One whose GPUs are gone is still no place for those who want none.
    assert (found["gpu"], found["cpu"], found["any"]) == ("bld-[002,004-005]", "bld-003", "bld-[002-005]")


def test_slurmctld_is_restarted_to_hand_out_again_what_it_withholds() -> None:
    nothing = {"kind": "nothing", "why": [], "nodes_gone": []}
    assert hand_out_again(nothing, []) == nothing
    assert hand_out_again(nothing, ["bld-002", "bld-003"]) == {
        "kind": "restart",
        "why": ["GPUs of bld-[002-003] were withheld"],
        "nodes_gone": [],
        "rows": [{"what": "GPUs of bld-[002-003] were withheld", "needs": "restart slurmctld", "ends": []}],
    }
    other = {"kind": "restart", "why": ["new nodes: bld-004"]}
    assert hand_out_again(other, ["bld-002"]) == other
