"""Verbs answer whatever the locale, which ssh may have brought along from another machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOCALES = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "xx_YY.UTF-8"},
    {"LANG": "de_DE.UTF-8", "LC_CTYPE": "UTF-8"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
]
VERBS = ["plan", "plan --json", "check", "inventory --list", "inventory --graph", "schema", "slurm --help"]


@pytest.mark.parametrize("surroundings", LOCALES, ids=str)
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_answers_in_any_locale(site: Path, verb: str, surroundings: dict[str, str]) -> None:
    plan = site / "plan.yml"
    plan.write_text(plan.read_text().replace("tier: fat,", "note: K\u00e4se, tier: fat,"))
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "XDG_STATE_HOME") if name in os.environ}
    command = [sys.executable, "-m", "provisioner", *verb.split()]
    done = subprocess.run(command, cwd=site, capture_output=True, env={**kept, **surroundings}, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("surroundings", LOCALES, ids=str)
def test_an_error_is_said_in_any_locale(site: Path, surroundings: dict[str, str]) -> None:
    plan = site / "plan.yml"
    plan.write_text(plan.read_text().replace("tier: fat", "tier: K\u00e4se\u2603"))
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "XDG_STATE_HOME") if name in os.environ}
    command = [sys.executable, "-m", "provisioner", "slurm"]
    done = subprocess.run(command, cwd=site, capture_output=True, env={**kept, **surroundings}, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"plan.yml:7:49: BLD-006.tier is " in done.stderr
