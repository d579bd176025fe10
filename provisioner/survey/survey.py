"""From the machines that a person named to a proposal: the one way through all of this package."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console

from provisioner.errors import ProvisionError, StoppedError, UsageError
from provisioner.plan.fields import KEY_FILE, WORD
from provisioner.ssh_key import key_file, refuse_unusable
from provisioner.survey.look import Looked, look_at
from provisioner.survey.machine import UNKNOWN
from provisioner.survey.proposal import Proposal, propose
from provisioner.survey.reach import Reach, Unreachable, find_ways, own_addresses
from provisioner.survey.sorting import LeftOut, Seen, sort_out
from provisioner.survey.targets import Target

_MACHINE_ID = Path("/etc/machine-id")


@dataclass(frozen=True)
class Question:
    """What a person asked for; `out` is where the plan is to be, `offline` asks none, `quiet` shows no progress."""

    cluster: str
    targets: Sequence[Target]
    out: Path
    controller: str | None = None
    key: str | None = None
    offline: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Survey:
    """What came of it; without a machine that can be a node there is no proposal."""

    proposal: Proposal | None
    left_out: Sequence[LeftOut]
    host_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)


def survey(asked: Question, console: Console) -> Survey:
    """Finds the machines, looks at them and proposes a plan.

    Raises:
        UsageError: a name, key or controller cannot be used; no machine was changed.
        StoppedError: it was stopped by a signal.
    """
    if not re.fullmatch(WORD, asked.cluster):
        raise UsageError(
            f'"{asked.cluster}" is no name of a cluster', "use small letters, digits, - and _, starting with a letter"
        )
    key = _whole_key(asked.key) if asked.key else None
    if key:
        refuse_unusable(key_file(key))
    ways = find_ways([replace(each, key=_whole_key(each.key) if each.key else None) for each in asked.targets])
    lost = [LeftOut(way.target.label, way.why, way.next_step) for way in ways if isinstance(way, Unreachable)]
    found, doubles = _once([way for way in ways if isinstance(way, Reach)])
    looked = _look(asked, found, key, console)
    if looked.interrupted:
        raise StoppedError("stopped while machines were looked at, so no plan was written", "run it again")
    kept, unfit = list(looked.seen), list[LeftOut]()
    if not asked.offline:
        here = _MACHINE_ID.read_text().strip() if _MACHINE_ID.exists() else ""
        own = own_addresses([each.reach.address for each in kept])
        kept, unfit = sort_out(kept, asked.controller, {here} - {""}, own)
    out = [*lost, *doubles, *looked.left_out, *unfit]
    if asked.controller:
        _refuse_unfit(asked.controller, out)
    if not kept:
        return Survey(None, out, looked.host_keys)
    proposal = propose(asked.cluster, kept, asked.controller, key)
    return Survey(proposal, [*out, *proposal.left_out], looked.host_keys)


def _once(ways: Sequence[Reach]) -> tuple[list[Reach], list[LeftOut]]:
    """Two names of one address are one machine, which is asked once."""
    first: dict[tuple[str, int, str], Reach] = {}
    doubles = []
    for way in ways:
        other = first.setdefault((way.address, way.port, way.jump), way)
        if other is not way:
            why = f"it has the address {way.address}, as {other.target.label} has"
            doubles.append(LeftOut(way.target.label, why, "leave one of the two out"))
    return list(first.values()), doubles


def _refuse_unfit(controller: str, out: Sequence[LeftOut]) -> None:
    """Without the controller that a person named there is no plan to write.

    Raises:
        ProvisionError: it is one of the machines that were left out.
    """
    for each in out:
        if each.label.lower() == controller.lower():
            raise ProvisionError(f"{each.label} cannot be the controller: {each.why}", each.next_step)


def _look(asked: Question, ways: Sequence[Reach], key: str | None, console: Console) -> Looked:
    if asked.offline or not ways:
        return Looked([Seen(way, UNKNOWN) for way in ways], [], {}, interrupted=False)
    # Lines of progress would tell failures in the words of a run, which has a plan.
    return look_at(asked.cluster, ways, key, asked.out, console, asked.quiet or not console.is_terminal)


def _whole_key(named: str) -> str:
    """The key as the plan is to name it: from anywhere, since a run has another folder than this command.

    Raises:
        UsageError: a plan cannot name a file like this.
    """
    whole = named if named.startswith(("/", "~")) else str(Path(named).absolute())
    if not re.fullmatch(KEY_FILE, whole):
        raise UsageError(
            f'the key "{named}" has a name that no plan takes', "name a plain path: --key ~/.ssh/id_ed25519"
        )
    return whole
