"""Verbs of a node's life: what is said, what comes before it, and what each promises at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.campaign.case import Broken
from tests.campaign.cluster import Cluster
from tests.campaign.rolls import DIFFERS
from tests.cluster.test_release import put_on_record, records

REASON = "for the campaign"


@dataclass(frozen=True)
class Verb:
    """A verb of a node's life, for a blade and a folder of this machine.

    Args:
        words: what is said after `provision`.
        ended: what is not as the verb promises once it ended well.
        first: what happens before it.
        drains: whether the blade is to be drained at its end.
        over: how it refuses in its words, once it or a part of it is done.
        undone: whether `provision resume` takes it back, for as long as the blade is a member.
    """

    words: Callable[[str, Path], list[str]]
    ended: Callable[[Cluster, str, Path], str]
    first: Callable[[Cluster, str, Path], None] = lambda cluster, blade, folder: None
    drains: bool = False
    over: str = ""
    undone: bool = False


def _drained(cluster: Cluster, blade: str, folder: Path) -> str:
    words = cluster.lab.ask(f"scontrol show node {blade.lower()}")
    is_ours = "DRAIN" in words and f"Reason=provision: drain: {REASON}" in words
    return "" if is_ours else f"{blade} is not drained: {words}"


def _idle(cluster: Cluster, blade: str, folder: Path) -> str:
    state = cluster.lab.state(blade, "idle", 60)
    return "" if state == "idle" else f"{blade} is {state}"


def _gone(cluster: Cluster, blade: str, folder: Path) -> str:
    if blade in cluster.lab.states():
        return f"{blade} is a member"
    return "slurmd runs there" if cluster.lab.tried(blade, "pgrep -x slurmd").code == 0 else ""


def _kept(cluster: Cluster, blade: str, folder: Path) -> str:
    if cluster.lab.tried(cluster.lab.controller, "scontrol ping | grep -q 'is UP'").code:
        return "slurmctld is away"
    found = sorted(folder.glob("*.tar"))
    if not found:
        return "there is no backup"
    unpacked = folder / "unpacked"
    said = cluster.lab.provision("restore", str(found[-1]), f"--extract={unpacked}")
    return "" if said.code == 0 and any(unpacked.rglob("nodes.json")) else f"the backup is not whole: {said.text}"


def _mended(cluster: Cluster, blade: str, folder: Path) -> str:
    if cluster.lab.tried(blade, f"test -e {DIFFERS}").code:
        return f"{blade} is not changed"
    return _idle(cluster, blade, folder)


def _replaced(cluster: Cluster, blade: str, folder: Path) -> str:
    kept = records(cluster.lab)[blade.lower()]["parts"]["serial"]
    return f"{kept} is on record" if kept else _idle(cluster, blade, folder)


def _drain(blade: str, folder: Path) -> list[str]:
    return ["drain", blade, f"--reason={REASON}"]


def _drain_first(cluster: Cluster, blade: str, folder: Path) -> None:
    _said_before(cluster, _drain(blade, folder))


def _differ(cluster: Cluster, blade: str, folder: Path) -> None:
    cluster.lab.inside(blade, f"rm -f {DIFFERS}")


def _shown_first(cluster: Cluster, blade: str, folder: Path) -> None:
    _differ(cluster, blade, folder)
    _said_before(cluster, ["slurm", f"--nodes={blade}", "--check", f"--out={folder / 'shown'}"])


def _another_board(cluster: Cluster, blade: str, folder: Path) -> None:
    put_on_record(cluster.lab, blade, serial="CZ3111ABCD")


def _said_before(cluster: Cluster, words: list[str]) -> None:
    if (said := cluster.lab.provision(*words)).code != 0:
        raise Broken(f"what comes before it ends with {said.code}", {"said": said.text})


VERBS = {
    "drain": Verb(_drain, _drained, drains=True, undone=True),
    "resume": Verb(lambda blade, folder: ["resume", blade], _idle, first=_drain_first),
    "release": Verb(lambda blade, folder: ["release", blade], _gone, undone=True),
    "backup": Verb(lambda blade, folder: ["backup", "--plain", f"--to={folder}"], _kept),
    "replace": Verb(
        lambda blade, folder: ["replace", blade, "--yes"], _replaced, _another_board, over="nothing is to be replaced"
    ),
    "slurm --apply": Verb(
        lambda blade, folder: ["slurm", f"--apply={folder / 'shown'}"], _mended, _shown_first, over="next:"
    ),
    "slurm --upgrade": Verb(lambda blade, folder: ["slurm", f"--nodes={blade}", "--upgrade"], _mended, _differ),
    "slurm --scheduled": Verb(lambda blade, folder: ["slurm", f"--nodes={blade}", "--scheduled"], _mended, _differ),
}
