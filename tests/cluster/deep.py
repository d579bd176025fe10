"""What tests of `provision verify --deep` ask of its report."""

from __future__ import annotations

from typing import Any

from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

OURS = "squeue --noheader --all --name=provision-verify --format='%A %u %T'"
SCRIPTS = "find /tmp /run/lock -maxdepth 1 -name 'provision-verify*'"


def checks(said: Said) -> dict[str, Any]:
    """The checks by name."""
    assert said.json["deep"], said.text
    return {one["name"]: one for one in said.json["deep"]["checks"]}


def results(said: Said) -> dict[str, str]:
    """`ok`, `failed` or `not tried` by check."""
    return {name: one["result"] for name, one in checks(said).items()}


def only(said: Said, result: str) -> set[str]:
    """The checks with this result."""
    return {name for name, its in results(said).items() if its == result}


def left_behind(lab: Lab) -> str:
    """Jobs and files of a deep verification, '' for none."""
    return lab.ask(OURS) + "".join(lab.inside(name, SCRIPTS) for name in (lab.controller, *lab.compute))


def kill_module(lab: Lab, account: str) -> None:
    """Kills the verification whose jobs this account has: their comment names its process.

    Jobs of one that is over may still be completing.
    """
    comments = f"squeue --noheader --name=provision-verify --user={account} --format=%k"
    kill = f"for pid in $({comments} | cut -d : -f 4); do kill -KILL $pid 2> /dev/null && exit; done; exit 1"
    assert until(lambda: lab.tried(lab.controller, kill).code == 0, 10), f"over by itself: {lab.ask(comments)}"
