"""Whether a test left the shared lab as it found it, and how the lab is set right for the tests after it."""

from __future__ import annotations

import shutil

from tests.cluster.labs import Lab
from tests.cluster.waiting import until

EVIDENCE = """
sinfo --list-reasons --format='%N %u %H %E'
squeue --format='%i %u %T %N %j %r'
tail --lines=30 /var/log/slurm/slurmctld.log
"""
EVIDENCE_OF_A_NODE = "tail --lines=15 /var/log/slurm/slurmd.log"


def left_over(lab: Lab) -> str:
    """What would mislead the next test, '' for nothing: settings of a site, and members that are not idle."""
    if lab.group_vars.exists():
        return f"{lab.group_vars} is left"
    if until(lambda: not _not_idle(lab), 30):
        return ""
    return f"members that are not idle: {_not_idle(lab)}"


def evidence(lab: Lab) -> str:
    """What Slurm says of its nodes and jobs, as far as it can be asked."""
    told = [lab.tried(lab.controller, EVIDENCE).text]
    told += [f"-- {name}\n{lab.tried(name, EVIDENCE_OF_A_NODE).text}" for name in lab.compute]
    return "\n".join(told)


def settle(lab: Lab) -> None:
    """Takes settings and jobs away and makes members idle."""
    shutil.rmtree(lab.group_vars, ignore_errors=True)
    lab.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    lab.slurm(lab.compute)
    for name in _not_idle(lab):
        lab.ask(f"scontrol update nodename={name.lower()} state=resume; true")


def forget_reasons(lab: Lab) -> None:
    """Makes slurmctld forget the words of earlier drains: it keeps them when a node resumes, and does not replace them
    by its own when it drains that node itself."""
    lab.ask("systemctl stop slurmctld; rm --force /var/lib/slurm/slurmctld/node_state*; systemctl start slurmctld")
    for name in lab.compute:
        assert lab.state(name, "idle", 60) == "idle"


def _not_idle(lab: Lab) -> dict[str, str]:
    states = lab.states()
    return {name: states.get(name, "unknown") for name in lab.compute if states.get(name) != "idle"}
