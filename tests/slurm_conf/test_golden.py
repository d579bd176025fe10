"""Odd machines: what `slurmd -C` printed on one, where it sits, and the node line it must become.

Each folder here is a machine (`slurmd_c.txt`, `place.yml`, `node_line.txt`) or a whole cluster
(`registry.json`, `cluster.yml`, `slurm.conf`), rendered with the role's own template as Ansible does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from provisioner.slurm.config import slurm_config
from provisioner.slurm.nodes import node_line
from provisioner.slurm.record import node_record, record_doubts
from provisioner.slurm.registry import read_registry, write_registry

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "roles" / "slurmctld" / "templates"
MACHINES = sorted(found.parent.name for found in HERE.glob("*/slurmd_c.txt"))
CLUSTERS = sorted(found.parent.name for found in HERE.glob("*/cluster.yml"))
SEEN = {"run": "20261123T050000Z-17", "at": "2026-11-23T05:00:00+00:00"}


def machine(case: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts and place of a machine, as the playbook has them."""
    place = yaml.safe_load((HERE / case / "place.yml").read_text())
    blade = {
        "slurmd_c": (HERE / case / "slurmd_c.txt").read_text(),
        "cpu": {"cpus": place["kernel"]["cpus"], "model": place["cpu_model"]},
        "memory_mib": place["kernel"]["memory_mib"],
        "machine_id": "a" * 32,
    }
    return blade, place


@pytest.mark.parametrize("case", MACHINES)
def test_a_machine_becomes_this_node_line(case: str) -> None:
    blade, place = machine(case)
    line = node_line(place["name"], node_record(blade, place, SEEN))
    written = " ".join(f"{key}={value}" for key, value in line.items())
    assert written == (HERE / case / "node_line.txt").read_text().rstrip("\n")


@pytest.mark.parametrize("case", MACHINES)
def test_a_promise_is_never_more_than_the_machine_has(case: str) -> None:
    """Slurm drains a node that registers with less than its line says."""
    blade, place = machine(case)
    line = node_line(place["name"], node_record(blade, place, SEEN))
    measured = dict(word.split("=", 1) for word in blade["slurmd_c"].split() if "=" in word)
    for key in ("CPUs", "SocketsPerBoard", "CoresPerSocket", "ThreadsPerCore", "RealMemory"):
        assert int(line[key]) <= int(measured[key])
    assert int(line["MemSpecLimit"]) < int(line["RealMemory"])
    assert int(line.get("TmpDisk", 0)) <= place["scratch_mib"]


@pytest.mark.parametrize("case", MACHINES)
def test_what_a_person_is_told_about_a_machine(case: str) -> None:
    blade, place = machine(case)
    assert record_doubts(blade) == place["doubts"]


def rendered(template: str, **variables: Any) -> str:
    """A template of the role as Ansible renders it: strict, with the line break after a block cut."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**variables)


@pytest.mark.parametrize("case", CLUSTERS)
def test_a_registry_becomes_this_slurm_conf(case: str) -> None:
    given = yaml.safe_load((HERE / case / "cluster.yml").read_text())
    nodes = read_registry((HERE / case / "registry.json").read_text(), given["cluster"]["name"])
    model = slurm_config(given["cluster"], nodes, given["partitions"], given["config"])
    assert rendered("slurm.conf.j2", __slurmctld_model=model) == (HERE / case / "slurm.conf").read_text()


@pytest.mark.parametrize("case", CLUSTERS)
def test_the_registry_is_written_as_it_was_read(case: str) -> None:
    text = (HERE / case / "registry.json").read_text()
    cluster = json.loads(text)["cluster"]
    assert write_registry(read_registry(text, cluster), cluster) == text


def test_cgroup_conf_has_one_setting_per_line() -> None:
    text = rendered("cgroup.conf.j2", __slurmctld_cgroup_model={"ConstrainCores": "yes", "ConstrainSwapSpace": "no"})
    assert text.splitlines()[1:] == ["ConstrainCores=yes", "ConstrainSwapSpace=no"]


def test_there_are_cases() -> None:
    assert len(MACHINES) >= 8
    assert len(CLUSTERS) >= 2
