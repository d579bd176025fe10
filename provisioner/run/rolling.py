"""A rolling run: batch by batch nodes go out of work, are changed, proved, and come back.

What counts stands on the controller: a node that is out of work says in Slurm which run has it and how far it is, so
that whoever comes next finishes or releases it. The lock of the cluster is taken for each change alone: jobs may be
waited for for days, and other runs mend the cluster meanwhile.
"""

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
from provisioner.slurm.rolling import Batch, Limits, Member, batches, next_batch

REBOOT_SECONDS = 1800
"""How long a node may take to come back; Slurm itself gives it up after its ResumeTimeout."""
_LOOK_SECONDS = 20
"""How long the controller waits before it answers, so that a person hears how far it is."""
_GONE = "somebody has let it take jobs again meanwhile"


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
        done: blades that were worked on, or had nothing to do.
        failed, left: why, with the next step.
        outcomes: what came of each blade in the runs that changed it.
        planned: in a check, the batches in their order.
    """

    batches: list[dict[str, Any]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    planned: list[list[str]] = field(default_factory=list)
    why: str = ""


@dataclass
class Roll:
    """The loop over the batches.

    Args:
        spell: the blade of each node, as the plan writes it.
    """

    asked: Asked
    steps: Steps
    spell: Mapping[str, str]
    rolled: Rolled = field(default_factory=Rolled)
    _to_reboot: set[str] = field(default_factory=set)

    def members(self, call: RollCall) -> dict[str, Member]:
        """All nodes of the cluster by blade."""
        return {self._blade(name): self._member(name, node) for name, node in call.nodes.items()}

    def due(self, call: RollCall, differs: Iterable[str]) -> list[str]:
        """The blades to work on: those that differ or are to reboot, and those that a run which died has left."""
        already = self.already(call)
        self._to_reboot = {name for name in self.join(call) if self.asked.reboot and name not in already}
        dead = {self._blade(name) for name, node in call.nodes.items() if node.run}
        wanted = {*differs, *self._to_reboot, *dead}
        return [*(name for name in self.asked.blades if name in wanted), *sorted(dead - {*self.asked.blades})]

    def already(self, call: RollCall) -> list[str]:
        """The blades that were rebooted by the run that this one goes on with."""
        same = self.asked.reboot and not self.asked.fresh and call.note.get("kind") == self.asked.what
        return [name for name in self.asked.blades if same and host_name(name) in call.done]

    def join(self, call: RollCall) -> list[str]:
        """The blades that are members by now; the others are left."""
        here = [name for name in self.asked.blades if host_name(name) in call.nodes]
        self.leave(call, [name for name in self.asked.blades if name not in here], "")
        return here

    def plan(self, call: RollCall, due: Sequence[str]) -> tuple[list[Batch], Batch]:
        """All batches, should nothing fail."""
        return batches(self.members(call), due, self.asked.limits)

    def run(self, call: RollCall, due: Sequence[str]) -> Rolled:
        """Works on all of them.

        Raises:
            ProvisionError: the controller does not answer.
            StoppedError: a person stopped it; what is out of work says so in Slurm.
        """
        rest, done, call = list(due), 0, self._back_from_boot(call)
        if not self._controller():
            self.leave(call, rest, "")
            return self.rolled
        while (batch := next_batch(self.members(call), rest, self.asked.limits)).nodes:
            total = done + len(self.plan(call, rest)[0])
            done += 1
            self._batch(f"batch {done} of {total}: {folded(batch.nodes)}", batch.nodes)
            rest = [name for name in rest if name not in batch.nodes]
            call = self.steps.ask("hear")
            if self.rolled.failed and not self.asked.keep_going:
                break
        self.leave(call, rest, batch.why)
        return self.rolled

    def _controller(self) -> bool:
        """Brings the controller about, which never is older than a node; whether it is good."""
        controller = self.steps.plan.cluster.controller
        self._tell(controller, f"{self.asked.what}: changes what differs")
        outcome = self.steps.change([])
        self.rolled.outcomes.append(outcome)
        self.rolled.failed |= troubles(outcome, [controller], controller)
        return not self.rolled.failed

    def _batch(self, title: str, blades: Sequence[str]) -> None:
        """One batch, from its drain until it takes jobs again."""
        begin, failed = time.monotonic(), dict[str, str]()
        self._tell(title, f"takes {'it' if len(blades) == 1 else 'them'} out of work")
        call = self._take(blades, DRAIN)
        failed |= self._wait(title, blades, call)
        going = [name for name in blades if name not in failed]
        for work in (self._change, self._reboot, self._prove):
            if going:
                failed |= (found := work(title, going))
                going = [name for name in going if name not in found]
        self.rolled.failed |= failed
        self.rolled.done += going
        seconds = round(time.monotonic() - begin, 1)
        self.rolled.batches.append({"nodes": list(blades), "failed": failed, "seconds": seconds})
        self._tell(title, f"{folded(failed)} failed" if failed else f"done in {said(seconds)}")

    def _wait(self, title: str, blades: Sequence[str], call: RollCall) -> dict[str, str]:
        """Waits until no job is on them; why one is not free, by blade. Those are given back as they were."""
        end, shown, names = time.monotonic() + self.asked.wait, -1, self._names(blades)
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
            call = self.steps.ask("hear", names, wait=max(1, min(_LOOK_SECONDS, int(left))))
        late = {
            name: f"jobs are on it after {said(self.asked.wait)} ({', '.join(map(str, node.jobs[:8]))}), so nothing "
            f"was done; next: `provision slurm --rolling --nodes {name} --wait` with more time"
            for name, node in busy.items()
        }
        if failed := {**gone, **late}:
            self.steps.ask("back", self._names(failed))
        return failed

    def _change(self, title: str, blades: Sequence[str]) -> dict[str, str]:
        self._tell(title, f"{self.asked.what}: changes what differs")
        self._take(blades, CHANGE)
        outcome = self.steps.change(blades)
        self.rolled.outcomes.append(outcome)
        return self._failed(troubles(outcome, blades, self.steps.plan.cluster.controller))

    def _reboot(self, title: str, blades: Sequence[str]) -> dict[str, str]:
        due = [name for name in blades if name in self._to_reboot]
        if not due:
            return {}
        self._tell(title, "reboots")
        nodes = self._take(due, REBOOT).nodes
        before = {name: nodes.get(host_name(name), _UNKNOWN).boot for name in due}
        words = f"{REBOOT}: {self.asked.what}"
        call = self.steps.ask("reboot", self._names(due), words, wait=_LOOK_SECONDS)
        failed = self._failed(self._boots(due, before, call))
        self.steps.ask("hear", done=self._names(name for name in due if name not in failed))
        return failed

    def _boots(self, blades: Sequence[str], before: Mapping[str, str], call: RollCall) -> dict[str, str]:
        """Waits until Slurm has heard of the boot of each; why one is not back, by blade."""
        end = time.monotonic() + REBOOT_SECONDS
        while True:
            nodes = {name: call.nodes.get(host_name(name), _UNKNOWN) for name in blades}
            out = {
                name: node
                for name, node in nodes.items()
                if node.reboots or not node.answers or node.boot == before.get(name)
            }
            given_up = [name for name, node in out.items() if "DOWN" in node.states and not node.reboots]
            if not out or len(given_up) == len(out) or time.monotonic() >= end:
                step = "look at its console, then `provision explain {}`"
                return {
                    name: f"did not come back from its reboot: {node.away()}; next: {step.format(name)}"
                    for name, node in out.items()
                }
            call = self.steps.ask("hear", self._names(out), wait=_LOOK_SECONDS)

    def _prove(self, title: str, blades: Sequence[str]) -> dict[str, str]:
        """Lets them take jobs again, and takes out once more whatever does not work."""
        self._tell(title, "gives back, and verifies")
        self.steps.ask("back", self._names(blades))
        outcome = self.steps.prove(blades)
        return self._failed(troubles(outcome, blades, self.steps.plan.cluster.controller))

    def _failed(self, why: dict[str, str]) -> dict[str, str]:
        """Nodes that failed stay out of work, and the next run begins with them."""
        if why:
            self._take(list(why), FAILED)
        return why

    def _take(self, blades: Sequence[str], phase: str) -> RollCall:
        return self.steps.ask("take", self._names(blades), f"{phase}: {self.asked.what}")

    def _back_from_boot(self, call: RollCall) -> RollCall:
        """Waits for nodes that a run which died has sent to reboot."""
        out = [self._blade(name) for name, node in call.nodes.items() if node.run and node.reboots]
        if out:
            self.steps.say(f"waits for {folded(out)}, which a former run has sent to reboot")
            self._boots(out, {}, call)
            return self.steps.ask("hear")
        return call

    def leave(self, call: RollCall, rest: Sequence[str], why: str) -> None:
        """Whoever was not worked on, and why."""
        for name in rest:
            node = call.nodes.get(host_name(name))
            if node is None:
                words = f"it is no member yet; next: `provision slurm --nodes {name}`"
            elif not node.answers:
                words = f"{node.away()}; next: `provision explain {name}`"
            elif self.rolled.failed and not self.asked.keep_going:
                words = "its turn did not come, since another one failed; the same command goes on"
            else:
                words = why
            self.rolled.left.setdefault(name, words)
        self.rolled.why = why

    def _member(self, name: str, node: Node) -> Member:
        return node.member(self.asked.groups.get(self._blade(name), ""))

    def _blade(self, name: str) -> str:
        return self.spell.get(name, name)

    def _names(self, blades: Iterable[str]) -> list[str]:
        return [host_name(name) for name in blades]

    def _tell(self, title: str, words: str) -> None:
        self.steps.say(f"{title}: {words}")


_UNKNOWN = Node(frozenset(), silent=True, registered=False)


def _lost(node: Node) -> str:
    """Why a node is not waited for any longer, '' for one that is."""
    if not node.answers:
        return f"nothing was done, since {node.away()}"
    return "" if "DRAIN" in node.states else f"nothing was done, since {_GONE}"
