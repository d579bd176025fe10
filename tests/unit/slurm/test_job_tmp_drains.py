"""Drains for folders of jobs, as the program of the role makes and ends them, and what is left of them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.contracts.ansible_files import ROOT

STATE = yaml.safe_load((ROOT / "roles" / "jobtmp" / "vars" / "main.yml").read_text())["jobtmp_state"]
PROGRAM = STATE["files"]["/usr/local/sbin/slurm-job-tmp"]["content"]
OURS = "provision: job-tmp: its scratch is not mounted at /scratch"
OVER = "provision: had no job-tmp: its scratch is not mounted at /scratch"
WAS_DRAINED = "provision: was drained: another fan"
# What Slurm says of the node before and after it is resumed, instead of a Slurm.
SLURM = """
asked() { if [ -e resumed ]; then echo "$AFTER"; else echo "$BEFORE"; fi; }
timeout() { shift; echo "${*:3}" >> told; [[ "$*" != *state=resume* ]] || touch resumed; }
"""


def told(folder: Path, function: str, before: str, after: str = "") -> list[str]:
    """What `scontrol update` is told by a function of the program."""
    (functions,) = re.findall(r"^drain\(\) \{.*?(?=^# Jobs that have)", PROGRAM, re.MULTILINE | re.DOTALL)
    names = "\n".join(re.findall(r"^(?:ours|over|refused)=.*$", PROGRAM, re.MULTILINE))
    script = f"set -uo pipefail\nnode=bld-002 well=well\n{names}\n{SLURM}\n{functions}\n{function}"
    rows = {"BEFORE": f"NodeName=bld-002 {before}", "AFTER": f"NodeName=bld-002 {after}"}
    subprocess.run(["bash", "-c", script], cwd=folder, env={**os.environ, **rows}, check=True)
    found = folder / "told"
    return [line.removeprefix("nodename=bld-002 ") for line in found.read_text().splitlines()] if found.exists() else []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f"State=IDLE+DRAIN Reason={OURS} [root@2026-11-27T01:00:00]", "State=IDLE", ["state=resume"]),
        # Slurm 24.11 without accounting.
        (
            f"State=IDLE+DRAIN Reason={OURS} [root@2026-11-27T01:00:00]",
            f"State=IDLE Reason={OURS} [root@2026-11-27T01:00:00]",
            ["state=resume", f"reason={OVER}"],
        ),
        (f"State=MIXED Reason={OURS} [root@2026-11-27T01:00:00]", "", [f"reason={OVER}"]),
        (f"State=IDLE Reason={OVER} [root@2026-11-27T01:00:00]", "", []),
        (f"State=IDLE+DRAIN Reason={OVER} [slurm@2026-11-27T01:00:00]", "", []),
        ("State=IDLE+DRAIN Reason=fans, says the admin [root@2026-11-27T01:00:00]", "", []),
        ("State=IDLE", "", []),
    ],
)
def test_what_is_over_leaves_no_words_that_make_one_of_ours_of_the_next(
    tmp_path: Path, before: str, after: str, expected: list[str]
) -> None:
    assert told(tmp_path, "resume", before, after) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (f"State=IDLE Reason={OVER} [root@2026-11-27T01:00:00]", ["state=drain reason=provision: job-tmp: full"]),
        ("State=IDLE+DRAIN Reason=fans [root@2026-11-27T01:00:00]", []),
        ("State=IDLE+DRAIN Reason=Low TmpDisk [slurm@2026-11-27T01:00:00]", ["reason=provision: job-tmp: full"]),
        # Slurm 24.11 without accounting drains in words that are over; a refused node it drained for what it lacks.
        (f"State=IDLE+DRAIN+INVALID_REG Reason={OVER} [root@2026]", ["reason=provision: job-tmp: full"]),
        (f"State=DOWN+DRAIN+INVALID_REG Reason={WAS_DRAINED} [root@2026]", ["reason=provision: job-tmp: full"]),
        (f"State=IDLE+DRAIN Reason={OVER} [root@2026]", []),
        ("State=IDLE+DRAIN+INVALID_REG Reason=fans [root@2026]", []),
    ],
)
def test_a_drain_of_others_is_left(tmp_path: Path, before: str, expected: list[str]) -> None:
    assert told(tmp_path, "drain full", before) == expected
