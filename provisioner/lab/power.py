"""The power switch of the blades of a lab."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.lab import blades, reach
from provisioner.lab.blades import Bench
from provisioner.lab.parallel import for_each
from provisioner.lab.podman import Container


def power_off(bench: Bench, containers: Sequence[Container]) -> None:
    """Like pulling the plug: nothing inside gets a chance to say goodbye."""
    if containers:
        stop = ["stop", "--time", "0", *(container.name for container in containers)]
        bench.podman.call(stop, "switching blades off")


def power_on(bench: Bench, containers: Sequence[Container]) -> None:
    """Boots blades with the disks they had, and waits until they let somebody in.

    Raises:
        ProvisionError: a blade does not come up, or the loop device of a disk is taken.
    """
    for container in containers:
        blades.reattach_disks(bench, container)

    def boot(blade: str) -> None:
        bench.podman.start(bench.container(blade), blade)
        reach.wait_until_up(bench, blade)

    for_each(boot, [container.blade for container in containers])
