"""The decision alone, over disks as they may be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.module_utils.blade_disks.decide import decide, in_class
from playbooks.module_utils.blade_disks.model import GB, Decision, Disk, Refusal, Wanted, slot_number

SDA = Disk("/dev/sda", "8:0", 300 * GB, links=("/dev/disk/by-id/wwn-a",), identities=("wwn-a",))
SDB = Disk("/dev/sdb", "8:16", 299_966_445_568, links=("/dev/disk/by-id/wwn-b",), identities=("wwn-b",))
SDC = Disk("/dev/sdc", "8:32", 300 * GB, links=("/dev/disk/by-id/wwn-c",), identities=("wwn-c",))
SMALL = Disk("/dev/sdd", "8:48", 146 * GB, links=("/dev/disk/by-id/wwn-d",), identities=("wwn-d",))
ALL = (SDA, SDB, SDC, SMALL)
NUMBERS = {disk.links[0]: disk.number for disk in ALL}
FIRST, SECOND = Wanted(300), Wanted(300)
UNFINISHED: dict[str, Any] = {
    "signatures": ("xfs",), "fstype": "xfs", "label": "PROV-SCR-1", "half_made": True, "stamped": True,
}  # fmt: skip


def boot(disk: Disk) -> Disk:
    """The disk with a partitioned system on it."""
    return replace(disk, table="gpt", partitions=("1: Linux",), mounts=("/", "/boot/efi"))


def ours(disk: Disk, number: int) -> Disk:
    """The disk as a run left it."""
    return replace(disk, signatures=("xfs",), fstype="xfs", label=f"PROV-SCR-{number}", stamped=True)


def ext4(disk: Disk) -> Disk:
    """The disk with somebody's data on it."""
    return replace(disk, signatures=("ext4",), fstype="ext4", label="data")


def choose(*disks: Disk, wanted: list[Wanted], announced: bool = True) -> Decision:
    """The decision for these disks."""
    return decide(disks, wanted, NUMBERS, "/scratch", announced)


def plain(decision: Decision) -> list[tuple[str, str, str, bool]]:
    """What matters of the slots."""
    return [(slot.label, slot.mount_point, slot.disk.path, slot.format) for slot in decision.slots]


def test_free_disks_of_the_class_fill_the_slots_in_order() -> None:
    assert plain(choose(SDA, SDB, SMALL, wanted=[FIRST, SECOND])) == [
        ("PROV-SCR-1", "/scratch", "/dev/sda", True),
        ("PROV-SCR-2", "/scratch2", "/dev/sdb", True),
    ]


def test_the_boot_disk_of_the_same_class_is_passed_over_when_the_count_fits() -> None:
    assert plain(choose(boot(SDA), SDB, wanted=[FIRST])) == [("PROV-SCR-1", "/scratch", "/dev/sdb", True)]


def test_the_boot_disk_is_never_counted_and_the_plan_line_is_offered() -> None:
    with pytest.raises(Refusal, match="the boot disk") as refused:
        choose(boot(SDA), SDB, wanted=[FIRST, SECOND])
    assert "{size_gb: 300, purpose: boot}" in refused.value.next_step


@pytest.mark.parametrize("mount", ["/", "/boot", "/boot/efi", "/usr", "/var"])
def test_a_named_boot_disk_is_refused(mount: str) -> None:
    disk = replace(SDA, mounts=(mount,), holders=("dm-0 (vg-root)",))
    with pytest.raises(Refusal, match="the boot disk") as refused:
        choose(disk, wanted=[Wanted(300, "/dev/disk/by-id/wwn-a")])
    assert "wipefs" not in refused.value.next_step


def test_raid_1_shows_one_disk_and_no_scratch() -> None:
    with pytest.raises(Refusal, match=r"wants 1 x 300 GB scratch, found: .*the boot disk"):
        choose(boot(SDA), wanted=[FIRST])
    with pytest.raises(Refusal, match="no disk at all"):
        choose(wanted=[FIRST])


def test_more_free_disks_than_wanted_are_not_guessed_at() -> None:
    with pytest.raises(Refusal, match="more could be meant") as refused:
        choose(SDA, SDB, wanted=[FIRST])
    assert "by id" in refused.value.next_step


def test_an_id_settles_it() -> None:
    decision = choose(SDA, SDB, SDC, wanted=[Wanted(300, "/dev/disk/by-id/wwn-c")])
    assert plain(decision) == [("PROV-SCR-1", "/scratch", "/dev/sdc", True)]


def test_ids_and_classes_together() -> None:
    decision = choose(SDA, SDB, wanted=[FIRST, Wanted(300, "/dev/disk/by-id/wwn-a")])
    assert {slot.disk.path for slot in decision.slots} == {"/dev/sda", "/dev/sdb"}


def test_all_named_problems_are_told_at_once() -> None:
    wanted = [Wanted(300, "/dev/disk/by-id/wwn-d"), Wanted(300, "/dev/disk/by-id/gone"), FIRST]
    with pytest.raises(Refusal) as refused:
        choose(SDA, SMALL, wanted=wanted)
    assert "has 146 GB, the plan says 300 GB" in refused.value.message
    assert "gone does not exist" in refused.value.message


def test_a_partition_is_no_disk() -> None:
    with pytest.raises(Refusal, match="is not a whole disk"):
        decide((SDA,), [Wanted(300, "/dev/sda1")], {"/dev/sda1": "8:1"}, "/scratch")


def test_a_disk_named_twice_is_refused() -> None:
    with pytest.raises(Refusal, match="twice"):
        choose(SDA, wanted=[Wanted(300, "/dev/disk/by-id/wwn-a")] * 2)


