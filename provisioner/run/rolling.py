"""A rolling run: batch by batch nodes go out of work, are changed, proved, and come back.

What counts stands on the controller: a node that is out of work says in Slurm which run has it and how far it is, so
that whoever comes next finishes or releases it. The lock of the cluster is taken for each change alone: jobs may be
waited for for days, and other runs mend the cluster meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from provisioner.names import folded, host_name
from provisioner.run.roll_batch import Asked, BatchWork, Rolled, look_seconds
from provisioner.run.roll_steps import Steps, troubles
from provisioner.slurm.roll_call import Node, RollCall
from provisioner.slurm.rolling import Batch, Member, batches, next_batch

HEARD_SECONDS = 110
"""How long slurmctld may take until it asks a node once more: a third of SlurmdTimeout (300 s), and some."""


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
    work: BatchWork = field(init=False)

    def __post_init__(self) -> None:
        self.work = BatchWork(self.asked, self.steps, self.rolled, set())

    def members(self, call: RollCall) -> dict[str, Member]:
        """All nodes of the cluster by blade."""
        return {self._blade(name): self._member(name, node) for name, node in call.nodes.items()}

    def due(self, call: RollCall, differs: Iterable[str]) -> list[str]:
        """The blades to work on: those that differ or are to reboot, and those that a run which died has left."""
        already = self.already(call)
        self.work.to_reboot = {name for name in self.join(call) if self.asked.reboot and name not in already}
        # One that the plan has no more is nobody's to work on.
        dead = {self.spell[name] for name, node in call.nodes.items() if node.run and name in self.spell}
        wanted = {*differs, *self.work.to_reboot, *dead}
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
        rest, done, call = list(due), 0, self._back_from_boot(self._heard_of(call))
        if not self._controller():
            self.leave(call, rest, "")
            return self.rolled
        while (batch := next_batch(self.members(call), rest, self.asked.limits)).nodes:
            total = done + len(self.plan(call, rest)[0])
            done += 1
            self.work.run(f"batch {done} of {total}: {folded(batch.nodes)}", batch.nodes)
            rest = [name for name in rest if name not in batch.nodes]
            call = self.steps.ask("hear")
            if self.rolled.failed and not self.asked.keep_going:
                break
        self.leave(call, rest, batch.why)
        return self.rolled

    def _controller(self) -> bool:
        """Brings the controller about, which never is older than a node; whether it is good."""
        controller = self.steps.plan.cluster.controller
        self.steps.say(f"{controller}: {self.asked.what}: changes what differs")
        outcome = self.steps.change([])
        self.rolled.outcomes.append(outcome)
        self.rolled.failed |= troubles(outcome, [controller], controller)
        return not self.rolled.failed

    def _heard_of(self, call: RollCall) -> RollCall:
        """Waits until a slurmctld that has just started has heard of its nodes; until then each of them seems away."""
        end, out = time.monotonic() + HEARD_SECONDS, _unheard(call)
        if out:
            whom = folded(self._blade(name) for name in out)
            self.steps.say(f"waits for {whom}, of which slurmctld has heard nothing since its start")
        while out and (left := end - time.monotonic()) > 0:
            call = self.steps.ask("hear", out, wait=look_seconds(left))
            out = _unheard(call)
        return call

    def _back_from_boot(self, call: RollCall) -> RollCall:
        """Waits for nodes that a run which died has sent to reboot."""
        out = [self._blade(name) for name, node in call.nodes.items() if node.run and node.reboots]
        if out:
            self.steps.say(f"waits for {folded(out)}, which a former run has sent to reboot")
            self.work.boots(out, {}, call)
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

    def _member(self, name: str, node: Node) -> Member:
        return node.member(self.asked.groups.get(self._blade(name), ""))

    def _blade(self, name: str) -> str:
        return self.spell.get(name, name)


def _unheard(call: RollCall) -> list[str]:
    return sorted(name for name, node in call.nodes.items() if node.unheard)
