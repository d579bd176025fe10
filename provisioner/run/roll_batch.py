"""One batch of a rolling run: nodes go out of work, are changed, reboot, are proved, and come back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioner.console_text import counted
from provisioner.duration import said
from provisioner.names import folded, host_name
from provisioner.run.outcome import Outcome
from provisioner.run.roll_steps import Steps, troubles
from provisioner.slurm.roll_call import CHANGE, DRAIN, FAILED, REBOOT, Node, RollCall
from provisioner.slurm.rolling import Limits

REBOOT_SECONDS = 1800
"""How long a node may take to come back; Slurm itself gives it up after its ResumeTimeout."""
_LOOK_SECONDS = 20
"""How long the controller waits before it answers, so that a person hears how far it is."""
_GONE = "somebody has let it take jobs again meanwhile"
_SETTLES = 60
"""Seconds in which slurmctld notices what became of a reboot."""


@dataclass(frozen=True)
class Asked:
    """What a person wants.

    Args:
        blades: which compute blades, by their ids.
        what: what is done, in a word or two, for the reason of the drains.
        reboot: whether they reboot.
        limits: a share of the nodes was counted by then.
        groups: the enclosure of each blade, '' for none.
        wait: seconds that jobs of a batch are waited for.
        keep_going: whether it goes on after a failure.
        fresh: whether nodes that a former run has rebooted are rebooted again.
    """

    blades: Sequence[str]
    what: str
    reboot: bool
    limits: Limits
    groups: Mapping[str, str]
    wait: int
    keep_going: bool = False
    fresh: bool = False


@dataclass
class Rolled:
    """What came of it, by blade id.

    Args:
        batches: what was done, in this order: blades, and how many seconds.
        done, same: blades that were worked on, and those where there was nothing to do.
        rebooted: blades that have come back from it.
        failed, left: why, with the next step.
        outcomes: what came of each blade in the runs that changed it.
    """

    batches: list[dict[str, Any]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    rebooted: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass
class BatchWork:
    """What is done with each batch, and noted of it.

    Args:
        to_reboot: blades that are still to reboot.
    """

    asked: Asked
    steps: Steps
    rolled: Rolled
    to_reboot: set[str]

    def run(self, title: str, blades: Sequence[str]) -> None:
        """One batch, from its drain until it takes jobs again."""
        begin, failed = time.monotonic(), dict[str, str]()
        self._tell(title, f"takes {'it' if len(blades) == 1 else 'them'} out of work")
        call = self._take(blades, DRAIN)
        failed |= self._wait(title, blades, call)
        going = [name for name in blades if name not in failed]
        for work in (self._change, self._reboots, self._prove):
            if going:
                failed |= (found := work(title, going))
                going = [name for name in going if name not in found]
        self.rolled.failed |= failed
        self.rolled.done += going
        # Nobody could look at it before.
        for name in [*going, *failed]:
            self.rolled.left.pop(name, None)
        seconds = round(time.monotonic() - begin, 1)
        self.rolled.batches.append({"nodes": list(blades), "failed": failed, "seconds": seconds})
        self._tell(title, f"{folded(failed)} failed" if failed else f"done in {said(seconds)}")

    def _wait(self, title: str, blades: Sequence[str], call: RollCall) -> dict[str, str]:
        """Waits until no job is on them; why one is not free, by blade. Those are given back as they were."""
        end, shown, names = time.monotonic() + self.asked.wait, -1, _names(blades)
        while True:
            nodes = {name: call.nodes.get(host_name(name), _UNKNOWN) for name in blades}
            gone = {name: why for name, node in nodes.items() if (why := _lost(node))}
            busy = {name: node for name, node in nodes.items() if name not in gone and not node.is_drained}
            left = end - time.monotonic()
            if not busy or left <= 0:
                break
            jobs = {job for node in busy.values() for job in node.jobs}
            if len(jobs) != shown:
                self._tell(title, f"waits for {counted(len(jobs), 'job')}, at most {said(left)}")
                shown = len(jobs)
            call = self.steps.ask("hear", names, wait=look_seconds(left))
        late = {
            name: f"jobs are on it after {said(self.asked.wait)} ({', '.join(map(str, node.jobs[:8]))}), so nothing "
            f"was done; next: `provision slurm --rolling --nodes {name} --wait` with more time"
            for name, node in busy.items()
        }
        if failed := {**gone, **late}:
            self.steps.ask("back", _names(failed))
        return failed

    def _change(self, title: str, blades: Sequence[str]) -> dict[str, str]:
        self._tell(title, f"{self.asked.what}: changes what differs")
        nodes = self._take(blades, CHANGE).nodes
        # Between two looks somebody may have resumed one, and jobs have begun.
        gone = [name for name in blades if not nodes.get(host_name(name), _UNKNOWN).is_drained]
        if gone:
            self.steps.ask("back", _names(gone))
        outcome = self.steps.change([name for name in blades if name not in gone])
        self.rolled.outcomes.append(outcome)
        found = troubles(outcome, [name for name in blades if name not in gone], self.steps.plan.cluster.controller)
        return {**self._failed(found), **dict.fromkeys(gone, f"nothing was done, since {_GONE}")}

    def _reboots(self, title: str, blades: Sequence[str]) -> dict[str, str]:
        due = [name for name in blades if name in self.to_reboot]
        if not due:
            return {}
        self._tell(title, "reboots")
        nodes = self._take(due, REBOOT).nodes
        before = {name: nodes.get(host_name(name), _UNKNOWN).boot for name in due}
        call = self.steps.ask("reboot", _names(due), wait=_LOOK_SECONDS)
        failed = self._failed(self.boots(due, before, call))
        back = [name for name in due if name not in failed]
        self.rolled.rebooted += back
        self.steps.ask("hear", done=_names(back))
        # Slurm has added its own words to the reason of somebody else's drain.
        if others := [name for name in back if not nodes.get(host_name(name), _UNKNOWN).run]:
            self.steps.ask("back", _names(others))
        return failed

    def boots(self, blades: Sequence[str], before: Mapping[str, str], call: RollCall) -> dict[str, str]:
        """Waits until Slurm has heard of the boot of each; why one is not back, by blade."""
        begin = time.monotonic()
        while True:
            past = time.monotonic() - begin
            nodes = {name: call.nodes.get(host_name(name), _UNKNOWN) for name in blades}
            out = {
                name: node
                for name, node in nodes.items()
                if node.reboots or not node.answers or node.boot == before.get(name)
            }
            # Slurm has given it up, or somebody has cancelled it.
            over = [node for node in out.values() if not node.reboots and (node.answers or "DOWN" in node.states)]
            if not out or past >= REBOOT_SECONDS or (len(over) == len(out) and past >= _SETTLES):
                step = "look at its console, then `provision explain {}`"
                return {
                    name: f"did not come back from its reboot: {node.away()}; next: {step.format(name)}"
                    for name, node in out.items()
                }
            call = self.steps.ask("hear", _names(out), wait=_LOOK_SECONDS)

    def _prove(self, title: str, blades: Sequence[str]) -> dict[str, str]:
        """Proves them, and lets those take jobs again that work."""
        self._tell(title, "verifies, and gives back")
        outcome = self.steps.prove(blades)
        failed = troubles(outcome, blades, self.steps.plan.cluster.controller)
        if passed := [name for name in blades if name not in failed]:
            self.steps.ask("back", _names(passed))
        return self._failed(failed)

    def _failed(self, why: dict[str, str]) -> dict[str, str]:
        """Nodes that failed stay out of work, and the next run begins with them."""
        if why:
            self._take(list(why), FAILED)
        return why

    def _take(self, blades: Sequence[str], phase: str) -> RollCall:
        return self.steps.ask("take", _names(blades), f"{phase}: {self.asked.what}")

    def _tell(self, title: str, words: str) -> None:
        self.steps.say(f"{title}: {words}")


def _names(blades: Iterable[str]) -> list[str]:
    return [host_name(name) for name in blades]


def look_seconds(left: float) -> int:
    """How long the controller may wait before it answers, of the seconds that are left."""
    return max(1, min(_LOOK_SECONDS, int(left)))


_UNKNOWN = Node(frozenset(), silent=True, registered=False)


def _lost(node: Node) -> str:
    """Why a node is not waited for any longer, '' for one that is."""
    if not node.answers:
        return f"nothing was done, since {node.away()}"
    return "" if "DRAIN" in node.states else f"nothing was done, since {_GONE}"
