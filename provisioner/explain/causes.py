"""The causes of what does not work on a blade, in the order from the root up. Pure.

What a run and a verification know already is asked there: `run.diagnose` for the way to the blade, `preflight` for what
a run refuses, `slurm.verdict` for munge, slurmd and firewalls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.console_text import their_words
from provisioner.explain.drains import drain_cause
from provisioner.explain.evidence import Evidence
from provisioner.explain.membership import lost_hardware, no_member
from provisioner.explain.words import Cause, split
from provisioner.run.diagnose import Diagnosis
from provisioner.slurm.verdict import cause as known_cause

_FULL_MIB = 64
"""As slurmd has it, which then drains its node; 0 also where no file can be made for lack of inodes."""
_NO_SOCKET = 6
# ssh's ways to hear nothing; the controller may know more.
_SILENT = ("it does not answer", "there is no route to it", "it hangs")


@dataclass(frozen=True)
class Explained:
    """The causes in their order, the first is the one to begin with; none where nothing is wrong."""

    causes: tuple[Cause, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        listed = [asdict(cause) for cause in self.causes]
        return {"cause": listed[0] if listed else None, "also": listed[1:]}


def explained(found: Evidence) -> Explained:
    """All causes, each once."""
    return Explained(tuple(dict.fromkeys(cause for rule in _RULES for cause in rule(found))))


def _away(found: Evidence) -> Iterator[Cause]:
    """The blade is not reached at all."""
    failure = found.failure
    if failure is None or not found.unreachable:
        return
    silent = failure.message.startswith(_SILENT)
    if silent and found.seen and not found.seen["alive"]:
        yield Cause(
            "answers nobody",
            "it answers nobody, neither this machine nor the controller: it is off, frozen or cut off",
            f"look at its console: is it powered on and booted? Then `provision explain {found.blade}` again",
        )
    elif silent and found.seen:
        yield Cause(
            "unreachable from here",
            f"this machine does not reach it ({failure.message}), while the controller does",
            "look at the network between this machine and the blade, and at its address in the plan",
        )
    else:
        yield _diagnosed("unreachable", failure, found.blade)


def _controller_away(found: Evidence) -> Iterator[Cause]:
    if found.controller_failure is not None and not found.is_controller:
        why = found.controller_failure
        step = f"`provision explain {found.controller}` says more; {why.step_for(found.controller)}"
        yield Cause("controller", f"the controller {found.controller} cannot be asked: {why.message}", step, why.ours)


def _cannot_be_asked(found: Evidence) -> Iterator[Cause]:
    """It is reached, and what is asked fails there."""
    if found.failure is not None and not found.unreachable:
        yield _diagnosed("cannot be asked", found.failure, found.blade)


def _broken_disk(found: Evidence) -> Iterator[Cause]:
    where = f" on {found.blade}" if found.is_controller else ""
    if places := found.here.get("read_only"):
        yield Cause(
            "read-only",
            f"read-only there: {', '.join(their_words(place, 80) for place in places)}",
            "look at `dmesg` on it for disk errors, then remount or reimage it",
        )
    if full := [place for place, free in (found.here.get("free_mib") or {}).items() if free < _FULL_MIB]:
        listed = ", ".join(f"{their_words(place, 80)} ({found.here['free_mib'][place]} MiB free)" for place in full)
        yield Cause("disk full", f"its disk is full{where}: {listed}", "make room there (`du -xh / | sort -h | tail`)")


def _cluster_down(found: Evidence) -> Iterator[Cause]:
    """The controller is there and does not serve: no node works then."""
    cluster, controller = found.cluster, found.controller
    if not cluster:
        return
    starts = f"`provision slurm --nodes {controller}` starts it"
    log = "its log says why: `journalctl -u {unit}` there"
    if code := cluster["munge"]:
        what = "munge does not run on the controller" if code == _NO_SOCKET else "munge on the controller does not work"
        words = f" ({their_words(cluster['munge_words'])})" if cluster["munge_words"] and code != _NO_SOCKET else ""
        step = starts if code == _NO_SOCKET else f"run `systemctl restart munge` there; {log.format(unit='munge')}"
        yield Cause("controller munge", what + words, step)
    elif not cluster["up"]:
        state = cluster["units"].get("slurmctld", {}).get("active") or "not there"
        word = "does not run" if state != "active" else "runs and does not answer"
        step = f"{starts}; {log.format(unit='slurmctld')}" if state != "active" else log.format(unit="slurmctld")
        yield Cause("slurmctld", f"slurmctld {word} on the controller ({state})", step)


def _refused(found: Evidence) -> Iterator[Cause]:
    """What a run would refuse the blade for."""
    for problem in found.problems:
        message, step = split(problem)
        yield Cause("clock" if message.startswith("its clock") else "refused by a run", message, step)


def _masked(found: Evidence) -> Iterator[Cause]:
    for problem in found.masked:
        message, step = split(problem)
        yield Cause("masked", message, step)


def _known(found: Evidence) -> Iterator[Cause]:
    """What verification tells apart: munge, slurmd, the ways between both; and why Slurm gives it no jobs."""
    if not found.computes or not found.here or found.is_fresh:
        return
    here, seen = found.here, found.seen
    said = f"munge {here['munge']}\nslurmd {here['units']['slurmd']['active'] or 'unknown'}\n"
    accepted = found.cluster.get("accepted")
    problems = seen["problems"] if seen else []
    words = known_cause(
        problems,
        f"{said}credential {here['credential']}" if here["credential"] else said,
        "" if accepted is None else str(accepted),
        found.blade,
        here["unreached"],
    )
    if words:
        message, step = split(words)
        yield Cause(_key_of(message), message, step)
    elif problems and not seen["owner"]:
        seen_words = ", and ".join(their_words(problem, 1000) for problem in problems)
        yield Cause("state", seen_words, f"read the log above, then `provision slurm --nodes {found.blade}`")


def _key_of(message: str) -> str:
    keys = {
        "munge": "munge",
        "its clock": "clock",
        "it has another munge key": "munge key",
        "slurmd does not run": "slurmd stopped",
        "its slurmd hangs": "slurmd hangs",
        "its slurmd runs, and the controller does not reach": "firewall",
        "it does not reach": "firewall",
    }
    return next((key for start, key in keys.items() if message.startswith(start)), "state")


def _health(found: Evidence) -> Iterator[Cause]:
    """What its health check finds; of a drain for it slurmctld has the words."""
    words = found.here.get("health") or ""
    if found.seen.get("owner") == "health check" or found.here.get("munge"):
        return
    if words and not words.startswith(("nothing speaks against", "another check is at work", "could not look")):
        step = "mend that, and it takes jobs again within five minutes, or at once with `slurm-health` on it"
        yield Cause("health", f"its health check finds: {their_words(words.splitlines()[0], 600)}", step)


def _drift(found: Evidence) -> Iterator[Cause]:
    if found.drift and not (found.computes and found.is_fresh):
        shown = "; ".join(their_words(line, 160) for line in found.drift[:4])
        more = f"; and {len(found.drift) - 4} more" if len(found.drift) > 4 else ""
        step = f"`provision slurm --nodes {found.blade}` mends it; `--check` shows every line first"
        yield Cause("drift", f"it is not as its roles keep it: {shown}{more}", step)


def _doubts(found: Evidence) -> Iterator[Cause]:
    for doubt in found.doubts:
        message, step = split(doubt)
        yield Cause("doubt", message, step)


def _diagnosed(key: str, failure: Diagnosis, blade: str) -> Cause:
    return Cause(key, failure.message, failure.step_for(blade), failure.ours)


def _other_problems(found: Evidence) -> Iterator[Cause]:
    """Of a node that could not be asked, slurmctld's words are all there is."""
    if found.seen and not found.here and not found.seen["owner"]:
        for problem in found.seen["problems"]:
            step = f"mend the way to the blade first, then `provision explain {found.blade}` again"
            yield Cause("state", f"slurmctld says: {their_words(problem, 1000)}", step)


_RULES: tuple[Callable[[Evidence], Iterator[Cause]], ...] = (
    _away,
    _controller_away,
    _cannot_be_asked,
    _broken_disk,
    _cluster_down,
    no_member,
    _refused,
    _masked,
    lost_hardware,
    _known,
    drain_cause,
    _health,
    _drift,
    _doubts,
    _other_problems,
)
