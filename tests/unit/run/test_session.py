from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provisioner.errors import BusyError, ExitCode
from provisioner.run.session import RunId, interruptible, only_run


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with only_run(tmp_path, "demo"):
        with pytest.raises(BusyError, match="another run works on cluster demo") as caught, only_run(tmp_path, "demo"):
            pass
        assert caught.value.exit_code is ExitCode.BUSY
        assert caught.value.next_step
    with only_run(tmp_path, "demo"):
        pass


def test_a_failed_run_lets_go_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), only_run(tmp_path, "demo"):
        raise RuntimeError
    with only_run(tmp_path, "demo"):
        pass


def test_a_killed_run_lets_go_of_the_lock(tmp_path: Path) -> None:
    holder = (
        "import sys, os, pathlib; from provisioner.run.session import only_run\n"
        "with only_run(pathlib.Path(sys.argv[1]), 'demo'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BusyError), only_run(tmp_path, "demo"):
            pass
        process.kill()
        process.wait()
    with only_run(tmp_path, "demo"):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_the_run_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with interruptible() as interrupt:
        assert not interrupt()
        os.kill(os.getpid(), number)
        assert interrupt()
        assert interrupt.signal == number
        assert signal.getsignal(number) is signal.SIG_DFL
    assert signal.getsignal(number) is before


def test_handlers_are_put_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError), interruptible():
        raise RuntimeError
    assert signal.getsignal(signal.SIGTERM) is before


def test_run_ids_sort_by_time() -> None:
    early, late = RunId(datetime(2026, 9, 30, tzinfo=UTC)), RunId(datetime(2026, 10, 1, tzinfo=UTC))
    assert str(early) < str(late)
    assert re.fullmatch(r"\d{8}T\d{6}Z-\d+", str(RunId()))
