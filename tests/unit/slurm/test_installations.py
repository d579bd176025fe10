from __future__ import annotations

import json
from typing import Any

import pytest

from provisioner.slurm.installation import MARK, Standing, mark_text
from provisioner.slurm.installations import judged
from tests.unit.slurm.node_makers import record


def host(
    name: str, machine_id: str, serial: str = "", marked: bool = True, cluster: str = "asgard", **more: Any
) -> Any:
    """The variables of a node that was looked at."""
    blade: dict[str, Any] = {
        "machine_id": machine_id,
        "parts": {"serial": serial, "links": {}, "disks": {}, "warnings": []},
        "paths": {},
        "secrets": {},
    }
    if marked:
        blade["paths"][MARK] = {"kind": "file", "content": mark_text(blade, cluster, name)}
    return {
        "inventory_hostname": name,
        "blade_id": name.upper(),
        "base_cluster": "asgard",
        "ansible_facts": {"blade": blade},
        "state_pending": [],
        **more,
    }


def controller(**records: Any) -> Any:
    """The controller with a registry."""
    nodes = {name.replace("_", "-"): each for name, each in records.items()}
    made = host("bld-006", "c" * 32)
    made["ansible_facts"]["blade"]["paths"]["/etc/slurm/nodes.json"] = {"content": json.dumps({"nodes": nodes})}
    return made


def serial(number: str) -> dict[str, Any]:
    return {"serial": number, "links": {}, "disks": {}}


def test_the_second_blade_of_one_image_is_refused_and_the_first_is_named() -> None:
    first, second, other = (
        host(f"bld-{n}", m * 32, marked=False) for n, m in (("008", "a"), ("011", "a"), ("012", "b"))
    )
    head = controller()
    found = judged([head, first, second, other], head)
    assert not found["bld-008"].refused
    assert not found["bld-012"].refused
    (words,) = found["bld-011"].refused
    assert "the machine-id of BLD-008" in words
    assert "; next: run `rm -f /etc/machine-id /var/lib/dbus/machine-id; systemd-machine-id-setup`" in words


def test_who_is_on_record_had_it_first() -> None:
    head = controller(bld_011=record(machine_id="a" * 32))
    found = judged([head, host("bld-008", "a" * 32), host("bld-011", "a" * 32)], head)
    assert [name for name, each in found.items() if each.refused] == ["bld-008"]
    # Also where that one takes no part in the run.
    assert judged([head, host("bld-008", "a" * 32)], head)["bld-008"].refused


def test_a_member_that_was_imaged_anew_has_it_no_more() -> None:
    head = controller(bld_011=record(machine_id="a" * 32))
    found = judged([head, host("bld-008", "a" * 32), host("bld-011", "b" * 32, marked=False)], head)
    assert not any(each.refused for each in found.values())
    assert found["bld-011"].verdict.standing is Standing.FRESH


def test_members_with_one_machine_id_stay_and_are_told() -> None:
    same = record(machine_id="a" * 32)
    head = controller(bld_008=same, bld_011=same)
    found = judged([head, host("bld-008", "a" * 32), host("bld-011", "a" * 32)], head)
    assert not any(each.refused for each in found.values())
    assert [name for name, each in found.items() if each.noted] == ["bld-011"]
    assert found["bld-011"].verdict.standing is Standing.DUPLICATE


def test_a_blade_of_another_cluster_is_refused_unless_the_cluster_is_begun_anew() -> None:
    head = controller()
    found = judged([head, host("bld-008", "a" * 32, cluster="midgard")], head)["bld-008"]
    assert found.verdict.standing is Standing.FOREIGN
    assert "it belongs to the cluster midgard" in found.refused[0]
    assert "next: `provision release BLD-008`" in found.refused[0]
    anew = host("bld-008", "a" * 32, cluster="midgard", provision_new_cluster=True)
    assert not judged([head, anew], head)["bld-008"].refused


@pytest.mark.parametrize("on_record", [{}, {"bld_008": record(parts=serial("CZ1"))}])
def test_the_board_of_another_blade_is_refused(on_record: dict[str, Any]) -> None:
    head = controller(bld_009=record(parts=serial("CZ2"), machine_id="d" * 32), **on_record)
    (words,) = judged([head, host("bld-008", "a" * 32, "CZ2", marked=False)], head)["bld-008"].refused
    assert "its board is the one of bld-009 by its serial number CZ2" in words
    accepted = host("bld-008", "a" * 32, "CZ2", slurmctld_accept_hardware=["bld-008"])
    assert not judged([head, accepted], head)["bld-008"].refused


def test_a_fresh_installation_on_a_board_that_nobody_named_is_refused() -> None:
    head = controller(bld_008=record(parts=serial("CZ1"), machine_id="d" * 32))
    found = judged([head, host("bld-008", "a" * 32, "CZ3", marked=False)], head)["bld-008"]
    assert found.verdict.standing is Standing.OTHER_HARDWARE
    assert "another board: serial number CZ1 -> CZ3" in found.refused[0]
    assert "accept it with `provision replace BLD-008`" in found.refused[0]
    accepted = host("bld-008", "a" * 32, "CZ3", slurmctld_accept_hardware=["bld-008"])
    assert not judged([head, accepted], head)["bld-008"].refused


def test_a_member_on_another_board_is_for_the_controller_to_drain() -> None:
    head = controller(bld_008=record(parts=serial("CZ1"), machine_id="a" * 32))
    member = host("bld-008", "a" * 32, "CZ3")
    member["ansible_facts"]["blade"]["paths"]["/etc/default/slurmd"] = {"content": "# Written by provision\n"}
    found = judged([head, member], head)["bld-008"]
    assert found.verdict.standing is Standing.OTHER_HARDWARE
    assert not found.refused


def test_its_own_board_and_one_without_a_number_are_no_others() -> None:
    head = controller(bld_008=record(parts=serial("CZ1")), bld_009=record(parts=serial(""), machine_id="d" * 32))
    assert not judged([head, host("bld-008", "a" * 32, "CZ1")], head)["bld-008"].refused
    assert not judged([head, host("bld-010", "e" * 32, "")], head)["bld-010"].refused


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nodes": 7}', '{"nodes": {"bld-008": 7}}', '{"nodes": null}'])
def test_a_damaged_registry_is_for_others_to_tell(text: str) -> None:
    head = controller()
    head["ansible_facts"]["blade"]["paths"]["/etc/slurm/nodes.json"] = {"content": text}
    assert not judged([head, host("bld-008", "a" * 32)], head)["bld-008"].refused
    assert not judged([host("bld-008", "a" * 32)], {})["bld-008"].refused
