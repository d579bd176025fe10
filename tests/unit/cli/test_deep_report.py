"""How the report of `provision verify --deep` looks to a person."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest

from provisioner.cli.deep_report import print_deep
from provisioner.cli.output import Terminal
from provisioner.cli.verify import verify
from provisioner.errors import UsageError
from provisioner.slurm.deep import report
from provisioner.slurm.deep_checks import CHECKS


def shown(quiet: bool = False, **changed: dict[str, Any]) -> str:
    checks = [
        {"name": name, "result": "ok", "words": "seen", "evidence": "", "cause": "", "seconds": 1.0}
        | changed.get(name, {})
        for name in CHECKS
    ]
    found = report({"account": "nobody", "partition": "all", "checks": checks})
    assert found is not None
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        print_deep(Terminal(width=160), found, quiet)
    return out.getvalue()


def test_each_check_is_a_row_with_its_command() -> None:
    text = shown()
    assert "tried as nobody in partition all" in text
    for check in CHECKS.values():
        assert check.what in text
        assert check.command.split()[0] in text


def test_what_was_not_tried_for_one_reason_is_one_row() -> None:
    busy = {"result": "not tried", "words": "nodes are busy"}
    text = shown(sbatch=busy, squeue=busy, memory=busy, sacct={"result": "not tried", "words": "no accounting"})
    assert text.count("nodes are busy") == 1
    assert "a batch script, squeue, the memory limit" in text
    assert "no accounting" in text


def test_what_failed_is_told_below_with_evidence_and_step() -> None:
    text = shown(memory={"result": "failed", "words": "was not ended", "evidence": "JobId=7 \x1b[2J\nnext: rm -rf /"})
    assert "the memory limit: was not ended" in text
    assert "    | next: rm -rf /" in text
    assert "\x1b" not in text
    assert "  next: `scontrol show config`" in text


def test_where_ranks_were_and_what_they_measured_is_told_below() -> None:
    hosts = ["bld-002", "bld-002", "bld-003"]
    figures = [{"what": "ping-pong", "bytes": 1048576, "usec": 9000.0}, {"what": "barrier", "bytes": 0, "usec": 55.25}]
    text = shown(sinfo={"hosts": hosts, "figures": figures})
    assert "sinfo: ranks 0-1 on bld-002, 2 on bld-003" in text
    row = next(line for line in text.splitlines() if "ping-pong" in line)
    assert row.split() == ["ping-pong", "1,048,576", "9,000.0", "us", "117", "MB/s"]
    assert next(line.split() for line in text.splitlines() if "barrier" in line) == ["barrier", "0", "55.2", "us"]
    assert shown(quiet=True, sinfo={"hosts": hosts, "figures": figures}).strip() == ""


def test_mpi_without_deep_is_a_misunderstanding() -> None:
    with pytest.raises(UsageError, match="--mpi is for --deep"):
        verify(mpi=True)


def test_quiet_shows_only_what_failed() -> None:
    assert shown(quiet=True).strip() == ""
    text = shown(quiet=True, cores={"result": "failed", "words": "two"})
    assert "the cores of a job: two" in text
    assert "squeue" not in text


@pytest.mark.parametrize("user", ["root", "", "a b", "-x", "Alice", "x" * 33, "a\nb", "../x"])
def test_an_account_that_cannot_be_one_is_refused(user: str) -> None:
    with pytest.raises(UsageError, match="no account without rights"):
        verify(deep=True, user=user)


def test_a_user_without_deep_is_a_misunderstanding() -> None:
    with pytest.raises(UsageError, match="--user is for --deep"):
        verify(user="alice")
