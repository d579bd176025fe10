"""What a node and its controller say: in the shape that is taken, whatever runs there, and nothing is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provisioner.explain.shape import CLUSTER_EVIDENCE, NODE_EVIDENCE
from tests.unit.library.modules import ansible_module, answer_of, shared

NODE, CLUSTER = ansible_module("node_evidence"), ansible_module("cluster_evidence")
LOGS = shared("node_logs")
OWNER = shared("slurm_drains")


def test_a_machine_without_anything_of_slurm_answers() -> None:
    found = answer_of(NODE, name="bld-002", servers="127.0.0.1:1", asked=0)["ansible_facts"]["node_evidence"]
    assert NODE_EVIDENCE(found) == ""
    assert found["unreached"] == ["controller"]


def test_a_controller_without_munge_blames_munge(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(name: str) -> dict[str, Any]:
        raise AssertionError("slurmctld was asked without munge")

    monkeypatch.setattr(CLUSTER, "own_munge", lambda: (6, "no socket"))
    monkeypatch.setattr(CLUSTER, "asked", never)
    found = answer_of(CLUSTER, name="bld-002")["ansible_facts"]["cluster_evidence"]
    assert CLUSTER_EVIDENCE(found) == ""
    assert (found["up"], found["munge"], found["accepted"]) == (False, 6, None)


def test_a_slurmctld_that_is_away_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> dict[str, Any]:
        raise RuntimeError("first\nUnable to contact slurm controller")

    monkeypatch.setattr(CLUSTER, "show_nodes", away)
    assert CLUSTER.asked("bld-002") == {
        "up": False, "words": "Unable to contact slurm controller", "node": {}, "jobs": [],
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nodes": 7}', '{"nodes": {"bld-002": {}}}'])
def test_a_registry_that_is_none_has_no_record(text: str, tmp_path: Path) -> None:
    (tmp_path / "nodes.json").write_text(text)
    assert CLUSTER.record("bld-002", tmp_path / "nodes.json") == {}
    assert CLUSTER.record("bld-002", tmp_path / "missing") == {}


def test_a_record_is_told_without_the_rest(tmp_path: Path) -> None:
    record = {"address": "10.0.0.2", "machine_id": "a", "hardware": {"cpus": 8}, "seen": {"at": "x"}}
    (tmp_path / "nodes.json").write_text(json.dumps({"nodes": {"bld-002": {**record, "tier": "thin"}}}))
    assert CLUSTER.record("bld-002", tmp_path / "nodes.json") == record


def test_lines_about_a_node_are_not_those_about_another() -> None:
    text = "error: bld-1 x\nerror: bld-10 y\n\nNodes bld-1,bld-2: z\nmunge (bld-1)\n"
    assert LOGS.last(text, "bld-1") == ["error: bld-1 x", "Nodes bld-1,bld-2: z", "munge (bld-1)"]


def test_what_our_own_look_leaves_in_a_log_is_left_out() -> None:
    assert LOGS.last("a\nerror: slurm_receive_msg: Zero Bytes were transmitted or received\nb") == ["a", "b"]


def test_a_log_is_read_in_a_folder_of_root_only_and_never_through_a_link(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(f"line {number}" for number in range(20)))
    assert LOGS.root_log(str(log)) == ([f"line {number}" for number in range(12, 20)] if _is_roots(tmp_path) else [])
    (tmp_path / "link").symlink_to(log)
    assert LOGS.root_log(str(tmp_path / "link")) == []
    assert LOGS.root_log(str(tmp_path / "missing")) == []


def _is_roots(folder: Path) -> bool:
    return folder.stat().st_uid == 0


@pytest.mark.parametrize(
    ("reason", "by", "owner"),
    [
        ("provision: health: ill", "root", "health check"),
        ("provision: job-tmp: no scratch", "root", "job folders"),
        ("provision: drain: fan", "root", "provision drain"),
        ("provision: hardware: RealMemory 8000 -> 4000", "root", "hardware"),
        ("provision: health: ill", "eve", "admin"),
        ("SlurmdSpoolDir is full", "root", "full disk"),
        ("Low TmpDisk", "slurm", "slurm"),
        ("Low TmpDisk", "root", "unclear"),
        ("fan", "root", "admin"),
        ("", "", "admin"),
    ],
)
def test_whose_a_drain_is(reason: str, by: str, owner: str) -> None:
    node = {"states": {"IDLE", "DRAIN"}, "reason": reason, "by": by}
    assert OWNER.owner(node) == owner
    assert OWNER.owner({**node, "states": {"IDLE"}}) == ""
