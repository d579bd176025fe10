"""Checks that end, fail and hang, in real processes."""

from __future__ import annotations

import fcntl
import os
import select
import time
from pathlib import Path

import pytest

from provisioner.on_node.health.watch import look

SECONDS = 20


@pytest.fixture
def lock(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def hang() -> str:
    """As a process that waits for a disk, but for SIGKILL."""
    reads, _writes = os.pipe()
    return os.read(reads, 1).decode()


def fail() -> str:
    raise OSError("nobody thought of that")


def test_what_is_wrong_comes_in_order(lock: str) -> None:
    checks = {"a": lambda: "a is ill", "b": lambda: "", "c": lambda: "c is ill"}
    assert look(checks, lock, SECONDS) == (["a is ill", "c is ill"], [])
    assert look({"b": lambda: ""}, lock, SECONDS) == ([], [])


def test_a_check_that_fails_says_nothing_of_the_node_and_the_others_are_made(lock: str) -> None:
    checks = {"a": fail, "b": lambda: "b is ill"}
    assert look(checks, lock, SECONDS) == (["b is ill"], ["could not look at a (OSError)"])


def test_a_check_that_hangs_is_named_and_what_was_found_before_it_counts(lock: str) -> None:
    """Once is no illness: a disk that has much to do takes its time."""
    checks = {"a": lambda: "a is ill", "/scratch": hang, "c": lambda: "c is ill"}
    assert look(checks, lock, 0.5) == (["a is ill"], ["looking at /scratch does not end"])


def test_one_that_still_hangs_is_not_joined_by_another(lock: str) -> None:
    held = os.open(lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.pwrite(held, f"{time.monotonic() - 300:.3f} /scratch".encode(), 0)
    assert look({"a": fail}, lock, SECONDS) == (["looking at /scratch does not end"], [])
    os.pwrite(held, f"{time.monotonic():.3f} /scratch".encode(), 0)
    assert look({"a": fail}, lock, SECONDS) is None
    os.close(held)
    assert look({"a": lambda: "a is ill"}, lock, SECONDS) == (["a is ill"], [])


def test_nothing_of_a_check_stays_open_for_whoever_started_it(lock: str) -> None:
    """slurmd reads what the program prints until all of it have closed that."""
    reads, writes = os.pipe()
    os.set_inheritable(writes, True)
    before = os.dup(1)
    os.dup2(writes, 1)
    try:
        look({"a": hang}, lock, 0.2)
    finally:
        os.dup2(before, 1)
        for each in (before, writes):
            os.close(each)
    assert select.select([reads], [], [], 5)[0]
    assert os.read(reads, 1) == b""
    os.close(reads)


def test_no_link_in_place_of_the_lock_is_followed(lock: str, tmp_path: Path) -> None:
    Path(lock).symlink_to(tmp_path / "else")
    with pytest.raises(OSError, match="lock"):
        look({}, lock, SECONDS)
    assert not (tmp_path / "else").exists()
