"""What a run is made of fits together."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.plan.problems import PlanError
from provisioner.settings.site import load_site

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-001}
enclosure: {bays: 4}
tiers:
  fat: {slurm: [controller]}
  thin: {slurm: [compute]}
partitions:
  day: {tiers: thin, default: true, allow_accounts: [physics, root], allow_qos: [normal, high]}
  night: {tiers: thin, deny_accounts: physcs, qos: hihg}
blades:
  BLD-001: {bay: 1, address: 10.20.0.1, tier: fat, ram: 8, disks: []}
  BLD-002: {bay: 2, address: 10.20.0.2, tier: thin, ram: 8, disks: []}
"""
ACCOUNTS = "qos: {high: {}}\naccounts: {physics: {}}\n"


def test_partitions_name_what_the_accounts_file_declares(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yml"
    plan.write_text(PLAN)
    load_site(plan)
    (tmp_path / "accounts.yml").write_text(ACCOUNTS)
    with pytest.raises(PlanError) as raised:
        load_site(plan)
    assert [each.removeprefix(f"{plan}:") for each in raised.value.lines] == [
        "8:39: partitions.night.deny_accounts[0] names the account physcs, which accounts.yml does not declare; "
        "did you mean physics?",
        "8:52: partitions.night.qos names the QOS hihg, which accounts.yml does not declare; did you mean high?",
    ]
    plan.write_text(PLAN.replace("physcs", "physics").replace("hihg", "high"))
    load_site(plan)
