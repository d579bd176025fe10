"""Removes a lab, whole or half."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from provisioner.console_text import counted
from provisioner.errors import ProvisionError
from provisioner.lab import loops, network
from provisioner.lab.blades import Bench
from provisioner.lab.lab import containers
from provisioner.lab.settings import PREFIX

DETACH_SECONDS = 20
# The kernel lets go of a loop device a moment after it was asked to.
_POLL_SECONDS = 0.05


def down(bench: Bench, say: Callable[[str], None], images: bool) -> None:
    """Removes containers, network, loop devices, files and host keys of the lab, as far as there
    are any; with `images` also what is cached for the next lab.

    Raises:
        UsageError: the lab was made with another state folder.
        ProvisionError: something cannot be removed.
    """
    files = bench.files
    found = containers(bench)
    say(f"removing {counted(len(found), 'blade')}")
    bench.podman.remove_containers([each.name for each in found.values()])
    network.remove_network(bench.podman, bench.plan.cluster.name)
    _detach_all(bench)
    _remove_files(files.folder)
    if images:
        _remove_images(bench, say)


def _remove_files(folder: Path) -> None:
    """Deletes the lab's files, and never anything that is mounted below them."""
    if mounts := mounts_below(folder, Path("/proc/self/mounts").read_text()):
        raise ProvisionError(
            f"something is mounted in the lab's folder: {', '.join(map(str, mounts))}",
            f"umount it (umount {mounts[-1]}), then run provision lab down again",
        )
    if folder.exists():
        shutil.rmtree(folder)


def mounts_below(folder: Path, mounts: str) -> list[Path]:
    """Mount points in the folder, outermost first, from the text of /proc/self/mounts."""
    points = [Path(_unescaped(line.split(" ")[1])) for line in mounts.splitlines()]
    return sorted(point for point in points if point.is_relative_to(folder))


def _unescaped(text: str) -> str:
    """The kernel writes spaces and the like in octal."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)


def _detach_all(bench: Bench) -> None:
    """Detaches every loop device of the lab and waits until the kernel let go of the last one."""
    below = bench.files.folder / "disks"
    deadline = time.monotonic() + DETACH_SECONDS
    while devices := loops.attached(below):
        if time.monotonic() > deadline:
            raise ProvisionError(
                f"the kernel keeps these loop devices busy: {', '.join(devices.values())}",
                "unmount what uses them (findmnt), then run provision lab down again",
            )
        for device in devices.values():
            loops.detach(device)
        time.sleep(_POLL_SECONDS)


def _remove_images(bench: Bench, say: Callable[[str], None]) -> None:
    """Removes the cache; an image that another cluster's lab runs on stays."""
    # a base goes after the images that were built on it
    for name in sorted(bench.podman.images(), key=lambda name: f"/{PREFIX}-base:" in name):
        try:
            bench.podman.call(["rmi", name], f"removing the image {name}")
        except ProvisionError:
            say(f"{name} stays: another lab uses it")
