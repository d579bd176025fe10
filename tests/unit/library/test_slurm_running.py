"""Which jobs are on which nodes, by slurmctld and by the processes of a node."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, answer_of, shared

RUNNING = ansible_module("slurm_running")
PROCESSES = shared("blade_processes")
JOBS = shared("slurm_jobs")
OURS = "91 bld-008 provision:verify:run:1:1"


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, str, str]]:
    """What squeue says of all jobs; one of ours is always among them."""
    said = {"squeue": (0, "17 bld-[008,011]\n23 bld-008\n91 bld-008\n24 \nx y z\n", "")}

    def run(*command: str, **more: Any) -> tuple[int, str, str]:
        if command[0] == "scontrol":
            return 0, command[3].replace("bld-[008,011]", "bld-008,bld-011").replace(",", "\n"), ""
        if "--name=provision-verify" in command:
            return (0, OURS, "") if "--user=nobody" in command else (0, "", "")
        return said["squeue"]

    for module in (RUNNING, JOBS):
        monkeypatch.setattr(module, "run", run)
    return said


def test_jobs_of_others_by_node(slurm: dict[str, tuple[int, str, str]]) -> None:
    answer = answer_of(RUNNING, nodes=["bld-008", "bld-012"])
    assert answer["jobs"] == {"bld-008": ["17", "23"]}
    assert answer["changed"] is False


@pytest.mark.parametrize(
    "said", [(1, "", "slurm_load_jobs error"), (127, "", "squeue: no such file"), (124, "1 b", "")]
)
def test_a_slurmctld_that_does_not_answer_is_no_failure(slurm: dict[str, Any], said: tuple[int, str, str]) -> None:
    slurm["squeue"] = said
    assert answer_of(RUNNING, nodes=["bld-008"])["jobs"] == {}


def test_a_node_sees_its_jobs_by_their_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    # A process that has taken the name of Slurm's, as the kernel tells it; blades of a lab here may have others.
    script = "printf slurmstepd > /proc/$$/comm; echo; read -r _"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    step = subprocess.Popen(["bash", "-c", script, "slurmstepd: [987654321.batch]"], **pipes)  # type: ignore[call-overload]
    assert step.stdout is not None
    try:
        step.stdout.readline()
        monkeypatch.setattr(RUNNING, "_MOST_JOBS", 10_000)
        monkeypatch.setattr(PROCESSES, "ROOT", os.getuid())
        found = RUNNING.own_jobs()
        monkeypatch.setattr(PROCESSES, "ROOT", os.getuid() + 1)
        of_others = RUNNING.own_jobs()
    finally:
        step.communicate(b"\n")
    assert "987654321" in found
    # A user may call a process whatever he likes.
    assert "987654321" not in of_others
