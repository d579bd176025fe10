"""A thousand users in accounts.yml: the run that brings them into Slurm, and those that have nothing to do."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from bench.figures import figures
from bench.lab import ENVIRONMENT, BenchLab, provision
from bench.meter import measure

USERS = 1000
_ACCOUNTS = 20


def measure_accounts(lab: BenchLab, compute: int, rounds: int) -> dict[str, Any]:
    """Seconds of `provision accounts` for a thousand new users in two accounts each, then without changes."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.yml"
        shutil.copy(lab.plan_file, plan)
        (plan.parent / "accounts.yml").write_text(yaml.safe_dump(thousand_users(f"n{compute}u")))
        first, commands = _run(plan)
        if not commands:
            sys.exit("the users are there already: measure on a lab of its own")
        again = [_run(plan) for _ in range(rounds)]
    if any(count for _, count in again):
        sys.exit("not a run without changes")
    return {
        "users": USERS,
        "commands": commands,
        "first_seconds": figures([first]),
        "no_change_seconds": figures(seconds for seconds, _ in again),
    }


def thousand_users(prefix: str) -> dict[str, Any]:
    """Users whose names begin so, below departments and their groups, some with limits of their own."""
    tree = {f"group{number:02}": {"parent": f"department{number % 5}"} for number in range(_ACCOUNTS)}
    users = {
        f"{prefix}{number:04}": {
            "uid": 2000 + number,
            "accounts": [
                f"group{number % _ACCOUNTS:02}",
                {"account": f"department{number % 5}", "limits": {"MaxJobs": number % 3 + 1}},
            ],
        }
        for number in range(USERS)
    }
    return {"accounts": {**{f"department{number}": {} for number in range(5)}, **tree}, "users": users}


def _run(plan: Path) -> tuple[float, int]:
    """Seconds of one run, and how many commands it had."""
    done = measure([provision("accounts", f"--plan={plan}", "--json")], ENVIRONMENT)
    if done.codes != [0]:
        sys.exit(f"provision accounts ended with {done.codes[0]}: {done.out[0][-2000:]}{done.err[0][-1000:]}")
    return done.seconds, len(json.loads(done.out[0])["commands"])
