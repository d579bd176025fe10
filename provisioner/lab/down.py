"""Removes a lab, whole or half."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from provisioner.errors import ProvisionError
from provisioner.lab import knownhosts, loops, network
from provisioner.lab.blades import Bench
from provisioner.lab.lab import containers
from provisioner.lab.record import read_record
from provisioner.lab.settings import PREFIX

DETACH_SECONDS = 20


def down(bench: Bench, say: Callable[[str], None], images: bool) -> None:
    """Removes containers, network, loop devices, files and host keys of the lab, as far as there
    are any; with `images` also what is cached for the next lab.

    Raises:
        UsageError: the lab was made with another state folder.
        ProvisionError: something cannot be removed.
    """
    files = bench.files
    found = containers(bench)
    say(f"removing {len(found)} blade(s)")
    bench.podman.remove_containers([each.name for each in found.values()])
    network.remove_network(bench.podman, bench.plan.cluster.name)
    _detach_all(bench)
    # only those the lab has written: the plan's other addresses may belong to real blades
    if record := read_record(files.record):
        knownhosts.forget(files.known_hosts, record.known_names)
    if files.folder.exists():
        shutil.rmtree(files.folder)
    if images:
        _remove_images(bench, say)


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
        time.sleep(0.05)


def _remove_images(bench: Bench, say: Callable[[str], None]) -> None:
    """Removes the cache; an image that another cluster's lab runs on stays."""
    # a base goes after the images that were built on it
    for name in sorted(bench.podman.images(), key=lambda name: f"/{PREFIX}-base:" in name):
        try:
            bench.podman.call(["rmi", name], f"removing the image {name}")
        except ProvisionError:
            say(f"{name} stays: another lab uses it")
