"""Whatever machines answer, the plan that is made of them passes its own check."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.blade_shape import MACHINE
from provisioner.errors import UsageError
from provisioner.plan.derive import scratch_disks
from provisioner.plan.load import parse_plan
from provisioner.plan.model import Plan
from provisioner.survey.machine import UNKNOWN, parse_machine
from provisioner.survey.proposal import propose
from provisioner.survey.reach import Reach
from provisioner.survey.sorting import LeftOut, Seen, sort_out
from provisioner.survey.targets import Target
from provisioner.survey.text import plan_text
from tests.unit.survey.machines import FACTS, free_disk, seen

FILE = Path("plan.yml")


def text_of(machines: list[Seen], left_out: list[LeftOut] | None = None, **more: Any) -> str:
    return plan_text(propose("lab", machines, **more), left_out or [])


def plan_of(machines: list[Seen], **more: Any) -> Plan:
    return parse_plan(text_of(machines, **more), FILE)


def test_three_machines() -> None:
    text = text_of([seen(1, "alpha"), seen(2), seen(3)], [LeftOut("delta", "it does not answer", "is it on?")])
    assert text.splitlines()[0] == "#!/usr/bin/env -S provision inventory --plan"
    plan = parse_plan(text, FILE)
    assert (plan.cluster.name, plan.cluster.controller, str(plan.cluster.network)) == ("lab", "alpha", "10.0.0.0/16")
    assert plan.cluster.link_gbit == 10
    assert plan.ssh.user == "admin"
    assert list(plan.blades) == ["alpha", "node002", "node003"]
    blade = plan.blades["node002"]
    assert (str(blade.address), blade.tier, blade.ram, blade.bay) == ("10.0.0.12", "compute", 64, None)
    assert (blade.mac, blade.serial, blade.cpu) == (
        "52:54:00:12:00:02",
        "CZ3340X002",
        "AMD EPYC 7302 16-Core Processor",
    )
    assert [(disk.id, disk.purpose) for disk in blade.disks] == [("/dev/disk/by-id/wwn-0x5000c500a1b20002", "boot")]
    for words in (
        "it calls itself node001; a run renames it",
        "2 machines: 32 CPUs, 64 GiB, AMD EPYC 7302 16-Core Processor",
        "the first machine that was named; --controller NAME takes another one",
        "# delta: it does not answer; is it on?",
    ):
        assert words in text


def test_a_controller_is_one_without_gpus_unless_a_person_names_it() -> None:
    machines = [seen(1, "gpu1", gpus=["10de:20b0"]), seen(2, "head"), seen(3, "gpu2", gpus=["10de:20b0"])]
    assert plan_of(machines).cluster.controller == "head"
    assert "first machine without GPUs" in text_of(machines)
    assert plan_of(machines, controller="GPU1").cluster.controller == "gpu1"
    with pytest.raises(UsageError, match="none of the machines"):
        propose("lab", machines, "gpu9")


def test_a_free_disk_is_scratch_only_after_a_person_took_a_mark_away() -> None:
    machines = [seen(n, disks=[*FACTS["disks"], free_disk(n)]) for n in (1, 2, 3)]
    text = text_of(machines)
    plan = parse_plan(text, FILE)
    assert [scratch_disks(plan, blade) for blade in plan.blades.values()] == [[], [], []]
    allowed = parse_plan(text.replace("    # scratch: {", "    scratch: {"), FILE)
    named = [[disk.id for disk in scratch_disks(allowed, blade)] for blade in allowed.blades.values()]
    assert named == [[], ["/dev/disk/by-id/wwn-0x5000c500ffff0002"], ["/dev/disk/by-id/wwn-0x5000c500ffff0003"]]


def test_a_disk_id_that_several_machines_have_names_none() -> None:
    """Emulators give all their disks one serial number."""
    machines = [seen(n, disks=[free_disk(7)], serial="SAME-1") for n in (1, 2)]
    text = text_of(machines)
    assert {disk.id for blade in parse_plan(text, FILE).blades.values() for disk in blade.disks} == {None}
    assert "has no id of its own" in text
    assert "serial" not in text


def test_a_disk_that_holds_something_is_never_scratch() -> None:
    held = free_disk(1, verdict="used", evidence=["ext4 labelled {{ x }}\x1b[31m", "swap"], id="")
    text = text_of([seen(1, disks=[held]), seen(2)])
    assert parse_plan(text, FILE).blades["node001"].disks[0].purpose == "spare"
    assert "has no stable id" in text
    assert "\x1b" not in text


def test_another_way_than_that_of_the_others_is_written() -> None:
    machines = [seen(1), seen(2), seen(3, address="10.0.0.13", user="root")]
    far = Seen(
        Reach(Target("gate", "far", key="/keys/far"), "203.0.113.9", "admin", 2222, "me@gate:22"), seen(4).machine
    )
    plan = plan_of([*machines, far])
    assert plan.ssh.user == "admin"
    assert plan.blades["node003"].ssh.model_dump(exclude_none=True) == {"user": "root"}
    way = plan.blades["far"].ssh.model_dump(exclude_none=True, mode="json")
    assert way == {"port": 2222, "key": "/keys/far", "jump": "me@gate:22", "address": "203.0.113.9"}
    assert str(plan.blades["far"].address) == "10.0.0.14"


def test_one_machine_alone_is_told() -> None:
    proposal = propose("lab", [seen(1)])
    assert "there is no machine that computes" in proposal.notes[0]
    parse_plan(plan_text(proposal, []), FILE)


def test_machines_that_were_not_asked_have_names_and_addresses() -> None:
    ways = [Reach(Target(f"n{n}", f"n{n}"), f"10.0.0.{n}", "admin", 22) for n in (1, 2)]
    text = text_of([Seen(way, UNKNOWN) for way in ways])
    assert [str(blade.address) for blade in parse_plan(text, FILE).blades.values()] == ["10.0.0.1", "10.0.0.2"]
    assert "ram: 1  # not looked at: correct it" in text
    assert "/24  # guessed" in text


def test_nobody_writes_a_line_of_the_plan_from_afar() -> None:
    """Names, models and evidence with line ends, quotes and what ends a comment."""
    evil = 'x"\n  evil: {address: 10.0.0.9}\u2028# {{ lookup("pipe", "id") }} ${x} `id`'
    machines = [seen(1), seen(2, disks=[free_disk(1, verdict="used", evidence=[evil], model=evil, path="/dev/sdb")])]
    plan = plan_of(machines, controller="node001")
    assert list(plan.blades) == ["node001", "node002"]
    text = text_of(machines, [LeftOut(evil, evil, evil)])
    assert parse_plan(text, FILE) == plan
    values = yaml.safe_dump(yaml.safe_load(text))
    assert "lookup" not in values
    assert "`id`" not in values


words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)
addresses = st.sampled_from(["10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/32", "192.168.1.7/24", "10.0.3.9/22", "fd00::1/64",
                             "fd00::2/64", "169.254.1.1/16", "10.0.0.255/24", "0.0.0.0/0", "x"])  # fmt: skip
disks = st.builds(
    free_disk,
    st.integers(0, 3),
    st.sampled_from([0, 1, 300, 10_000_000]),
    verdict=st.sampled_from(["boot", "free", "used", "scratch", "odd"]),
    evidence=st.lists(words, max_size=2),
    model=words,
    turns=st.sampled_from([True, False, None]),
    path=st.sampled_from(["/dev/sda", "/dev/nvme0n1"]) | words,
)
machines = st.fixed_dictionaries(
    {
        "host_name": st.sampled_from(["debian", "node1", "NODE1", "all", "7", "", "x" * 70, "a_b"]) | words,
        "machine_id": st.sampled_from(["a" * 32, "b" * 32, "c" * 32]),
        "memory_mib": st.integers(0, 2**40),
        "cpu": st.fixed_dictionaries({"cpus": st.integers(0, 300), "model": st.text(max_size=200) | words}),
        "serial": st.sampled_from(["S-1", "S-2", "123456", "1e5", "0x1F", "None"]) | words,
        "interfaces": st.lists(
            st.fixed_dictionaries(
                {
                    "name": words,
                    "mac": st.sampled_from(["52:54:00:12:34:56", "10:20:30:40:50:59", "", "x"]),
                    "speed": st.integers(0, 2**40),
                    "addresses": st.lists(addresses, max_size=3),
                }
            ),
            max_size=3,
        ),
        "gpus": st.lists(st.sampled_from(["10de:20b0", "1002:740f"]), max_size=64),
        "disks": st.lists(disks, max_size=5),
    }
)
ways = st.builds(
    Reach,
    st.builds(
        Target,
        st.just("host"),
        st.sampled_from(["", "alpha", "ALPHA", "all", "on", "1e3", "0x1f", "12-1"]),
        key=st.sampled_from([None, "/keys/a", "~/b"]),
    ),
    st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3", "192.168.1.7", "fd00::1", "203.0.113.5"]),
    st.sampled_from(["root", "admin", "on"]),
    st.sampled_from([22, 2222]),
    st.sampled_from(["", "admin@gate:22"]),
)


def way_of(reach: Reach) -> tuple[str, int, str]:
    """What no two machines of a survey have in common."""
    return reach.address, reach.port, reach.jump


@settings(max_examples=120)
@given(st.lists(st.tuples(ways, machines), min_size=1, max_size=9, unique_by=lambda row: way_of(row[0])), st.booleans())
def test_whatever_machines_answer_the_plan_passes_its_own_check(rows: list[Any], some_unknown: bool) -> None:
    found = []
    for place, (way, changes) in enumerate(rows):
        told = {**copy.deepcopy(FACTS), **changes}
        if MACHINE(told):
            continue
        known = parse_machine(told)
        assert known is not None
        found.append(Seen(way, UNKNOWN if some_unknown and place % 2 else known))
    kept, out = sort_out([each for each in found if each.machine is not UNKNOWN], None, set(), set())
    kept += [each for each in found if each.machine is UNKNOWN]
    if not kept:
        return
    proposal = propose("lab", kept)
    plan = parse_plan(plan_text(proposal, [*out, *proposal.left_out]), FILE)
    assert len(plan.blades) + len(proposal.left_out) == len(kept)
    assert all(scratch_disks(plan, blade) == [] or "scratch" in {disk.purpose for disk in blade.disks}
               for blade in plan.blades.values())  # fmt: skip
