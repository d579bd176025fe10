from __future__ import annotations

from pathlib import Path

from provisioner.lab.down import mounts_below

MOUNTS = """\
proc /proc proc rw 0 0
proc /s/lab/build/x/proc proc ro 0 0
tmpfs /s/lab/build/x tmpfs rw 0 0
tmpfs /s/lab-other tmpfs rw 0 0
tmpfs /s/lab/with\\040space tmpfs rw 0 0
"""


def test_mounts_in_the_labs_folder_are_found_before_anything_is_deleted() -> None:
    assert mounts_below(Path("/s/lab"), MOUNTS) == [
        Path("/s/lab/build/x"),
        Path("/s/lab/build/x/proc"),
        Path("/s/lab/with space"),
    ]
    assert mounts_below(Path("/s/none"), MOUNTS) == []
