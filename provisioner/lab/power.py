"""The power switch of the blades of a lab."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.lab import blades, reach
from provisioner.lab.blades import Bench
from provisioner.lab.parallel import for_each
from provisioner.lab.podman import Container
from provisioner.lab.shared import require_directory


def power_off(bench: Bench, containers: Sequence[Container]) -> None:
    """Like pulling the plug: nothing inside gets a chance to say goodbye."""
    if containers:
        stop = ["stop", "--time", "0", *(container.name for container in containers)]
        bench.podman.call(stop, "switching blades off")


def power_on(bench: Bench, containers: Sequence[Container]) -> None:
    """Boots blades with the disks they had, and waits until they let somebody in.

    Raises:
        ProvisionError: a blade does not come up, the loop device of a disk is taken, or the shared directory is gone.
    """
    for container in containers:
        require_directory(container.shared)
        blades.reattach_disks(bench, container)

    def boot(blade: str) -> None:
        bench.podman.start(bench.container(blade), blade)
        reach.wait_until_up(bench, blade)

    for_each(boot, [container.blade for container in containers])
