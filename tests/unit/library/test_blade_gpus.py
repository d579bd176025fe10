"""Which GPUs a blade has, from the files that its kernel and its drivers make."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from provisioner.blade_shape import GPUS as SHAPE
from tests.unit.library.modules import ansible_module, shared

ansible_module("blade_facts")
GPUS = shared("blade_gpus")
NVIDIA, AMD, BMC = ("0x030200", "0x10de", "0x20b0"), ("0x120000", "0x1002", "0x740f"), ("0x030000", "0x1a03", "0x2000")
BOARD = {"mem_info_vram_total": "68702699520"}


class Tree:
    """A root folder of a blade with the GPUs that a test puts in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def slot(self, name: str, words: tuple[str, str, str], driver: str = "", **files: str) -> Path:
        """A device of the bus."""
        place = self.root / "sys/bus/pci/devices" / name
        place.mkdir(parents=True)
        for file, content in {**dict(zip(("class", "vendor", "device"), words, strict=True)), **files}.items():
            (place / file).write_text(f"{content}\n")
        if driver:
            (place / "driver").symlink_to(f"../../drivers/{driver}")
        return place

    def nvidia(self, name: str, model: str, minor: object) -> None:
        """What NVIDIA's driver tells."""
        place = self.root / "proc/driver/nvidia/gpus" / name
        place.mkdir(parents=True)
        words = f"Model: \t\t {model}\nIRQ:   \t\t 42\nBus Location: \t {name}\nDevice Minor: \t {minor}\n"
        (place / "information").write_text(words)

    def device(self, path: str) -> None:
        """A device file."""
        there = self.root / path.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        os.mknod(there, stat.S_IFCHR | 0o600, os.makedev(1, 3))

    @property
    def gpus(self) -> list[dict[str, str]]:
        """What is found there, which has the shape of a fact."""
        found: list[dict[str, str]] = GPUS.gpus(str(self.root))
        assert SHAPE(found) == ""
        return found


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_machine_without_has_none(tree: Tree) -> None:
    assert tree.gpus == []
    tree.slot("0000:04:00.0", BMC)
    assert tree.gpus == []


def test_nvidia_with_its_driver(tree: Tree) -> None:
    for minor, slot in enumerate(("0000:3b:00.0", "0000:5e:00.0")):
        tree.slot(slot, NVIDIA, "nvidia")
        tree.nvidia(slot, "NVIDIA A100-SXM4-40GB", 1 - minor)
    tree.device("/dev/nvidia0")
    tree.device("/dev/nvidia1")
    same = {"id": "10de:20b0", "model": "NVIDIA A100-SXM4-40GB", "driver": "nvidia"}
    # The number of a GPU is not that of its slot.
    assert tree.gpus == [
        {"slot": "0000:3b:00.0", **same, "file": "/dev/nvidia1"},
        {"slot": "0000:5e:00.0", **same, "file": "/dev/nvidia0"},
    ]


@pytest.mark.parametrize("driver", ["", "nouveau", "vfio-pci"])
def test_nvidia_without_its_driver(tree: Tree, driver: str) -> None:
    tree.slot("0000:3b:00.0", NVIDIA, driver)
    tree.device("/dev/nvidia0")  # left by nobody knows whom
    assert tree.gpus == [{"slot": "0000:3b:00.0", "id": "10de:20b0", "model": "", "driver": driver, "file": ""}]


@pytest.mark.parametrize("minor", [0, "N/A", "", "-1", "../../etc/passwd"])
def test_nvidia_without_its_file(tree: Tree, minor: object) -> None:
    tree.slot("0000:3b:00.0", NVIDIA, "nvidia")
    tree.nvidia("0000:3b:00.0", "Tesla T4", minor)
    assert [(gpu["driver"], gpu["file"]) for gpu in tree.gpus] == [("nvidia", "")]


def test_a_file_that_is_no_device_is_none(tree: Tree) -> None:
    tree.slot("0000:3b:00.0", NVIDIA, "nvidia")
    tree.nvidia("0000:3b:00.0", "Tesla T4", 0)
    (tree.root / "dev").mkdir()
    (tree.root / "dev/nvidia0").write_text("")
    assert tree.gpus[0]["file"] == ""


def test_the_driver_counts_where_the_bus_cannot_be_seen(tree: Tree) -> None:
    tree.nvidia("0000:3b:00.0", "Tesla T4", 0)
    tree.nvidia("by-gpu", "what is no slot", 1)
    tree.device("/dev/nvidia0")
    assert [(gpu["model"], gpu["file"]) for gpu in tree.gpus] == [("Tesla T4", "/dev/nvidia0")]


def test_amd(tree: Tree) -> None:
    place = tree.slot("0000:c1:00.0", AMD, "amdgpu", product_name="INSTINCT MI210", **BOARD)
    (place / "drm/renderD129").mkdir(parents=True)
    (place / "drm/card1").mkdir()
    tree.device("/dev/dri/renderD129")
    assert [gpu["file"] for gpu in tree.gpus] == [""], "nothing can compute without /dev/kfd"
    tree.device("/dev/kfd")
    told = {"id": "1002:740f", "model": "INSTINCT MI210", "driver": "amdgpu"}
    assert tree.gpus == [{"slot": "0000:c1:00.0", **told, "file": "/dev/dri/renderD129"}]


def test_what_is_built_into_an_amd_processor_is_none(tree: Tree) -> None:
    tree.slot("0000:c1:00.0", ("0x030000", "0x1002", "0x164e"))
    tree.slot("0000:c2:00.0", ("0x038000", "0x1002", "0x164e"), "amdgpu", mem_info_vram_total="536870912")
    assert tree.gpus == []


def test_an_accelerator_of_amd_without_driver_is_told(tree: Tree) -> None:
    tree.slot("0000:c1:00.0", AMD)
    assert [(gpu["driver"], gpu["file"]) for gpu in tree.gpus] == [("", "")]


def test_whatever_a_machine_has_the_answer_stays_within_its_shape(tree: Tree) -> None:
    for number in range(70):
        slot = f"0000:{number:02x}:00.0"
        tree.slot(slot, NVIDIA, "nvidia")
        tree.nvidia(slot, f"NVIDIA {'x' * 200}", number)
    assert len(tree.gpus) == 64


def test_dead_ones_that_slurmctld_withholds(tmp_path: Path) -> None:
    mark = tmp_path / "gpus-withheld"
    assert GPUS.withheld(str(mark)) == []
    mark.write_text(" /dev/nvidia1 /dev/nvidia3\n")
    assert GPUS.withheld(str(mark)) == ["/dev/nvidia1", "/dev/nvidia3"]
