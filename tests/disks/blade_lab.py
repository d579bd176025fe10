"""A blade made of loop devices: its own /dev, fstab and journal; the kernel and the tools are real."""

from __future__ import annotations

import hashlib
import os
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playbooks.module_utils.blade_disks import stamp
from playbooks.module_utils.blade_disks.machine import Machine, device_number
from playbooks.module_utils.blade_disks.model import GB, Wanted
from playbooks.module_utils.blade_disks.scratch import Allowed, converge
from playbooks.module_utils.blade_disks.tree import unescape

SIZE_GB = 1
CHUNK = 2**20


def run(*command: str | Path, stdin: str = "") -> str:
    """Run a program that must succeed; returns what it printed."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr or done.stdout}"
    return done.stdout


def content_digest(image: Path) -> str:
    """Hash of position and bytes of everything in a file that is not zero; holes are skipped quickly."""
    digest = hashlib.sha256()
    size, offset = image.stat().st_size, 0
    with image.open("rb", buffering=0) as file:
        while offset < size:
            try:
                start = os.lseek(file.fileno(), offset, os.SEEK_DATA)
            except OSError:  # only a hole is left
                break
            offset = start // CHUNK * CHUNK
            data = os.pread(file.fileno(), CHUNK, offset)
            if data.count(0) != len(data):
                digest.update(f"{offset}:".encode() + data)
            offset += CHUNK
    return digest.hexdigest()


@dataclass
class Blade:
    """Loop disks sdb, sdc, ... in a /dev of its own, removed again by `close`."""

    folder: Path
    loops: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "dev/disk/by-id").mkdir(parents=True)
        self.machine = Machine(
            dev=self.folder / "dev",
            fstab=self.folder / "fstab",
            journal=self.folder / "state/journal.json",
        )
        self.machine.fstab.write_text("# the blade's own\nUUID=1234-abcd / ext4 defaults 0 1")
        self.scratch = self.folder / "scratch"

    def add(self, name: str, size: int = SIZE_GB * GB) -> str:
        """A sparse disk /dev/<name>; returns its loop device."""
        image = self.image(name)
        with image.open("wb") as file:
            file.truncate(size)
        loop = run("losetup", "--find", "--show", image).strip()
        self.loops[name] = loop
        self.node(name, loop)
        (self.folder / "dev/disk/by-id" / f"wwn-0x{name}").symlink_to(self.path(name))
        return loop

    def again(self, name: str, other: str) -> None:
        """A second path to another disk of the blade."""
        loop = run("losetup", "--find", "--show", self.image(other)).strip()
        self.loops[name] = loop
        self.node(name, loop)
        (self.folder / "dev/disk/by-id" / f"wwn-0x{name}").symlink_to(self.path(name))

    def node(self, name: str, like: str) -> None:
        """A device node for the same device as another node."""
        number = device_number(like)
        assert number is not None
        run("mknod", self.path(name), "b", *number.split(":"))

    def make(self, name: str, label: str = "PROV-SCR-1") -> None:
        """The filesystem that a run would make for this very disk."""
        mark = stamp.make(Path(self.link(name)).name, self.image(name).stat().st_size, b"a nonce!")
        run("mkfs.xfs", "-q", "-m", f"uuid={mark}", "-L", label, self.loops[name])

    def image(self, name: str) -> Path:
        """The file behind a disk."""
        return self.folder / f"{name}.img"

    def path(self, name: str) -> Path:
        """The device node of a disk."""
        return self.folder / "dev" / name

    def link(self, name: str) -> str:
        """The stable id of a disk."""
        return str(self.folder / "dev/disk/by-id" / f"wwn-0x{name}")

    def digest(self, name: str) -> str:
        """Hash of every byte of a disk, after all writes reached it."""
        run("blockdev", "--flushbufs", self.loops[name])
        run("sync", self.image(name))
        return content_digest(self.image(name))

    def converge(
        self,
        wanted: Sequence[Wanted],
        check: bool = False,
        layout: str = "plain",
        announced: str | None = None,
        prove: str = "dense",
    ) -> dict[str, Any]:
        """One module call, on a blade that was announced a moment before; `announced=""` for one that was not."""
        token = uuid.uuid4().hex if announced is None else announced
        return converge(self.machine, wanted, layout, str(self.scratch), check, Allowed(token, prove))

    def close(self) -> None:
        """Unmount what is mounted from our loops or below our folder, then give the loops back."""
        for row in reversed(Path("/proc/mounts").read_text().splitlines()):
            source, point = (unescape(word) for word in row.split()[:2])
            if source in self.loops.values() or point.startswith(str(self.folder)):
                subprocess.run(["umount", point], check=True)
        for row in Path("/proc/swaps").read_text().splitlines()[1:]:
            if row.split()[0] in self.loops.values():
                subprocess.run(["swapoff", row.split()[0]], check=True)
        for loop in self.loops.values():
            # The kernel keeps the read-only mark of a loop device after it was detached.
            subprocess.run(["blockdev", "--setrw", loop], check=True)
            subprocess.run(["losetup", "--detach", loop], check=True)
