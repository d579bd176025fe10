"""Our lines in /etc/fstab, everything else byte-identical. Pure text."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Refusal, Slot, slot_number

OPTIONS = "noatime,nofail,x-systemd.device-timeout=60s,x-systemd.before=slurmd.service"
"""nofail: a dead scratch disk must not stop a blade from booting. systemd does not wait for such a mount, so slurmd is
told to: else it would measure the root disk and have the node drained. What comes later than the timeout is mounted by
nobody until the next run; a volume of LVM on a slow blade took 25 s."""


def line(slot: Slot) -> str:
    """The line of one slot. Its label is the mark by which it is known as ours."""
    return f"LABEL={slot.label} {slot.mount_point} xfs {OPTIONS} 0 0"


def with_slots(text: str, slots: Sequence[Slot]) -> str:
    """The fstab with our lines in it, each once; a wrong line of ours is replaced in its place.

    Raises:
        Refusal: somebody else's line mounts something at one of our mount points.
    """
    by_label = {slot.label: slot for slot in slots}
    mount_points = {slot.mount_point for slot in slots}
    written: set[str] = set()
    lines: list[str] = []
    for old in text.splitlines(keepends=True):
        label, mount_point = _label_and_mount_point(old)
        if label in by_label:
            if label not in written:
                written.add(label)
                lines.append(_replaced(old, line(by_label[label])))
        elif mount_point in mount_points and not slot_number(label):
            raise Refusal(
                f"/etc/fstab already mounts something else at {mount_point}: {old.strip()}",
                "remove that line, or choose another scratch_mount_point",
            )
        else:
            lines.append(old)
    missing = [slot for slot in slots if slot.label not in written]
    if missing and lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join(lines) + "".join(f"{line(slot)}\n" for slot in missing)


def _label_and_mount_point(old: str) -> tuple[str, str]:
    """Label and mount point of a line; '' for what it has not."""
    fields = old.split()
    if len(fields) < 2 or fields[0].startswith("#"):
        return "", ""
    source = fields[0].replace('"', "")
    label = source[len("LABEL=") :] if source.startswith("LABEL=") else ""
    return label, fields[1].rstrip("/") or "/"


def _replaced(old: str, new: str) -> str:
    """The new line, or the old one where only blanks differ."""
    return old if old.split() == new.split() else f"{new}\n"
