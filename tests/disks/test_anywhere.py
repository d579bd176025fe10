"""Whatever is written wherever it usually begins, and any larger piece of data at any byte: refused, byte-identical."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings

from playbooks.module_utils.blade_disks.model import Refusal, Wanted
from tests.disks.anywhere import FORMATS, Piece, Placed, pieces, placed
from tests.disks.blade_lab import Blade, run
from tests.disks.lost_makers import SIZE

NO_FIXTURE_CHECK = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


def refused(blade: Blade, content: Placed | Piece) -> None:
    """Both ways to name the disk end in a refusal, and every byte is as it was; the disk is empty again after it."""
    if "sdb" not in blade.loops:
        blade.add("sdb", SIZE)
    try:
        content.write(blade.loops["sdb"])
        before = blade.digest("sdb")
        for wanted in (Wanted(300), Wanted(300, blade.link("sdb"))):
            with pytest.raises(Refusal):
                blade.converge([wanted])
            assert blade.digest("sdb") == before
    finally:
        if blade.scratch.is_mount():  # it was formatted: say so, and not that the disk is busy now
            run("umount", blade.scratch)
        run("blkdiscard", blade.loops["sdb"])
        blade.machine.journal.unlink(missing_ok=True)


@settings(max_examples=25, suppress_health_check=NO_FIXTURE_CHECK)
@given(content=placed)
def test_a_known_format_where_it_usually_begins(blade: Blade, content: Placed) -> None:
    refused(blade, content)


@settings(max_examples=12, suppress_health_check=NO_FIXTURE_CHECK)
@given(content=pieces)
@example(content=Piece(SIZE - SIZE // 2000, 1))
def test_a_piece_of_data_at_any_byte(blade: Blade, content: Piece) -> None:
    refused(blade, content)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_there(kind: str, blade: Blade) -> None:
    """The generator writes what it says: libblkid or the guard sees it at the start of the disk."""
    refused(blade, Placed(kind, 0))
