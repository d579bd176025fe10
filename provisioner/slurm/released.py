"""What came of blades that leave the cluster for good, and what of it is still on them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.console_text import their_words
from provisioner.errors import ExitCode

STAYS = {
    "munge": "the munge key (`rm /etc/munge/munge.key` on it ends its trust)",
    "scratch": "scratch with what is on it, and its line in /etc/fstab",
    "logins": "a line of pam_slurm_adopt in /etc/pam.d/sshd, which lets only admins in (take that line out)",
    "firewall": "the firewall of the cluster (`systemctl disable --now provision-firewall.service` and `nft delete "
    "table inet provision` on it)",
    "metrics": "the node exporter (`systemctl disable --now prometheus-node-exporter` on it)",
    "users": "users of the cluster and their keys in /etc/ssh/authorized_keys.d",
}
"""What `slurm_leave` finds, in words."""
RELEASED, LEFT, FAILED = "released", "left", "failed"


@dataclass(frozen=True)
class Released:
    """One blade after the command.

    Args:
        result: released (slurmd is off), left (it is out of the cluster, and did not answer), or failed.
        told: what changed on it, a line each.
        stays: what of the cluster is still there, by the names of STAYS.
        why: what went wrong, or why nobody looked; with the next step.
    """

    result: str
    told: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "told": list(self.told), "stays": list(self.stays)}


def parse_left(answer: Mapping[str, Any]) -> Released:
    """Reads the result of `slurm_leave`; what is of another shape is left out."""
    told, stays = ([str(one) for one in found] if isinstance(found, list) else [] for found in _parts(answer))
    return Released(RELEASED, tuple(told[:20]), tuple(one for one in stays if one in STAYS))


def _parts(answer: Mapping[str, Any]) -> tuple[Any, Any]:
    return answer.get("told"), answer.get("stays")


def line(blade: Released, check: bool) -> str:
    """What a person is told of it, as one sentence or two."""
    if blade.result == FAILED:
        return blade.why
    if blade.result == LEFT:
        return f"{'would leave' if check else 'left'} the cluster; {blade.why}"
    done = "; ".join(their_words(one) for one in blade.told)
    if check:
        what = "would be released" + (f" ({done})" if done else "")
    else:
        what = "released: it is in the cluster no more, and its slurmd is off" + (f" ({done})" if done else "")
    kept = "; ".join(STAYS[name] for name in blade.stays)
    return what + (f". On it stays: {kept}" if kept else "")


def code(blades: Mapping[str, Released]) -> ExitCode:
    """What the command came to; a blade that is off is released as far as anybody can."""
    failed = [blade.result == FAILED for blade in blades.values()]
    return ExitCode.OK if not any(failed) else ExitCode.FAILED if all(failed) else ExitCode.DEGRADED
