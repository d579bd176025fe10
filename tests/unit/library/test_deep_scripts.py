"""What the deep verification gives to a shell does what it says in a real one."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.unit.library.deep_cluster import CHECKS, LIMITS


@pytest.mark.parametrize("end", ["its own", "nobody reads", "SIGHUP", "SIGINT", "SIGTERM"])
def test_the_script_is_gone_however_its_submission_ends(tmp_path: Path, end: str) -> None:
    sbatch, told, go = (tmp_path / name for name in ("sbatch", "told", "go"))
    os.mkfifo(told)
    os.mkfifo(go)
    sbatch.write_text(f'#!/bin/sh\ntest -s "$2" && echo "$2" > {told} && cat {go}\n')
    sbatch.chmod(0o755)
    # A shell in the background ignores SIGINT, and so does all that it starts.
    words = ["env", "--default-signal=INT", "sh", "-c", CHECKS.SUBMIT, "sh", str(sbatch), "--parsable"]
    with subprocess.Popen(words, stdin=-1, stdout=-1, start_new_session=True) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        asked.stdin.write(CHECKS.SCRIPT.encode())
        asked.stdin.close()
        script = Path(told.read_text().strip())
        assert script.read_text() == CHECKS.SCRIPT
        # A shell that is interrupted before it starts cat waits for it none the less.
        with go.open("w") as answer:
            if end.startswith("SIG"):
                os.killpg(asked.pid, signal.Signals[end])
            else:
                asked.stdout.close() if end == "nobody reads" else None
                answer.write("7\n")
        assert (asked.wait(timeout=30) == 0) == (end == "its own")
    assert not script.parent.exists()


@pytest.mark.parametrize(
    "script", [CHECKS.SCRIPT, CHECKS.TASK, CHECKS.ACROSS, LIMITS.WIDE, LIMITS.LOCKED, LIMITS.GREEDY]
)
def test_scripts_are_plain_sh(script: str, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script)
    assert subprocess.run(["sh", "-n", str(tmp_path / "script")], capture_output=True, check=False).stderr == b""


@pytest.mark.parametrize(("asked", "codes"), [("4096", {42}), ("0", set(range(101, 200)))])
def test_the_script_that_tries_for_more_cores_tells_how_many_it_got(asked: str, codes: set[int]) -> None:
    given = {"PATH": os.environ["PATH"], "SLURM_CPUS_ON_NODE": asked}
    assert subprocess.run(["sh", "-c", LIMITS.WIDE], env=given, check=False).returncode in codes


def test_the_script_that_locks_memory_knows_the_limit_of_the_shell() -> None:
    command = ["prlimit", f"--memlock={LIMITS.LITTLE}:", "sh", "-c", LIMITS.LOCKED]
    assert subprocess.run(command, check=False).returncode == 44


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another account")
def test_old_scripts_of_the_account_go_and_nothing_else() -> None:
    made = {name: Path("/tmp") / f"provision-verify.{os.getpid():07}{name}" for name in ("old", "new", "its")}
    try:
        for name, path in made.items():
            path.mkdir()
            os.chown(path, 0 if name == "its" else 65534, 0)
            os.utime(path, (0, 0) if name != "new" else None)
        CHECKS.sweep("nobody")
        assert {name for name, path in made.items() if path.exists()} == {"new", "its"}
    finally:
        for path in made.values():
            path.rmdir() if path.exists() else None
