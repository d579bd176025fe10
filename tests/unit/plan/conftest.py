from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-006, link_gbit: 10}
tiers:
  fat: {slurm: [controller, compute]}
  medium: {slurm: [compute]}
  empty: {slurm: [compute]}
  "off": {slurm: []}
blades:
  BLD-011: {bay: 11, address: 10.20.0.111, tier: medium, ram: 16}
  BLD-006: {bay: 6, address: 10.20.0.106, tier: fat, ram: 16}
  BLD-008: {bay: 8, address: 10.20.0.108, tier: medium, ram: 16}
  BLD-010: {bay: 10, address: 10.20.0.110, tier: fat, ram: 16}
  BLD-016: {bay: 16, address: 10.20.0.116, tier: "off", ram: 16}
"""


@pytest.fixture(scope="session")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small valid plan, its blades not in the order of their bays."""
    path = tmp_path_factory.mktemp("site") / "plan.yml"
    path.write_text(PLAN)
    return path


@pytest.fixture(scope="session")
def small_plan(plan_file: Path) -> Plan:
    return load_plan(plan_file)
