"""The lock of the cluster with real processes: the connection of a run is a process that the test ends."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.waiting import until
from tests.unit.library.modules import PLAYBOOKS, ansible_module, shared

UNLOCK = ansible_module("cluster_unlock")
LOCK, PROCESSES = shared("cluster_lock"), shared("blade_processes")

# A blade's sshd that runs modules: each line on its input is an owner, each line of output the module's answer.
CONNECTION = f"""\
import json, os, sys
import ansible.module_utils
ansible.module_utils.__path__.append({str(PLAYBOOKS / "module_utils")!r})
from ansible.module_utils import blade_processes, cluster_lock
blade_processes._WRAPPERS = ("module",)  # else this Python itself would count as one
open("/proc/self/comm", "w").write("sshd-session")
for line in sys.stdin:
    folder, owner = json.loads(line)
    if os.fork() == 0:
        open("/proc/self/comm", "w").write("module")
        print(json.dumps(cluster_lock.take(owner, folder)), flush=True)
        os._exit(0)
    os.wait()
"""


class Connection:
    """An SSH connection to the controller, with modules that take the lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", CONNECTION], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def take(self, run: str, **more: Any) -> dict[str, Any]:
        owner = {"run": run, "machine": "m", "pid": 1, "start": 1, "by": "root", "at": "here", "silence": 600, **more}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(self.folder), owner]) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "provision"


@pytest.fixture
def connections(folder: Path) -> Iterator[tuple[Connection, Connection]]:
    both = Connection(folder), Connection(folder)
    yield both
    for each in both:
        each.end()
    assert until(lambda: LOCK.look(str(folder)) == {}, 20), "a holder outlives its connection"


def test_one_run_holds_it_until_its_connection_ends(folder: Path, connections: tuple[Connection, Connection]) -> None:
    first, second = connections
    taken = first.take("one")
    assert taken["held"]
    refused = second.take("two")
    assert not refused["held"]
    assert (refused["run"], refused["by"], refused["at"]) == ("one", "root", "here")
    assert 0 <= refused["age"] < 60
    assert LOCK.look(str(folder))["token"] == taken["token"]
    first.end()
    assert until(lambda: LOCK.look(str(folder)) == {}, 20)
    assert second.take("two")["held"]


def test_a_run_that_asks_again_has_it_still(connections: tuple[Connection, Connection]) -> None:
    first, _ = connections
    assert first.take("one")["token"] == first.take("one")["token"]


def test_two_runs_over_one_connection_are_two_runs(connections: tuple[Connection, Connection]) -> None:
    """As plain Ansible has it: one user's runs share the connection."""
    first, _ = connections
    assert first.take("one", pid=10)["held"]
    assert not first.take("one", pid=11)["held"]


def test_a_run_whose_connection_broke_takes_it_along(connections: tuple[Connection, Connection]) -> None:
    first, second = connections
    before = first.take("one")
    after = second.take("one")
    assert after["held"]
    assert after["token"] != before["token"]
    first.end()
    assert not Connection.take(second, "two")["held"], "it goes by the new connection"


def test_only_the_named_holder_makes_room(connections: tuple[Connection, Connection]) -> None:
    first, second = connections
    token = first.take("one")["token"]
    assert not second.take("two", steal="another")["held"]
    assert second.take("two", steal=token)["held"]
    assert not first.take("one", steal=token)["held"]


def test_a_connection_that_says_nothing_loses_it(folder: Path, connections: tuple[Connection, Connection]) -> None:
    """It waits for its next line, so nothing wakes it: as an sshd whose client has lost power."""
    first, _ = connections
    assert first.take("one", silence=1)["held"]
    assert until(lambda: LOCK.look(str(folder)) == {}, 20)
    assert first.process.poll() is None


def test_signs_of_life_keep_it(folder: Path, connections: tuple[Connection, Connection]) -> None:
    first, _ = connections
    token = first.take("one", silence=3)["token"]
    begin = time.monotonic()
    # Each question wakes it; twice the silence passes.
    until(lambda: first.take("one", silence=3)["token"] != token or time.monotonic() - begin > 6, 20)
    assert LOCK.look(str(folder))["token"] == token


