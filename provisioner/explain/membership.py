"""Whether a blade belongs to the cluster, and is still the machine that joined it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from provisioner.explain.evidence import Evidence
from provisioner.explain.words import Cause
from provisioner.slurm.hardware import Hardware, losses, parse_slurmd_c


def no_member(found: Evidence) -> Iterator[Cause]:
    """Why it is not a node of the cluster, or not the one that joined."""
    joins = f"`provision slurm --nodes {found.blade}`"
    if found.roles is None:
        if found.seen:
            step = f"write it into the plan, or take it out of the cluster with `provision slurm --forget {found.node}`"
            yield Cause("not in the plan", "Slurm has the node, and the plan does not", step)
        return
    if not found.roles:
        yield Cause("no role", "the plan gives it no Slurm role", "give its tier `slurm: [compute]` in the plan")
        return
    if not found.computes:
        return
    before, now = found.record.get("machine_id"), found.here.get("machine_id")
    if before and found.is_fresh and before != now:
        message = f"it was reimaged since {found.record['seen'].get('at', 'it joined')}: its machine-id is another one"
        yield Cause("reimaged", message, f"{joins} makes it a member again")
    elif found.here and found.unit("slurmd").get("load") == "not-found":
        again = " any more" if found.record else ""
        yield Cause("not a member", f"slurmd is not on it{again}", f"{joins} makes it a member")
    elif found.cluster.get("up") and not found.seen:
        known = "the registry has it" if found.record else "no run has made it a member"
        yield Cause("not a member", f"slurmctld does not know it, and {known}", f"{joins} makes it a member")


def lost_hardware(found: Evidence) -> Iterator[Cause]:
    """What the node lost since it joined."""
    with suppress(ValueError, KeyError, TypeError):
        scratch = int(found.facts["scratch"]["size_mib"])
        now = parse_slurmd_c(str(found.facts["slurmd_c"]), scratch)
        if lost := losses(Hardware.from_dict(dict(found.record["hardware"])), now):
            step = (
                f"look for a broken part; if it is to stay so, `provision slurm --nodes {found.blade} "
                f"--accept-hardware {found.blade}`"
            )
            yield Cause("lost hardware", f"it lost hardware since it joined: {', '.join(lost)}", step)
