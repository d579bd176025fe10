from __future__ import annotations

import os
import socket
import subprocess

import pytest

from provisioner.run.owner import busy, is_dead, this_owner


def test_an_owner_lives_as_long_as_its_process() -> None:
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    owner = this_owner("20261125T101500Z-1", process.pid)
    assert not is_dead(owner)
    process.communicate()
    assert is_dead(owner)


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    owner = this_owner("x", os.getpid())
    assert is_dead({**owner, "start": owner["start"] - 1})


@pytest.mark.parametrize("machine", ["", "another boot pid:[1]", None])
def test_of_another_machine_nothing_is_known(machine: str | None) -> None:
    """Also of a container on this one: its process numbers are its own."""
    assert not is_dead({**this_owner("x", os.getpid()), "machine": machine, "pid": 2**22 + 1, "start": 1})


def test_the_holder_is_named() -> None:
    owner = {**this_owner("20261125T101500Z-1", os.getpid()), "address": "10.20.0.1", "age": 200}
    message, step = busy("demo", owner)
    assert message.startswith("another run works on cluster demo: 20261125T101500Z-1 by ")
    assert f"@{socket.gethostname()} (10.20.0.1) since " in message
    assert message.endswith(" (3 min)")
    assert "provision unlock" in step


def test_a_plain_ansible_run_has_a_name_too() -> None:
    assert this_owner("", 4711)["run"] == "ansible-4711"


@pytest.mark.parametrize(("age", "words"), [(0, "(0 s)"), (119, "(119 s)"), (7199, "(119 min)"), (90000, "(25 h)")])
def test_since_when(age: int, words: str) -> None:
    assert busy("demo", {"run": "r", "by": "b", "at": "a", "age": age})[0].endswith(words)


def test_a_lock_cannot_write_to_the_terminal() -> None:
    evil = "r\x1b[2J\n next: rm -rf / \u202e" + "x" * 100
    message, _ = busy("demo", {"run": evil, "by": evil, "at": evil, "address": evil})
    assert "\x1b" not in message
    assert "\n" not in message
    assert "\u202e" not in message
    assert len(message) < 400


@pytest.mark.parametrize("odd", ["x", None, [], {}, -1, float("nan"), 1e300])
def test_a_lock_that_says_nonsense_neither_breaks_nor_opens_anything(odd: object) -> None:
    owner = {**this_owner("x", os.getpid()), "age": odd}
    assert busy("demo", owner)[0].endswith("(0 s)")
    assert not is_dead({**owner, "pid": odd})
    assert not is_dead({**owner, "start": odd})


def test_an_empty_note_is_no_holder() -> None:
    assert busy("demo", {"age": 0})[0] == "another run works on cluster demo"
