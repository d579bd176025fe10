"""Layout striped: one LVM stripe over all wanted disks, where the kernel has device-mapper.

The volume group `prov-scratch` carries the tag `provision`; both together are the mark of ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from . import inspect, tree
from .advice import describe
from .machine import Machine, device_number
from .making import establish_all, proof_of
from .model import Decision, Disk, Refusal, Slot, Wanted, slot_label
from .verdict import USED, evidence, is_ours, verdict

GROUP, VOLUME, TAG = "prov-scratch", "scratch", "provision"
DEVICE = f"/dev/{GROUP}/{VOLUME}"


def prepare(
    machine: Machine,
    disks: Sequence[Disk],
    wanted: Sequence[Wanted],
    mount_point: str,
    check: bool,
    choose: Callable[[], tuple[Decision, list[str]]],
) -> tuple[Decision, list[str]]:
    """The one slot on the striped volume, and what was done to have the volume.

    One disk that waits lets all of them wait. `choose` decides which disks are taken, where there is no volume yet.

    Raises:
        Refusal: the kernel cannot, or the disks are not what the plan says.
    """
    refuse_without_device_mapper(machine)
    members = _members(machine)
    ours = [disk for disk in disks if disk.number in members]
    if ours:
        _refuse_other_members(ours, members, wanted)
        _run(machine, ["vgchange", "--activate", "y", GROUP], check)
        actions = _volume(machine, len(ours), check)
        return Decision((_slot(machine, mount_point, ours),)), actions
    decision, actions = choose()
    if decision.waiting:
        return Decision((), decision.warnings, decision.waiting), actions
    labelled = [slot.disk for slot in decision.slots if not slot.format]
    if labelled:
        raise Refusal(
            f"the plan wants layout striped, but {describe(labelled[0])}, made by layout plain",
            "write layout: plain, or unmount and wipe this disk by hand",
        )
    chosen = [slot.disk for slot in decision.slots]
    paths = [disk.path for disk in chosen]
    actions = [f"make volume group {GROUP} of {', '.join(disk.name for disk in chosen)}"]
    # vgcreate makes the physical volumes itself and asks before it overwrites anything: no answer is no.
    with ExitStack() as held:
        if not check:
            proofs = [held.enter_context(closing(proof_of(machine, slot))) for slot in decision.slots]
            establish_all(proofs)
            for proof in proofs:
                proof.confirm()
        _run(machine, ["vgcreate", "--addtag", TAG, GROUP, *paths], check)
    actions += _volume(machine, len(chosen), check)
    return Decision((_slot(machine, mount_point, chosen),), decision.warnings), actions


def refuse_without_device_mapper(machine: Machine) -> None:
    """Say at once that the kernel cannot; loading a module that is there already changes nothing."""
    if "device-mapper" in (machine.proc / "devices").read_text():
        return
    if machine.run(["modprobe", "dm-mod"]).code or ("device-mapper" not in (machine.proc / "devices").read_text()):
        raise Refusal(
            "the kernel of this blade has neither device-mapper nor a way to load it, so no striping",
            "use layout: plain",
        )


def _members(machine: Machine) -> set[str]:
    """Device numbers of the physical volumes of our volume group; empty without one.

    Raises:
        Refusal: a volume group has our name but not our tag.
    """
    output = machine.run(
        ["vgs", "--reportformat", "json", "-o", "vg_name,vg_tags,pv_name", f"--select=vg_name={GROUP}"]
    )
    if output.code:
        return set()
    rows = [row for one in json.loads(output.out)["report"] for row in one["vg"]]
    if any(TAG not in row["vg_tags"].split(",") for row in rows):
        raise Refusal(
            f"there is a volume group {GROUP} without our tag {TAG}",
            f"rename it (vgrename) if it is somebody's, or adopt it: vgchange --addtag {TAG} {GROUP}",
        )
    return {number for row in rows if (number := device_number(row["pv_name"]))}


def _refuse_other_members(ours: Sequence[Disk], members: set[str], wanted: Sequence[Wanted]) -> None:
    """The group must be made of exactly as many disks as the plan wants, and of those it names."""
    named = set(inspect.numbers_of(wanted).values())
    if len(members) != len(wanted) or not named <= members:
        raise Refusal(
            f"the striped scratch is made of {len(ours)} ({', '.join(d.name for d in ours)}), "
            f"the plan wants {len(wanted)}",
            "correct the plan, or remove the volume group by hand and run again",
        )


def _volume(machine: Machine, stripes: int, check: bool) -> list[str]:
    """Make the logical volume unless it is there; says what was done."""
    if Path(DEVICE).exists():
        return []
    command = ["lvcreate", "--stripes", str(stripes), "--extents", "100%FREE"]
    _run(machine, [*command, "--name", VOLUME, "--addtag", TAG, GROUP], check)
    return [f"make logical volume {GROUP}/{VOLUME} over {stripes} disks"]


def _slot(machine: Machine, mount_point: str, disks: Sequence[Disk]) -> Slot:
    """The volume as the disk of slot 1. In check mode there may be no volume yet."""
    number = device_number(DEVICE)
    if number is None:
        planned = Disk(path=DEVICE, number="", size_bytes=sum(disk.size_bytes for disk in disks))
        return Slot(slot_label(1), mount_point, planned, format=True)
    points = tuple(point for own, point in tree.mounts(machine) if own == number)
    size = tree.size_bytes(machine, number)
    volume = Disk(path=DEVICE, number=number, size_bytes=size, mounts=points, whole_mounts=points)
    volume = inspect.examine(machine, inspect.with_identity(machine, volume))
    if verdict(volume) == USED and not is_ours(volume):
        raise Refusal(f"{DEVICE} holds something else: {'; '.join(evidence(volume))}", "look at it by hand")
    return Slot(slot_label(1), mount_point, volume, format=not is_ours(volume))


def _run(machine: Machine, command: Sequence[str], check: bool) -> None:
    if check:
        return
    output = machine.run(command)
    if output.code:
        said = " ".join((output.err.strip() or output.out.strip()).split())
        raise Refusal(
            f"{command[0]} failed: {said}",
            "install lvm2 if it is missing; otherwise the kernel log may say more: dmesg | tail",
        )
