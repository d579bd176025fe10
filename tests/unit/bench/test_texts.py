"""The texts that are measured are those the program writes."""

from __future__ import annotations

import json

import pytest

from bench.texts import TEXTS, main, peak_mib, plan_of, records_of, slurm_conf
from provisioner.inventory import inventory


@pytest.mark.parametrize("nodes", [16, 1000])
def test_every_node_is_in_slurm_conf(nodes: int) -> None:
    plan = plan_of(nodes)
    written = slurm_conf(inventory(plan), records_of(plan)).splitlines()
    assert sum(line.startswith("NodeName=") for line in written) == nodes - 1
    assert [line.split()[0] for line in written if line.startswith("PartitionName=")] == [
        "PartitionName=all",
        "PartitionName=medium",
        "PartitionName=thin",
    ]


def test_a_quarter_of_the_blades_has_scratch() -> None:
    records = records_of(plan_of(16))
    assert sum(record["hardware"]["scratch_mib"] > 0 for record in records.values()) == 4


def test_the_comparison_sees_that_every_node_has_changed() -> None:
    change = TEXTS["slurm.conf, old against new"](plan_of(16))()
    assert len(change.why) == 15


def test_the_registry_takes_what_was_found() -> None:
    nodes = json.loads(TEXTS["registry merge"](plan_of(16))())["nodes"]
    assert {record["seen"]["run"] for record in nodes.values()} == {"2"}


def test_a_measuring_process_answers_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    main("inventory", "16", "3")
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["seconds"]) == 3
    # The kernel counts pages by CPU: two answers may differ by a few of them, either way.
    assert answer["peak_mib"] == pytest.approx(peak_mib(), rel=0.05)