def test_our_disks_keep_their_slot_and_further_free_disks_stay_untouched() -> None:
    decision = choose(ours(SDA, 2), ours(SDB, 1), SDC, wanted=[FIRST, SECOND])
    assert plain(decision) == [
        ("PROV-SCR-1", "/scratch", "/dev/sdb", False),
        ("PROV-SCR-2", "/scratch2", "/dev/sda", False),
    ]


def test_a_new_disk_gets_the_slot_that_is_left() -> None:
    decision = choose(SDA, ours(SDB, 1), wanted=[FIRST, SECOND])
    assert plain(decision)[1] == ("PROV-SCR-2", "/scratch2", "/dev/sda", True)


def test_a_slot_the_plan_dropped_is_left_alone_and_told() -> None:
    decision = choose(ours(SDA, 1), ours(SDB, 2), wanted=[FIRST])
    assert [slot.label for slot in decision.slots] == ["PROV-SCR-1"]
    assert "PROV-SCR-2, which the plan no longer wants" in decision.warnings[0]


def test_a_named_disk_with_a_slot_the_plan_has_not_is_refused() -> None:
    with pytest.raises(Refusal, match="has only 1 scratch disk"):
        choose(ours(SDA, 2), wanted=[Wanted(300, "/dev/disk/by-id/wwn-a")])


def test_our_label_outside_the_plan_is_refused() -> None:
    with pytest.raises(Refusal, match="outside the plan carries the label"):
        choose(SDA, ours(SMALL, 1), wanted=[FIRST])


def test_our_label_on_a_partition_is_refused() -> None:
    disk = replace(boot(SDA), partition_labels=("PROV-SCR-1",))
    with pytest.raises(Refusal, match="only whole disks may"):
        choose(disk, SDB, wanted=[FIRST])


@pytest.mark.parametrize(
    "change",
    [
        {"holders": ("md0",)},
        {"swap": ("/dev/sda",)},
        {"busy": True},
        {"removable": True},
        {"read_only": True},
        {"error": "Input/output error"},
        {"content_at": 0},
        {"table": "gpt"},
        {"mounts": ("/srv",)},
        {"signatures": ("zfs_member",)},
        {"begun": "u", "signatures": ("ext4",), "fstype": "ext4", "uuid": "u"},
        {"begun": "u", "table": "gpt"},
        {"begun": "u", "content_at": 4096},
        {"begun": "u", **UNFINISHED, "uuid": "another"},
        {"begun": "u", **UNFINISHED, "uuid": "u", "stamped": False},
        {"begun": "u", **UNFINISHED, "uuid": "u", "label": ""},
        UNFINISHED,
        {"signatures": ("xfs",), "fstype": "xfs", "label": "PROV-SCR-1", "stamped": True, "twins": ("/dev/sdz",)},
        {"deeper": ("ext4 at byte 1048576",)},
        {"uses": ("process 1 has it open for writing",)},
        {"twins": ("/dev/sdz",)},
        {"signatures": ("xfs",), "fstype": "xfs", "label": "PROV-SCR-01"},
        {"signatures": ("xfs", "linux_raid_member"), "label": "PROV-SCR-1", "stamped": True},
    ],
)
def test_each_single_finding_refuses_the_disk(change: dict[str, Any]) -> None:
    disk = replace(SDA, **change)
    with pytest.raises(Refusal):
        choose(disk, wanted=[FIRST])
    with pytest.raises(Refusal):
        choose(disk, wanted=[Wanted(300, "/dev/disk/by-id/wwn-a")])


@pytest.mark.parametrize(("size", "fits"), [(285, True), (284.9, False), (315, True), (315.1, False)])
def test_the_size_class_is_five_per_cent_wide(size: float, fits: bool) -> None:
    assert in_class(replace(SDA, size_bytes=int(size * GB)), 300) is fits


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("PROV-SCR-1", 1),
        ("PROV-SCR-12", 12),
        ("PROV-SCR-0", 0),
        ("PROV-SCR-01", 0),
        ("PROV-SCR-", 0),
        ("PROV-SCR-²", 0),
        ("prov-scr-1", 0),
        ("XPROV-SCR-1", 0),
        ("", 0),
    ],
)
def test_only_our_exact_labels_count(label: str, number: int) -> None:
    assert slot_number(label) == number


Kind = Callable[[Disk], Disk]
disk_kinds = st.sampled_from([lambda disk: disk, boot, ext4, lambda d: ours(d, 1), lambda d: ours(d, 2)])


@given(
    kinds=st.tuples(disk_kinds, disk_kinds, disk_kinds, disk_kinds),
    ids=st.lists(st.sampled_from([None, *NUMBERS]), min_size=1, max_size=4),
)
def test_only_free_disks_are_ever_formatted(kinds: tuple[Callable[[Disk], Disk], ...], ids: list[str | None]) -> None:
    """Whatever is found and wanted: a decision formats free disks only, each slot and disk once."""
    disks = [kind(disk) for kind, disk in zip(kinds, ALL, strict=True)]
    try:
        decision = decide(disks, [Wanted(300, name) for name in ids], NUMBERS, "/scratch", announced=True)
    except Refusal:
        return
    assert len(decision.slots) == len(ids)
    assert len({slot.disk.path for slot in decision.slots}) == len(ids)
    assert [slot_number(slot.label) for slot in decision.slots] == list(range(1, len(ids) + 1))
    for slot in decision.slots:
        assert slot.disk in ALL if slot.format else slot.disk.label == slot.label
        assert slot.disk.path != "/dev/sdd"
