from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisioner.errors import BusyError, ExitCode
from provisioner.run.owner import this_owner
from provisioner.run.session import STOPPING, RunId, interruptible, only_run


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with only_run(tmp_path, "demo", "first"):
        with pytest.raises(BusyError) as caught, only_run(tmp_path, "demo", "second"):
            pass
        assert caught.value.exit_code is ExitCode.BUSY
        assert caught.value.message.startswith("another run works on cluster demo: first by ")
        assert f"end its process {os.getpid()} here" in caught.value.next_step
    with only_run(tmp_path, "demo", "third"):
        pass


def test_a_failed_run_lets_go_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), only_run(tmp_path, "demo", "run"):
        raise RuntimeError
    with only_run(tmp_path, "demo", "run"):
        pass


def test_a_killed_run_lets_go_of_the_lock(tmp_path: Path) -> None:
    holder = (
        "import sys, os, pathlib; from provisioner.run.session import only_run\n"
        "with only_run(pathlib.Path(sys.argv[1]), 'demo', 'dead'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BusyError), only_run(tmp_path, "demo", "run"):
            pass
        process.kill()
        process.wait()
    with only_run(tmp_path, "demo", "run"):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_the_run_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with interruptible() as interrupt:
        assert not interrupt()
        os.kill(os.getpid(), number)
        assert interrupt()
        assert interrupt.signal == number
    assert signal.getsignal(number) is before


def test_the_first_signal_is_acknowledged_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    with interruptible():
        os.kill(os.getpid(), signal.SIGINT)
        assert capfd.readouterr().err == f"{STOPPING}\n"
        os.kill(os.getpid(), signal.SIGINT)
        assert capfd.readouterr().err == "", "once"


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_makes_haste_and_a_third_ends_the_process(second: signal.Signals) -> None:
    """Of either kind: a person presses Ctrl-C, then tries kill."""
    hurried: list[bool] = []
    with interruptible() as interrupt:
        interrupt.hurry = lambda: hurried.append(True)
        os.kill(os.getpid(), signal.SIGINT)
        assert hurried == []
        os.kill(os.getpid(), second)
        assert hurried == [True]
        assert signal.getsignal(signal.SIGTERM) is signal.getsignal(signal.SIGINT) is signal.SIG_DFL


def test_what_a_dead_run_wrote_down_is_not_said_of_the_next(tmp_path: Path) -> None:
    """In the moment between taking the lock and writing it down."""
    dead = subprocess.Popen(["true"])
    owner = {**this_owner("dead", dead.pid), "since": 0}
    dead.wait()
    with only_run(tmp_path, "demo", "alive"):
        (tmp_path / "lock.json").write_text(json.dumps(owner))
        with pytest.raises(BusyError) as caught, only_run(tmp_path, "demo", "second"):
            pass
    assert caught.value.message == "another run works on cluster demo"


def test_handlers_are_put_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError), interruptible():
        raise RuntimeError
    assert signal.getsignal(signal.SIGTERM) is before


def test_run_ids_sort_by_time() -> None:
    early, late = RunId(datetime(2026, 9, 30, tzinfo=UTC)), RunId(datetime(2026, 10, 1, tzinfo=UTC))
    assert str(early) < str(late)
    assert re.fullmatch(r"\d{8}T\d{6}Z-\d+", str(RunId()))
