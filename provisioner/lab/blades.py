"""Makes the disks and the container of one blade."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from pathlib import Path

from provisioner.errors import ProvisionError, UsageError
from provisioner.lab import arguments, loops
from provisioner.lab.aptsource import seen_from_blade
from provisioner.lab.disks import lab_disks
from provisioner.lab.gpus import lab_gpus
from provisioner.lab.host import Host
from provisioner.lab.identity import HostKeys, Identity
from provisioner.lab.podman import Container, Podman
from provisioner.lab.settings import LabFiles, Release, container_name
from provisioner.lab.shared import Shared
from provisioner.names import host_name
from provisioner.plan.model import Plan
from provisioner.plan.way import Way, way_to


@dataclass(frozen=True)
class Bench:
    """What all blades of one lab share."""

    plan: Plan
    files: LabFiles
    host: Host
    podman: Podman

    def container(self, blade: str) -> str:
        """The name of the blade's container."""
        return container_name(self.plan.cluster.name, blade)

    def known_name(self, blade: str) -> str:
        """The name of the blade in known_hosts."""
        return self.way(blade).known_name

    def way(self, blade: str) -> Way:
        """How the blade is reached."""
        return way_to(self.plan, blade, lab=True)

    @property
    def network(self) -> IPv4Network:
        """The network of the blades.

        Raises:
            UsageError: the plan has an IPv6 network.
        """
        found = self.plan.cluster.network
        if isinstance(found, IPv6Network):
            raise UsageError(
                f"a lab has IPv4 addresses only, and the plan's network is {found}",
                "give a copy of the plan an IPv4 network",
            )
        return found


@dataclass(frozen=True)
class Contents:
    """What a new blade is made from; disks are (loop device, stable link)."""

    release: Release
    image: str
    disks: Sequence[tuple[str, str]]
    host_keys: HostKeys
    apt_settings: Sequence[str]
    shared: Shared | None = None


def make_disks(bench: Bench, blade: str) -> list[tuple[str, str]]:
    """The disks for a new container, (loop device, stable link): those that are there keep their
    content, missing ones are made, and those that the plan no longer has go."""
    folder = bench.files.disks(blade)
    planned = {folder / disk.file: disk for disk in lab_disks(bench.plan, blade)}
    there = loops.attached(folder)
    for file in there.keys() - planned.keys():
        loops.detach(there[file])
        file.unlink(missing_ok=True)
    found = []
    for file, disk in planned.items():
        loops.make_file(file, disk.size)
        found.append((there.get(file) or loops.attach(file), disk.link))
    return found


def reattach_disks(bench: Bench, container: Container) -> None:
    """Attaches the disks of a container that is there, each to the device it was made with.

    A reboot of the host detaches them all.

    Raises:
        ProvisionError: something else has one of these devices by now.
    """
    folder = bench.files.disks(container.blade)
    there = loops.attached(folder)
    files = [folder / disk.file for disk in lab_disks(bench.plan, container.blade)]
    for file, device in zip(files, container.devices, strict=True):
        if there.get(file) == device:
            continue
        if file in there or not loops.is_free(device):
            raise ProvisionError(
                f"{container.blade} cannot have its disk {device} back: it is in use",
                f"provision lab reimage {container.blade} (its disks keep their content)",
            )
        loops.attach(file, device)


def drop_disks(bench: Bench, blade: str) -> None:
    """Detaches the blade's disks and deletes their content."""
    for device in loops.attached(bench.files.disks(blade)).values():
        loops.detach(device)
    shutil.rmtree(bench.files.disks(blade), ignore_errors=True)


def create(bench: Bench, blade: str, contents: Contents) -> None:
    """Makes a new blade with an identity of its own and boots it."""
    plan, name, way = bench.plan, bench.container(blade), bench.way(blade)
    gpus = lab_gpus(plan, blade)
    spec = arguments.BladeSpec(
        cluster=plan.cluster.name,
        blade=blade,
        address=IPv4Address(way.address),
        release=contents.release,
        image=contents.image,
        devices=tuple(device for device, _ in contents.disks),
        state=str(bench.files.state),
        shared=contents.shared,
        gpus=len(gpus),
    )
    identity = Identity(
        host_name=host_name(blade),
        user=way.user,
        port=way.port,
        authorized_key=bench.files.key.with_suffix(".pub").read_text().strip(),
        host_keys=contents.host_keys,
        disks=contents.disks,
        # Where one blade has GPUs, Slurm closes devices on all.
        gpus=[gpu.line for gpu in gpus] if any(lab_gpus(plan, each) for each in plan.blades) else None,
        apt_settings=seen_from_blade(contents.apt_settings, arguments.gateway(bench.network)),
    )
    bench.podman.call(arguments.create(spec, bench.host), f"making the container of {blade}")
    root = bench.podman.call(["mount", name], f"opening the root of {blade}").strip()
    try:
        identity.put(Path(root))
    finally:
        bench.podman.call(["umount", name], f"closing the root of {blade}")
    bench.podman.start(name, blade)
