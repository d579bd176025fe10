"""Each folder here is an accounts file and what comes of it, word for word.

`findings.txt` holds the problems of a file that cannot be used, as `accounts.yml:LINE:COL: ...`; `commands.txt` the
commands for a Slurm that has nothing, or what `slurm.txt` says: the answers of sacctmgr under the names of the reads.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner.accounts.declared import declared_policy
from provisioner.accounts.load import AccountsError, load_accounts
from provisioner.accounts.work import plan_work

HERE = Path(__file__).parent
CASES = sorted(found.parent for found in HERE.glob("*/accounts.yml"))


def answers(case: Path) -> dict[str, str]:
    """What sacctmgr says in this case."""
    file = case / "slurm.txt"
    parts = re.split(r"^# (\w+)\n", file.read_text() if file.exists() else "", flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def said_about(case: Path) -> tuple[str, str]:
    """The file that holds what is expected, and what was said."""
    try:
        accounts = load_accounts(Path("accounts.yml"))
    except AccountsError as error:
        return "findings.txt", "\n".join(error.lines)
    busy = case / "prune"
    prune = 20 if busy.exists() else None
    jobs = [line.split() for line in busy.read_text().splitlines()] if prune else []
    work = plan_work(declared_policy(accounts), answers(case), jobs, "demo", prune)
    told = [*work.notes, *work.jobs, *([work.refused] if work.refused else work.lines())]
    return "commands.txt", "\n".join(told) or "nothing"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_file_gets_these_words(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    name, said = said_about(case)
    assert said == (case / name).read_text().rstrip("\n")


def test_every_case_expects_one_thing() -> None:
    for case in CASES:
        assert len([name for name in ("findings.txt", "commands.txt") if (case / name).exists()]) == 1, case.name
