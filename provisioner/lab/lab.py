"""A lab of a plan: what is there, and bringing it up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from provisioner import knownhosts
from provisioner.announced import announce, announced_file
from provisioner.errors import UsageError
from provisioner.lab import blades, image, network, reach
from provisioner.lab.blades import Bench
from provisioner.lab.command import require_host
from provisioner.lab.disks import lab_disks
from provisioner.lab.gpus import lab_gpus
from provisioner.lab.host import read_host
from provisioner.lab.identity import ensure_login_key, make_host_keys, sweep_host_keys
from provisioner.lab.parallel import for_each
from provisioner.lab.podman import Container, Podman
from provisioner.lab.power import power_on
from provisioner.lab.record import LabRecord, read_record
from provisioner.lab.settings import LabFiles, Release
from provisioner.lab.shared import Shared, require_directory, require_outside
from provisioner.lab.watches import require_watches
from provisioner.names import host_name
from provisioner.paths import state_dir
from provisioner.plan.derive import as_spelt
from provisioner.plan.model import Plan

Say = Callable[[str], None]


def open_lab(plan: Plan) -> Bench:
    """The lab of the plan's cluster on this host; nothing is made yet.

    Raises:
        UsageError: not root, or programs are missing.
    """
    host = read_host()
    require_host(host.runtime)
    # resolved, because the kernel reports the files of loop devices so
    files = LabFiles(state_dir(plan.cluster.name).resolve())
    return Bench(plan, files, host, Podman(host))


def containers(bench: Bench) -> dict[str, Container]:
    """Blade -> container, of this lab.

    Raises:
        UsageError: the cluster has a lab that was made with another state folder.
    """
    found = bench.podman.containers(bench.plan.cluster.name)
    for each in found:
        if each.state_folder != str(bench.files.state):
            raise UsageError(
                f"the lab of {bench.plan.cluster.name} belongs to another state folder: {each.state_folder}",
                "use that XDG_STATE_HOME (and that user), or give this plan another cluster name",
            )
    # A container keeps the name that the plan wrote when it was made.
    names = as_spelt(bench.plan, [host_name(each.blade) for each in found])
    return {name: replace(each, blade=name) for name, each in zip(names, found, strict=True)}


def up(bench: Bench, chosen: Sequence[str], release: Release | None, shared: Shared | None, say: Say) -> list[str]:
    """Starts the chosen blades; keeps what is there. Returns the blades it made or started.

    Raises:
        UsageError: the lab runs another release or shares another directory, the network is taken, or the plan has
            changed the address, the disks or the GPUs of a blade that is there.
        ProvisionError: something could not be built or started.
    """
    plan = bench.plan
    there = containers(bench)
    record = _agree(bench, release, shared)
    half = [name for name in chosen if name in there and there[name].is_half_made]
    whole = [there[name] for name in chosen if name in there and name not in half]
    for container in whole:
        _require_as_planned(bench, container)
    require_watches(sum(not (name in there and there[name].runs) for name in chosen))
    network.ensure_network(bench.podman, plan.cluster.name, bench.network)
    bench.files.folder.mkdir(exist_ok=True, mode=0o700)
    record.write(bench.files.record)
    ensure_login_key(bench.files.key)
    bench.podman.remove_containers([bench.container(name) for name in half])
    fresh = [name for name in chosen if name not in there or name in half]
    # these first: after a reboot of the host, new disks would take their loop devices
    asleep = [container for container in whole if not container.runs]
    power_on(bench, asleep)
    make_blades(bench, fresh, record, say)
    # those of an `up` that was killed may still be booting
    for_each(lambda blade: reach.wait_until_up(bench, blade), [container.blade for container in whole])
    return [*fresh, *(container.blade for container in asleep)]


def _agree(bench: Bench, release: Release | None, shared: Shared | None) -> LabRecord:
    """The record of the lab: what is there stays, what is asked for must not differ from it."""
    there = read_record(bench.files.record)
    if there is None:
        require_outside(shared, bench.files.folder)
        return LabRecord(release or Release.BOOKWORM, shared)
    if release not in (None, there.release):
        raise UsageError(
            f"the lab of {bench.plan.cluster.name} runs {there.release}, not {release}",
            f"remove it first: provision lab down; then: provision lab up --os {release}",
        )
    if shared not in (None, there.shared):
        raise UsageError(
            f"the lab of {bench.plan.cluster.name} shares {there.shared.text if there.shared else 'no directory'},"
            f" not {shared.text}",
            "remove it first: provision lab down, which leaves the directory alone; then the same command again",
        )
    require_directory(there.shared)
    return there


def _require_as_planned(bench: Bench, container: Container) -> None:
    """A container cannot move to another address or take other disks or GPUs; a new one can."""
    planned = bench.plan.blades[container.blade]
    disks = len(lab_disks(bench.plan, container.blade))
    gpus = len(lab_gpus(bench.plan, container.blade))
    if container.address != str(planned.address) or len(container.devices) != disks or container.gpus != gpus:
        raise UsageError(
            f"the plan changed the address, the disks or the GPUs of {container.blade}, which is in the lab",
            f"make it anew: provision lab reimage {container.blade}",
        )


def make_blades(bench: Bench, names: Sequence[str], record: LabRecord, say: Say, announced: bool = True) -> None:
    """Makes and boots new blades; their host keys are known before they answer.

    Raises:
        ProvisionError: the image cannot be built, or a blade does not come up.
    """
    if not names:
        return
    # An image has one account to log in with.
    recipes = {user: image.read_recipe(record.release, user) for user in {bench.way(blade).user for blade in names}}
    images = {
        user: image.ensure_image(bench.podman, recipe, bench.files.folder / "build", say)
        for user, recipe in recipes.items()
    }
    # one after the other: two searches for a free loop device would race
    disks = {blade: blades.make_disks(bench, blade) for blade in names}
    say(f"starting {', '.join(names)}")
    sweep_host_keys(bench.files.folder)
    keys = for_each(lambda blade: make_host_keys(host_name(blade), bench.files.folder), names)
    if announced:
        for blade in names:
            known = bench.files.known_hosts
            knownhosts.announce(known, bench.known_name(blade), keys[blade].public)
        announce(announced_file(bench.files.state), names)

    def boot(blade: str) -> None:
        user = bench.way(blade).user
        contents = blades.Contents(
            record.release, images[user], disks[blade], keys[blade], recipes[user].apt_settings, record.shared
        )
        blades.create(bench, blade, contents)
        reach.wait_until_up(bench, blade)

    for_each(boot, names)


def reimage(bench: Bench, names: Sequence[str], say: Say, wipe_disks: bool, announced: bool) -> None:
    """Gives blades a new root, machine-id and host keys. Disks keep their content unless wiped."""
    record = _agree(bench, None, None)
    bench.podman.remove_containers([bench.container(name) for name in names])
    if wipe_disks:
        for blade in names:
            blades.drop_disks(bench, blade)
    make_blades(bench, names, record, say, announced)
