"""What slurmctld says of each node to a rolling run, from the answer of the module `slurm_roll`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.console_text import their_words
from provisioner.names import NAME
from provisioner.slurm.rolling import Member
from provisioner.slurm.status import expand

# With these alone a node takes jobs. RESERVED: some of its jobs are to be a reservation's.
_IN_WORK = frozenset({"IDLE", "MIXED", "ALLOCATED", "COMPLETING", "PLANNED", "RESERVED", "CLOUD", "DYNAMIC_NORM"})
_WORKS = frozenset({"IDLE", "MIXED", "ALLOCATED", "COMPLETING"})
# Out of work, and yet something can be done on it.
_HELD = frozenset({"DRAIN", "INVALID_REG", "MAINTENANCE"})
_REBOOTS = frozenset({"REBOOT_REQUESTED", "REBOOT_ISSUED"})
_PARTITION = re.compile(r"[^\s,]{1,200}")
RUN = r"[A-Za-z0-9T]{1,24}-[0-9]{1,10}"
_REASON = re.compile(rf"provision: rolling: ({RUN}) (drain|change|reboot|failed)(?:: (.*))?")
DRAIN, CHANGE, REBOOT, FAILED = "drain", "change", "reboot", "failed"
"""Where a node is in a rolling run, as the reason of its drain says it."""


@dataclass(frozen=True)
class Node:
    """One node as slurmctld has it.

    Args:
        states: words of its state in capitals; none for a node whose state nobody knows.
        silent: whether slurmctld gets no answer from it.
        registered: whether its slurmd has.
        run, phase: the rolling run that has it out of work and where it was; '' for any other drain, and for none.
        boot: when it booted, as it says it itself; '' where that is not known.
        jobs: numbers of the jobs on it.
    """

    states: frozenset[str]
    silent: bool
    registered: bool
    reason: str = ""
    run: str = ""
    phase: str = ""
    partitions: frozenset[str] = frozenset()
    boot: str = ""
    jobs: tuple[int, ...] = ()

    @property
    def is_drained(self) -> bool:
        """Whether slurmctld says so, and that no job is on it; what is not known is no drain."""
        return "DRAIN" in self.states and not self.jobs and not self.states & {"MIXED", "ALLOCATED", "COMPLETING"}

    @property
    def reboots(self) -> bool:
        """Whether slurmctld waits for its boot."""
        return bool(self.states & _REBOOTS)

    @property
    def unheard(self) -> bool:
        """Whether slurmctld has heard nothing of it since it started."""
        return "UNKNOWN" in self.states

    @property
    def answers(self) -> bool:
        """Whether it is in touch with slurmctld, in work or not."""
        known = self.states & _WORKS and self.states <= _IN_WORK | _HELD
        return bool(known) and not self.silent and self.registered

    def member(self, group: str = "") -> Member:
        """What the order of work goes by."""
        return Member(
            available=self.answers and self.states <= _IN_WORK,
            workable=self.answers,
            ours=bool(self.run),
            partitions=self.partitions,
            group=group,
            busy=bool(self.jobs) or bool(self.states & {"MIXED", "ALLOCATED", "COMPLETING"}),
        )

    def away(self) -> str:
        """Why nothing can be done on it, for a person."""
        state = "+".join(sorted(self.states)).lower() or "unknown"
        silent = ", and does not answer" if self.silent else ""
        return f"it is {state}{silent}" + (f" ({their_words(self.reason, 120)})" if self.reason else "")


@dataclass(frozen=True)
class RollCall:
    """What the controller answered.

    Args:
        nodes: by their name in Slurm.
        result: what came of each node that something was asked for: drained, resumed, ready, kept, missing.
        note: what the controller keeps of the rolling run that is at work, or was stopped; see `slurm_roll`.
        age: seconds since that run was heard of last.
    """

    nodes: dict[str, Node]
    result: dict[str, str] = field(default_factory=dict)
    note: dict[str, Any] = field(default_factory=dict)
    age: float = 0.0

    @property
    def done(self) -> frozenset[str]:
        """The nodes that the run of the note has rebooted."""
        found = self.note.get("done")
        return frozenset(str(name) for name in found) if isinstance(found, list) else frozenset()


def parse_roll_call(answer: Mapping[str, Any]) -> RollCall:
    """Reads the result of `slurm_roll`; what is of another shape is left out, and so is unknown."""
    jobs = _jobs(answer.get("running"))
    nodes = {}
    for each in answer.get("nodes") or []:
        if isinstance(each, Mapping) and re.match(NAME, str(each.get("name"))):
            nodes[str(each["name"])] = _node(each, jobs.get(str(each["name"]), ()))
    found, note, age = answer.get("result"), answer.get("note"), answer.get("age")
    return RollCall(
        nodes,
        {str(name): str(result) for name, result in found.items()} if isinstance(found, Mapping) else {},
        dict(note) if isinstance(note, Mapping) else {},
        float(age) if isinstance(age, int | float) and age >= 0 else 0.0,
    )


def _node(each: Mapping[str, Any], jobs: Iterable[int]) -> Node:
    states, partitions = each.get("states"), each.get("partitions")
    words = frozenset(str(state).upper() for state in states) if isinstance(states, list) else frozenset[str]()
    reason = str(each.get("reason") or "")
    ours = _REASON.fullmatch(reason) if "DRAIN" in words else None
    return Node(
        states=words,
        silent=each.get("silent") is not False,
        registered=bool(each.get("version")),
        reason=reason,
        run=ours[1] if ours else "",
        phase=ours[2] if ours else "",
        partitions=frozenset(
            str(name) for name in partitions if _PARTITION.fullmatch(str(name))
        ) if isinstance(partitions, list) else frozenset(),
        boot=str(each.get("boot") or ""),
        jobs=tuple(sorted(jobs)),
    )  # fmt: skip


def _jobs(rows: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, list) and len(row) == 2 and str(row[0]).isdecimal():
            for node in expand(str(row[1])):
                found.setdefault(node, []).append(int(row[0]))
    return found
