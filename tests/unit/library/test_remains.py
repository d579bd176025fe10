"""What a dead run left at work, with real processes that carry its mark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.unit.library.modules import ansible_module, shared

ansible_module("blade_facts")
REMAINS, LOCK, PROCESSES = shared("remains"), shared("cluster_lock"), shared("blade_processes")
DEAF = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); sys.stdin.read()"


@contextmanager
def at_work(*command: str, run: str = "20261125T101500Z-7") -> Iterator[subprocess.Popen[str]]:
    """A process that a module of a run started."""
    environment = {**os.environ, "PROVISION_RUN": run} if run else dict(os.environ)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def found() -> set[int]:
    return {each["pid"] for each in REMAINS.remains()}


@pytest.fixture(autouse=True)
def _own_processes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is at work in the blades of a lab can be seen from their host, and is not ours to wait for or end."""

    def descendants() -> list[int]:
        parents = {pid: [parent for parent, _ in PROCESSES.ancestors(pid)] for pid in PROCESSES.everyone()}
        return [pid for pid, chain in parents.items() if os.getpid() in chain]

    monkeypatch.setattr(REMAINS, "everyone", descendants)


def test_what_carries_the_mark_is_found_and_nothing_else() -> None:
    with at_work("cat") as left, at_work("cat", run=""):
        (only,) = REMAINS.remains()
        assert only["pid"] == left.pid
        assert (only["name"], only["run"]) == ("cat", "20261125T101500Z-7")


def test_the_asking_module_and_its_parents_are_no_remains() -> None:
    ask = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.unit.library.modules import ansible_module, shared\n"
        "ansible_module('blade_facts'); found = shared('remains').remains()\n"
        "print([each for each in found if each['run'] == 'itself'])\n"
    )
    with at_work("sh", "-c", f'{sys.executable} -c "$0"; true', ask, run="itself") as process:
        assert process.communicate()[0] == "[]\n"


def test_the_holder_of_the_lock_is_no_remains() -> None:
    rename = f"open('/proc/self/comm', 'w').write({LOCK.HOLDER!r})"
    script = f"import sys; {rename}; print('named', flush=True); sys.stdin.read()"
    with at_work(sys.executable, "-c", script) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "named\n"
        assert found() == set()


def test_another_users_process_cannot_stop_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any user of a blade may set any variable."""
    with at_work("cat"):
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
        assert found() == set()


def test_it_is_waited_for() -> None:
    with at_work("sleep", "3"):
        (note,) = REMAINS.wait_out(30)
    assert "waited" in note
    assert "for sleep, which a run that died had left at work" in note
    assert REMAINS.wait_out(30) == []


def test_beyond_the_deadline_it_is_ended() -> None:
    with at_work("cat") as left, at_work("sh", "-c", "read x; true"), at_work("cat", run="") as bystander:
        (note,) = REMAINS.wait_out(0)
        assert note.startswith("ended cat, which")
        assert left.wait() == -signal.SIGTERM
        assert bystander.poll() is None
        assert found() == set()


def test_one_that_does_not_hear_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REMAINS, "PATIENCE_SECONDS", 0.3)
    with at_work(sys.executable, "-c", DEAF) as left:
        assert left.stdout is not None
        assert left.stdout.readline() == "deaf\n"
        REMAINS.wait_out(0)
        assert left.wait() == -signal.SIGKILL
