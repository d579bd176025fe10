"""Rows of `provision plan`: racks in their order, machines alike as one row, and nothing lost in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from provisioner.plan.folding import shown_rows
from provisioner.plan.load import load_plan
from provisioner.plan.overview import overview
from tests.unit.plan.test_plan_verb import app

CASES = Path(__file__).parents[2] / "plans"
OTHER = CASES / "other-site" / "plan.yml"
ASGARD = Path(__file__).parents[3] / "inventories" / "asgard" / "plan.yml"


def test_machines_alike_are_one_row_by_their_places() -> None:
    rows = [(row.enclosure, row.bay, row.blade, row.address) for row in shown_rows(overview(load_plan(OTHER)))]
    assert rows == [
        ("rack-a", "1-40", "node[001-040]", "10.20.1.1 to 10.20.1.40"),
        ("rack-a", "41-42", "", ""),
        ("rack-b", "1", "BLD-001", "10.20.3.1"),
        ("rack-b", "2-42", "", ""),
        ("", "", "Head01", "10.20.0.2"),
        ("", "", "gpu-a-[01-04]", "10.20.2.1 to 10.20.2.4"),
    ]


def test_what_differs_has_a_row_of_its_own(tmp_path: Path) -> None:
    """A note, a finding, a gap between bays: one row stands for equal machines only."""
    plan = OTHER.read_text().split("nodes:")[0].replace("Head01", "head01")
    entry = "{address: 10.20.1.%d, enclosure: rack-a, bay: %d, tier: compute, ram: %d, cpu: x}"
    rams = [64, 64, 64, 64, 4, 64, 64, 64, 64]
    bays = [1, 2, 3, 4, 5, 6, 7, 9, 10]
    nodes = [f"  n{i}: {entry % (i, bay, ram)}" for i, (bay, ram) in enumerate(zip(bays, rams, strict=True), 1)]
    (tmp_path / "plan.yml").write_text(
        "\n".join([f"{plan}nodes:", "  head01: {address: 10.20.0.2, tier: head, ram: 64, cpu: x}", *nodes])
    )
    rows = shown_rows(overview(load_plan(tmp_path / "plan.yml")))
    assert [row.blade for row in rows if row.enclosure == "rack-a"] == [
        "n[1-4]", "n5", "n6", "n7", "", "n8", "n9", "",
    ]  # fmt: skip
    assert [row.see for row in rows if row.blade == "n5"] == [(1,)]


def test_a_full_enclosure_of_different_blades_folds_nothing() -> None:
    rows = shown_rows(overview(load_plan(ASGARD)))
    assert [row.bay for row in rows] == [str(bay) for bay in range(1, 17)]


@pytest.mark.parametrize("columns", [80, 120])
def test_racks_fit_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    text = CliRunner().invoke(app, ["plan", "--plan", str(OTHER)], catch_exceptions=False).stdout
    assert "node[001-040]" in text
    assert "switch sw-a, power ups-1" in text


def test_json_has_every_node_and_every_key() -> None:
    said = json.loads(CliRunner().invoke(app, ["plan", "--plan", str(OTHER), "--json"], catch_exceptions=False).stdout)
    nodes = {node["blade"]: node for node in said["blades"]}
    assert len(nodes) == 46
    node = nodes["node017"]
    assert (node["enclosure"], node["bay"], node["address6"]) == ("rack-a", 17, "fd00:20::11")
    assert node["networks"] == {"management": "10.30.1.17"}
    assert node["node_keys"]["Weight"] == 10
    assert nodes["Head01"]["mac"] == "52:54:00:12:34:56"
    assert nodes["gpu-a-01"]["gpus"] == 2
    assert said["enclosures"]["rack-b"]["switch"] == "sw-b"
