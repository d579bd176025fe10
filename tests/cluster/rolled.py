"""What the tests of rolling runs share: free members before and after, a difference to mend, who is drained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster.job_tmp import node
from tests.cluster.labs import Lab, Said

FILE = "/etc/logrotate.d/slurmd"
NOTE = "/var/lib/provision/rolling.json"


@contextmanager
def free_members(lab: Lab) -> Iterator[None]:
    """Free members in sync and nobody else, and so again afterwards."""
    # Another file may have left it a member that is away, which counts.
    if lab.tried(lab.controller, f"scontrol show node {lab.spare.lower()}").code == 0:
        said = lab.slurm(lab.compute, f"--forget={lab.spare}")
        assert said.code == 0, said.text
    yield
    lab.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    for name in lab.compute:
        lab.ask(f"scontrol update nodename={name.lower()} state=resume 2> /dev/null; true")
        assert lab.state(name, "idle", 60) == "idle"
    lab.ask(f"rm -f {NOTE}")
    if not all(is_mended(lab, name) for name in lab.compute):
        assert lab.slurm(lab.compute).code == 0


def differ(lab: Lab, *blades: str) -> None:
    for blade in blades:
        lab.inside(blade, f"rm -f {FILE}")


def is_mended(lab: Lab, blade: str) -> bool:
    return lab.inside(blade, f"ls {FILE} 2> /dev/null; true") == FILE


def rolling(lab: Lab, *words: str) -> Said:
    return lab.slurm(lab.compute, "--rolling", *words)


def batches(said: Said) -> list[list[str]]:
    assert "rolling" in said.json, said.text
    return [batch["nodes"] for batch in said.json["rolling"]["batches"]]


def drained(lab: Lab) -> list[str]:
    return [name for name in lab.compute if re.search(r" State=\S*DRAIN", node(lab, name))]
