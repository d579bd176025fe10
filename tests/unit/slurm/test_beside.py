"""The files beside slurm.conf: there where they are needed, without a line where they are not any more."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.slurm.beside import NAMES, beside, beside_files, beside_texts, file_keys
from provisioner.slurm.change import Kind, config_change
from provisioner.slurm.config import slurm_config
from tests.unit.slurm.node_makers import record

CLUSTER = {"name": "demo", "controller": "a", "address": "10.20.0.106", "tmp_fs": "/scratch", "version": "24.11.5"}
GPUS = [{"type": "a100", "vendor": "nvidia", "files": ["/dev/nvidia0"]}]
NODES: dict[str, Any] = {
    name: record(address=f"10.20.0.{number}", job_tmp="scratch", gpus=GPUS)
    for number, name in enumerate(("n1", "n2"), 1)
}
FULL = {**CLUSTER, "mpi": True, "switches": {"n1": "rack-a", "n2": "rack-b"}}


def test_all_of_them_where_all_are_needed() -> None:
    texts = beside(NODES, FULL, {}, {})
    assert sorted(texts) == sorted(NAMES)
    assert all(text.startswith("# Written by provision") and text.endswith("\n") for text in texts.values())
    assert "PMIxCliTmpDirBase=/run" in texts["mpi.conf"].splitlines()
    assert beside_files(texts) == {f"/etc/slurm/{name}": text for name, text in texts.items()}


def test_none_of_them_where_none_is_needed() -> None:
    texts = beside({}, CLUSTER, {}, {})
    assert set(texts.values()) == {""}
    assert beside_files(texts) == {}
    assert beside_files(texts, "/there", True) == {f"/there/{name}": "" for name in NAMES}
    assert file_keys(texts) == ""


@pytest.mark.parametrize("version", ["22.05.8", "24.11.5"])
def test_one_that_is_not_needed_any_more_is_emptied_once(version: str) -> None:
    """Else each run would find the old one, and reconfigure."""
    there = beside(NODES, FULL, {}, {})
    gone = beside({}, CLUSTER, {}, there)
    assert all(text and all(row.startswith("#") for row in text.splitlines()) for text in gone.values())
    assert config_change(["A=1\n" + file_keys(there)], "A=1\n" + file_keys(gone), version).kind == Kind.RECONFIGURE
    assert beside({}, CLUSTER, {}, gone) == gone
    assert config_change(["A=1\n" + file_keys(gone)], "A=1\n" + file_keys(gone), version).kind == Kind.NOTHING


@pytest.mark.parametrize(("mpi", "said"), [(True, "pmix"), (False, "none")])
def test_srun_starts_mpi_programs_where_the_plan_wants_it(mpi: bool, said: str) -> None:
    assert slurm_config({**CLUSTER, "mpi": mpi}, NODES, [], {})["settings"]["MpiDefault"] == said
    assert slurm_config({**CLUSTER, "mpi": mpi}, NODES, [], {"mpidefault": "pmi2"})["settings"]["MpiDefault"] == "pmi2"


def test_what_somebody_else_made_is_left_alone() -> None:
    """An admin's topology, where the site has one of its own, or mpi.conf of a cluster without our MPI."""
    there = dict.fromkeys(NAMES, "# mine\nSwitchName=a Nodes=n1\n")
    assert set(beside({}, CLUSTER, {}, there).values()) == {""}
    assert beside(NODES, FULL, {"TopologyPlugin": "topology/tree"}, there)["topology.conf"] == ""


def test_texts_come_from_what_was_found() -> None:
    found = {f"/etc/slurm/{name}": {"content": "x"} if name == "mpi.conf" else {"content": None} for name in NAMES}
    assert beside_texts(found) == {name: "x" if name == "mpi.conf" else "" for name in NAMES}
