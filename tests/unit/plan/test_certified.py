from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.inventory import inventory
from provisioner.plan.certified import certified, takes_unknown
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.roles import roles_of

PIN = "SHA256:" + "A" * 43
PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-006, domain: example.org}
host_ca: WISH
tiers:
  fat: {slurm: [controller, compute]}
  thin: {slurm: [compute]}
blades:
  BLD-006: {bay: 6, address: 10.20.0.106, tier: fat, ram: 16}
  BLD-008: {bay: 8, address: 10.20.0.108, tier: thin, ram: 16, ssh: {address: 192.0.2.8}}
  BLD-009: {bay: 9, address: 10.20.0.109, tier: thin, ram: 16, host_key: "PIN"}
  BLD-010: {bay: 10, address: 10.20.0.110, tier: thin, ram: 16, ssh: {address: 192.0.2.1, port: 2210}}
  BLD-011: {bay: 11, address: 10.20.0.111, tier: thin, ram: 16, ssh: {address: 192.0.2.1, port: 2211}}
"""


def plan(folder: Path, wish: str = "true") -> Plan:
    (folder / "plan.yml").write_text(PLAN.replace("WISH", wish).replace("PIN", PIN))
    return load_plan(folder / "plan.yml")


def test_a_blade_is_vouched_for_by_its_own_names_alone(tmp_path: Path) -> None:
    assert certified(plan(tmp_path)) == {
        "BLD-006": ["bld-006", "bld-006.example.org", "10.20.0.106"],
        "BLD-008": ["bld-008", "bld-008.example.org", "10.20.0.108", "192.0.2.8"],
    }, "neither for one that the plan pins, nor for two at one address"


def test_without_the_wish_for_nobody(tmp_path: Path) -> None:
    made = plan(tmp_path, "false")
    assert certified(made) == {}
    assert not [name for name in made.blades if "hostcert" in roles_of(made, name)]


def test_a_pinned_blade_has_no_certificate_and_one_at_a_shared_address_no_name(tmp_path: Path) -> None:
    made = plan(tmp_path)
    hosts = inventory(made)["_meta"]["hostvars"]
    assert "hostcert" not in hosts["bld-009"]["node_roles"]
    assert hosts["bld-010"]["hostcert_names"] == []
    assert hosts["bld-008"]["hostcert_names"] == certified(made)["BLD-008"]


@pytest.mark.parametrize(
    ("wish", "announced", "taken"), [("true", False, True), ("required", False, False), ("required", True, True)]
)
def test_a_first_key_is_taken_as_it_is_unless_it_has_to_be_signed(
    tmp_path: Path, wish: str, announced: bool, taken: bool
) -> None:
    made = plan(tmp_path, wish)
    assert takes_unknown(made, announced) is taken
    told = {"BLD-008": "name"} if announced else {}
    listed = inventory(made, known_hosts=tmp_path / "known_hosts", announced=told)
    words = listed["_meta"]["hostvars"]["bld-008"].get(
        "ansible_ssh_common_args", listed["all"]["vars"]["ansible_ssh_common_args"]
    )
    assert ("StrictHostKeyChecking=accept-new" in words) is taken
    pinned = listed["_meta"]["hostvars"]["bld-009"].get(
        "ansible_ssh_common_args", listed["all"]["vars"]["ansible_ssh_common_args"]
    )
    assert "StrictHostKeyChecking=yes" in pinned
