"""A reader that goes away stops nothing and leaves no complaint."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLAN = ROOT / "inventories" / "asgard" / "plan.yml"


@pytest.mark.parametrize("words", ["plan", "plan --json", "check --variables", "schema", "inventory --list"])
def test_nobody_reads_on(words: str) -> None:
    """The reader is gone before the first word, so that every write meets a broken pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PROVISION_PLAN": str(PLAN)}
    command = [sys.executable, "-m", "provisioner", *words.split()]
    try:
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_lines_stay_whole_in_a_pipe() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [sys.executable, "-m", "provisioner", "plan", f"--plan={PLAN}"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) > 80
    assert [line for line in lines if line != line.rstrip()] == []
    narrow = subprocess.run(command, capture_output=True, text=True, env={**environment, "COLUMNS": "60"}, check=True)
    assert max(map(len, narrow.stdout.splitlines())) <= 60
