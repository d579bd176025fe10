"""What came of nodes that were drained or resumed, from the answer of the module `slurm_drain`. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from provisioner.console_text import their_words
from provisioner.errors import ExitCode
from provisioner.slurm.status import expand

DRAINED, RESUMED, READY, KEPT, MISSING = "drained", "resumed", "ready", "kept", "missing"
RESULTS = frozenset({DRAINED, RESUMED, READY, KEPT, MISSING})


@dataclass(frozen=True)
class Drained:
    """One node after the command.

    Args:
        result: one of RESULTS; kept is a node that takes no jobs for a reason that is not ours.
        told: whether slurmctld was told anything, or would be.
        state: its states as slurmctld has them, joined by `+`; '' for one that it does not know.
        reason, by: why it takes no jobs, and which account said so.
        jobs: numbers of the jobs on it.
    """

    result: str
    told: bool
    state: str
    reason: str
    by: str
    jobs: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def parse_drained(answer: Mapping[str, Any], blades: Mapping[str, str]) -> dict[str, Drained]:
    """Reads the result of `slurm_drain`, by blade; what is of another shape is left out.

    Args:
        blades: how the plan calls each node that was asked for.
    """
    jobs: dict[str, list[int]] = {}
    for row in answer.get("running") or []:
        if isinstance(row, list) and len(row) == 2 and str(row[0]).isdecimal():
            for node in expand(str(row[1])):
                jobs.setdefault(node, []).append(int(row[0]))
    found = {}
    for each in answer.get("nodes") or []:
        if isinstance(each, Mapping) and each.get("name") in blades and each.get("result") in RESULTS:
            states = [str(state) for state in each.get("states") or []]
            found[blades[each["name"]]] = Drained(
                result=str(each["result"]),
                told=each.get("told") is True,
                state="+".join(states).lower(),
                reason=str(each.get("reason") or ""),
                by=str(each.get("by") or ""),
                jobs=tuple(sorted(jobs.get(str(each["name"]), []))),
            )
    return found


def line(name: str, node: Drained, state: str, check: bool) -> str:
    """What a person is told of a blade that was to be drained or resumed, as one sentence.

    Args:
        name: the node's in Slurm.
        state: what it was to be: `drained` or `resumed`.
    """
    reason = their_words(node.reason, 200)
    would = "would be " if check else ""
    if node.result == MISSING:
        return "slurmctld does not know it"
    if node.result == KEPT and state == DRAINED:
        return f"takes no jobs already ({reason}), which stays as it is{_jobs(node)}"
    if node.result == KEPT:
        return (
            f"stays drained ({reason}), since that is no drain of `provision drain`; next: once its cause is gone, "
            f"`scontrol update nodename={name} state=resume` on the controller"
        )
    if node.result == READY:
        return "is not drained" + (f", and {node.state}" if _is_away(node) else "")
    if node.result == RESUMED:
        return f"{would or 'is '}resumed" + (f", and it is {node.state}" if _is_away(node) else "")
    return (f"{would}drained" if node.told else "is drained already") + _jobs(node)


def code(nodes: Iterable[Drained], state: str) -> ExitCode:
    """Whether all are as they were to be: a node that takes no jobs is drained, whoever said so."""
    bad = [node.result == MISSING or (node.result == KEPT and state == RESUMED) for node in nodes]
    return ExitCode.OK if not any(bad) else ExitCode.FAILED if all(bad) else ExitCode.DEGRADED


def _is_away(node: Drained) -> bool:
    return any(word in node.state for word in ("down", "fail", "not_responding", "powered", "unknown"))


def _jobs(node: Drained) -> str:
    if not node.jobs:
        return ""
    numbers = ", ".join(map(str, node.jobs[:8])) + (f" and {len(node.jobs) - 8} more" if len(node.jobs) > 8 else "")
    return f"; jobs on it go on: {numbers}" if len(node.jobs) > 1 else f"; job {numbers} on it goes on"
