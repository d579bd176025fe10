from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-006}
tiers:
  fat: {slurm: [controller, compute]}
  thin: {slurm: [compute]}
blades:
  BLD-006: {bay: 6, address: 10.20.0.106, tier: fat, ram: 16}
  BLD-008: {bay: 8, address: 10.20.0.108, tier: thin, ram: 16}
  BLD-011: {bay: 11, address: 10.20.0.111, tier: thin, ram: 16}
"""


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    path = tmp_path / "site" / "plan.yml"
    path.parent.mkdir()
    path.write_text(PLAN)
    return path


@pytest.fixture
def site(plan_file: Path) -> Plan:
    return load_plan(plan_file)
