"""Who holds the package system, as the role asks the shell of a node; here on locks of a folder of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).parents[3] / "roles" / "state" / "vars" / "main.yml"
LOCKS = ("lib/dpkg/lock-frontend", "lib/dpkg/lock", "lib/apt/lists/lock", "cache/apt/archives/lock")
HOLDS = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """In place of /var, with all the locks."""
    for lock in LOCKS:
        (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / lock).touch()
    return tmp_path


@contextmanager
def held(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the lock until it is told to end."""
    command = [sys.executable, "-c", HOLDS, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.communicate()


def holder(var: Path, seconds: int = 0) -> subprocess.Popen[str]:
    script = yaml.safe_load(ROLE.read_text())["__state_apt_holder"].replace("cd /var", f"cd {var}")
    return subprocess.Popen(["sh", "-c", script, "holder", str(seconds)], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("lock", LOCKS)
def test_whoever_holds_a_lock_is_named(var: Path, lock: str) -> None:
    with held(var / lock) as process:
        words = holder(var).communicate()[0]
    name, _, rest = words.partition(" ")
    assert name.startswith("python")
    assert rest == f"(process {process.pid})\n"


def test_nobody_holds_what_is_only_there_or_open(var: Path) -> None:
    with (var / LOCKS[0]).open("w"):
        assert holder(var).communicate()[0] == ""
    (var / LOCKS[0]).unlink()
    assert holder(var).communicate()[0] == ""


def test_a_lock_that_is_given_back_is_waited_for(var: Path) -> None:
    with held(var / LOCKS[0]) as process:
        waits = holder(var, 60)
        with pytest.raises(subprocess.TimeoutExpired):
            waits.wait(timeout=0.5)
        process.communicate()
        assert waits.communicate(timeout=30)[0] == ""


def test_a_lock_that_is_not_given_back_is_waited_for_no_longer_than_the_site_says(var: Path) -> None:
    with held(var / LOCKS[0]):
        start = time.monotonic()
        # The shell counts whole seconds: of two one at least has passed.
        assert "(process " in holder(var, 2).communicate(timeout=30)[0]
        assert time.monotonic() - start > 0.9
