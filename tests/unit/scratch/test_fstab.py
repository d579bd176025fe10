"""Our fstab lines come and are replaced; every other byte stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.module_utils.blade_disks.fstab import line, with_slots
from playbooks.module_utils.blade_disks.model import Disk, Refusal, Slot

DISK = Disk("/dev/sdb", "8:16", 1)
ONE = Slot("PROV-SCR-1", "/scratch", DISK, format=False)
TWO = Slot("PROV-SCR-2", "/scratch2", DISK, format=False)
LINE = "LABEL=PROV-SCR-1 /scratch xfs noatime,nofail,x-systemd.device-timeout=60s,x-systemd.before=slurmd.service 0 0\n"


def test_the_line() -> None:
    assert line(ONE) + "\n" == LINE


@pytest.mark.parametrize("text", ["", "\n", "# head\nUUID=1 / ext4 defaults 0 1\n", "\t \n\r\nproc /proc proc\n"])
def test_a_missing_line_is_appended(text: str) -> None:
    assert with_slots(text, [ONE]) == text + LINE


def test_a_last_line_without_newline_is_ended_first() -> None:
    assert with_slots("UUID=1 / ext4", [ONE]) == "UUID=1 / ext4\n" + LINE


@pytest.mark.parametrize(
    "old",
    ["LABEL=PROV-SCR-1 /old xfs defaults 0 2\n", 'LABEL="PROV-SCR-1"\t/scratch xfs noatime 0 0\n'],
)
def test_a_wrong_line_of_ours_is_replaced_in_its_place(old: str) -> None:
    assert with_slots(f"a /a b\n{old}c /c d\n", [ONE]) == f"a /a b\n{LINE}c /c d\n"


def test_a_line_of_ours_is_kept_once() -> None:
    assert with_slots(LINE + "x /x y\n" + LINE, [ONE]) == LINE + "x /x y\n"


def test_comments_are_no_lines() -> None:
    text = "#LABEL=PROV-SCR-1 /scratch xfs noatime 0 0\n"
    assert with_slots(text, [ONE]) == text + LINE


@pytest.mark.parametrize("mount_point", ["/scratch", "/scratch/"])
def test_somebody_elses_scratch_is_refused(mount_point: str) -> None:
    with pytest.raises(Refusal, match="already mounts something else at /scratch"):
        with_slots(f"nas:/scratch {mount_point} nfs defaults 0 0\n", [ONE])


@given(st.lists(st.text(alphabet='ab/#=" \t\x0b\x85é', max_size=20)), st.booleans())
def test_everything_else_stays_and_a_second_pass_changes_nothing(lines: list[str], ended: bool) -> None:
    text = "\n".join(lines) + ("\n" if ended else "")
    once = with_slots(text, [ONE, TWO])
    assert once.startswith(text)
    assert with_slots(once, [ONE, TWO]) == once
