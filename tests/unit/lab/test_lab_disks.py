from __future__ import annotations

import json
from pathlib import Path

from provisioner.lab.disks import lab_disks, made_up_link
from provisioner.lab.loops import make_file, parse_attached
from provisioner.plan.model import Plan


def test_every_disk_of_the_plan_is_there_with_the_size_of_its_label(plan: Plan) -> None:
    disks = lab_disks(plan, "BLD-001")
    assert [disk.size for disk in disks] == [300 * 10**9, 300 * 10**9, 120 * 10**9]
    assert len({disk.file for disk in disks}) == 3
    assert lab_disks(plan, "BLD-002") == []


def test_the_plans_id_wins_and_others_get_a_stable_one(plan: Plan) -> None:
    links = [disk.link for disk in lab_disks(plan, "BLD-001")]
    assert links[2] == "/dev/disk/by-id/ata-SSD_1"
    assert links[:2] == [made_up_link("test", "BLD-001", number) for number in (1, 2)]
    assert links[0] != links[1]
    assert made_up_link("test", "bld-001", 1) == links[0]
    assert made_up_link("test", "BLD-002", 1) != links[0]


def test_loops_are_found_by_their_file_also_when_it_is_gone() -> None:
    listed = json.dumps(
        {
            "loopdevices": [
                {"name": "/dev/loop0", "back-file": "/s/lab/disks/bld-001/1-300GB.img"},
                {"name": "/dev/loop1", "back-file": "/s/lab/disks/bld-002/1.img (deleted)"},
                {"name": "/dev/loop2", "back-file": "/s/lab-other/disks/1.img"},
                {"name": "/dev/loop3", "back-file": None},
            ]
        }
    )
    assert parse_attached(listed, Path("/s/lab")) == {
        Path("/s/lab/disks/bld-001/1-300GB.img"): "/dev/loop0",
        Path("/s/lab/disks/bld-002/1.img"): "/dev/loop1",
    }
    assert parse_attached("", Path("/s/lab")) == {}


def test_a_disk_image_is_sparse_and_keeps_its_content(tmp_path: Path) -> None:
    file = tmp_path / "disks" / "1.img"
    make_file(file, 10**9)
    assert (file.stat().st_size, file.stat().st_blocks) == (10**9, 0)
    with file.open("r+b") as handle:
        handle.write(b"kept")
    make_file(file, 10**9)
    with file.open("rb") as handle:
        assert handle.read(4) == b"kept"
