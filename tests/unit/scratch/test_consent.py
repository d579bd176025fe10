"""Who named a disk decides whether it may be formatted; over disks as they may be found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playbooks.module_utils.blade_disks.decide import decide
from playbooks.module_utils.blade_disks.model import Refusal, Wanted
from tests.unit.scratch.test_decide import FIRST, NUMBERS, SDA, SDB, SDC, SECOND, UNFINISHED, choose, ours, plain

NAMED = Wanted(300, "/dev/disk/by-id/wwn-a")
LABELLED = replace(ours(SDA, 1), stamped=False)


def test_without_an_announcement_a_size_class_waits() -> None:
    decision = choose(SDA, SDB, wanted=[FIRST, SECOND], announced=False)
    assert decision.slots == ()
    assert [(one.slot.disk.path, one.slot.mount_point, one.read) for one in decision.waiting] == [
        ("/dev/sda", "/scratch", None),
        ("/dev/sdb", "/scratch2", None),
    ]


def test_an_id_needs_no_announcement_and_speaks_for_itself_only() -> None:
    decision = choose(SDA, SDB, wanted=[NAMED, SECOND], announced=False)
    assert plain(decision) == [("PROV-SCR-1", "/scratch", "/dev/sda", True)]
    assert [one.slot.disk.path for one in decision.waiting] == ["/dev/sdb"]


def test_what_we_made_needs_no_announcement_and_keeps_its_place() -> None:
    decision = choose(SDA, ours(SDB, 2), wanted=[FIRST, SECOND], announced=False)
    assert plain(decision) == [("PROV-SCR-2", "/scratch2", "/dev/sdb", False)]
    assert [one.slot.label for one in decision.waiting] == ["PROV-SCR-1"]


def test_a_name_that_another_disk_may_have_tomorrow_allows_nothing() -> None:
    with pytest.raises(Refusal, match="is no name of one disk") as refused:
        decide([SDA], [Wanted(300, "/dev/sda")], {"/dev/sda": "8:0"}, "/scratch", announced=True)
    assert "/dev/disk/by-id/wwn-a" in refused.value.next_step


def test_a_disk_that_cannot_be_told_from_another_is_not_formatted() -> None:
    with pytest.raises(Refusal, match="neither serial number nor WWN"):
        choose(replace(SDA, links=(), identities=()), wanted=[FIRST])


def test_our_label_alone_is_adopted_by_id_only() -> None:
    assert plain(choose(LABELLED, wanted=[NAMED])) == [("PROV-SCR-1", "/scratch", "/dev/sda", False)]
    with pytest.raises(Refusal, match="not made by us for this disk") as refused:
        choose(LABELLED, wanted=[FIRST])
    assert "provision disks --adopt" in refused.value.next_step
    assert "mkfs" not in refused.value.next_step


@pytest.mark.parametrize("wanted", [NAMED, FIRST], ids=["id", "class"])
@pytest.mark.parametrize("kind", ["empty", "ours"])
def test_two_paths_to_one_disk_are_refused_without_a_command(wanted: Wanted, kind: str) -> None:
    first, second = (ours(disk, 1) if kind == "ours" else disk for disk in (SDA, SDB))
    first, second = replace(first, twins=("/dev/sdb",)), replace(second, twins=("/dev/sda",))
    with pytest.raises(Refusal, match="seen over two paths") as refused:
        choose(first, second, wanted=[wanted])
    assert "(multipath)" in refused.value.next_step
    assert "mkfs" not in refused.value.next_step


def test_paths_to_another_disk_do_not_matter() -> None:
    twins = replace(ours(SDB, 0), twins=("/dev/sdc",)), replace(ours(SDC, 0), twins=("/dev/sdb",))
    assert plain(choose(SDA, *twins, wanted=[NAMED]))[0][2] == "/dev/sda"


def test_what_our_own_mkfs_left_is_free_again() -> None:
    disk = replace(SDA, **UNFINISHED, begun="u", uuid="u")
    assert plain(choose(disk, wanted=[FIRST])) == [("PROV-SCR-1", "/scratch", "/dev/sda", True)]
    assert decide([disk], [FIRST], NUMBERS, "/scratch").slots == (), "the note is no consent"