def test_release_is_for_the_holder_alone(folder: Path, connections: tuple[Connection, Connection]) -> None:
    first, _ = connections
    token = first.take("one")["token"]
    assert not LOCK.release("another", str(folder))
    assert not LOCK.release("", str(folder))
    assert LOCK.look(str(folder))["token"] == token
    assert LOCK.release(token, str(folder))
    assert LOCK.look(str(folder)) == {}
    assert not LOCK.release(token, str(folder))


def test_a_holder_that_was_killed_leaves_no_lock(folder: Path, connections: tuple[Connection, Connection]) -> None:
    first, second = connections
    first.take("one")
    os.kill(json.loads((folder / "run.lock").read_text())["holder"], signal.SIGKILL)
    assert until(lambda: second.take("two")["held"], 20)


@pytest.mark.parametrize("text", ["", "half {", "[]", "null", '{"since": "x"}', '{"since": null, "run": "x"}'])
def test_a_lock_that_says_nonsense_is_held_all_the_same(
    folder: Path, connections: tuple[Connection, Connection], text: str
) -> None:
    first, second = connections
    first.take("one")
    (folder / "run.lock").write_text(text)
    assert second.take("two") == {"age": 0, "held": False}
    assert LOCK.look(str(folder)) == {"age": 0}


def test_it_is_private_and_follows_no_link(folder: Path, connections: tuple[Connection, Connection]) -> None:
    first, _ = connections
    folder.mkdir(mode=0o755)
    first.take("one")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "run.lock").stat().st_mode) == 0o600
    first.end()
    target = folder / "target"
    target.write_text("kept")
    (folder / "run.lock").unlink()
    (folder / "run.lock").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        LOCK.take({"run": "x", "silence": 1}, str(folder))
    assert target.read_text() == "kept"
    (folder / "run.lock").unlink()


def test_a_folder_of_somebody_else_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(PermissionError, match="is not root's"):
        LOCK.take({"run": "x", "silence": 1}, str(folder))


def test_a_process_is_told_from_a_later_one_with_its_number() -> None:
    start = PROCESSES.fields(os.getpid())["start"]
    assert PROCESSES.lives(os.getpid(), start)
    assert not PROCESSES.lives(os.getpid(), start - 1)
    dead = subprocess.Popen(["true"])
    until(lambda: PROCESSES.fields(dead.pid)["state"] == "Z", 20)
    assert not PROCESSES.lives(dead.pid, PROCESSES.fields(dead.pid)["start"]), "a zombie is dead"
    dead.wait()
    assert PROCESSES.fields(dead.pid) is None


CHAINS = {
    "sudo over ssh": (["sh", "sudo", "sh", "sshd", "sshd", "sshd"], 3),
    "sudo with a pty": (["sh", "sudo", "sudo", "sh", "sshd-session", "sshd-session", "sshd"], 4),
    "root over ssh": (["sh", "sshd-session", "sshd"], 1),
    "this machine": (["sh", "ansible-playboo", "ansible-playboo", "bash", "sshd", "sshd"], 2),
    "this machine, by provision": (["sh", "ansible-playboo", "ansible-playboo", "provision", "bash"], 2),
    "another server": (["sh", "sudo", "dropbear", "dropbear"], 2),
    "shells only": (["sh", "bash"], 1),
}


@pytest.mark.parametrize(("names", "wanted"), CHAINS.values(), ids=CHAINS)
def test_what_a_connection_lives_by(monkeypatch: pytest.MonkeyPatch, names: list[str], wanted: int) -> None:
    chain = [(100 - place, {"name": name, "start": place}) for place, name in enumerate(names)]
    monkeypatch.setattr(PROCESSES, "ancestors", lambda pid: chain)
    assert PROCESSES.session(1) == [100 - wanted, wanted]
