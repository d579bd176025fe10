"""Which jobs are ours: account, name and comment, and whether the verification that made one still lives."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, answer_of, shared

BUSY = ansible_module("slurm_busy")
JOBS, COMMANDS, MUNGE = shared("slurm_jobs"), shared("slurm_commands"), shared("slurm_munge")
DEAD = "provision:verify:run:1:1"


class Queue:
    """squeue and scancel with these rows, by account."""

    def __init__(self, **rows: list[str]) -> None:
        self.rows, self.cancelled = rows, []  # type: ignore[var-annotated]

    def run(self, *command: str, **more: Any) -> tuple[int, str, str]:
        if command[0] == "scancel":
            self.cancelled.append(command[1:])
            return 0, "", ""
        words = dict(word.lstrip("-").split("=", 1) for word in command[1:] if "=" in word)
        if "name" in words:
            return 0, "\n".join(self.rows.get(words["user"], [])), ""
        return 0, "\n".join(self.rows.get(words.get("nodelist", words.get("partition", "")), [])), ""


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    made = Queue(nobody=[f"91 bld-008 {DEAD}", f"92  {DEAD}"])
    for module in (JOBS, BUSY):
        monkeypatch.setattr(module, "run", made.run)
    return made


def test_a_job_whose_process_is_gone_is_cancelled_and_one_whose_lives_is_not(queue: Queue) -> None:
    queue.rows["root"] = [f"93 bld-009 {JOBS.our_comment('run')}"]
    found = JOBS.cancel_left_behind()
    assert {number: job["alive"] for number, job in found.items()} == {"91": False, "92": False, "93": True}
    assert queue.cancelled == [("--name=provision-verify", "--user=nobody", "91", "92")]


@pytest.mark.parametrize(
    "comment", ["", "(null)", "provision:verify", "mine provision:verify:x:1:1", "provision:other:x:1:1"]
)
def test_a_job_without_our_comment_is_not_ours(queue: Queue, comment: str) -> None:
    queue.rows = {"nobody": [f"91 bld-008 {comment}"]}
    assert JOBS.our_jobs() == {}


def test_a_run_id_cannot_break_the_comment() -> None:
    assert JOBS.our_comment("a b\n92 x:1:1").startswith("provision:verify:ab92x11:")
    assert JOBS._ROW.fullmatch(f"1 n {JOBS.our_comment('x' * 500)}")


def test_a_process_is_known_by_number_and_start() -> None:
    sleeper = subprocess.Popen(["tail", "-f", "/dev/null"])
    try:
        assert int(JOBS._started(sleeper.pid)) >= int(JOBS._started(os.getpid()))
        assert JOBS._started(sleeper.pid).isdigit()
    finally:
        sleeper.kill()
        sleeper.wait()
    assert JOBS._started(sleeper.pid) == ""


def test_only_jobs_of_users_keep_a_change_back(queue: Queue) -> None:
    queue.rows |= {"bld-008": ["91", "100"], "fat": ["92", "101"]}
    answer = answer_of(BUSY, partitions=["fat"], nodes=["bld-008", "bld-010"])
    assert (answer["jobs"], answer["cancelled"], answer["changed"]) == (["100", "101"], ["91", "92"], True)


def test_jobs_that_would_wait_for_ever_are_named_and_keep_nothing_back(queue: Queue) -> None:
    queue.rows |= {"all": ["91", "103", "102"]}
    answer = answer_of(BUSY, closed=["all"])
    assert (answer["jobs"], answer["waiting"]) == ([], ["102", "103"])


def test_check_mode_cancels_nothing(queue: Queue) -> None:
    answer = answer_of(BUSY, nodes=["bld-008"], _ansible_check_mode=True)
    assert (answer["jobs"], queue.cancelled) == ([], [])


def test_a_site_that_lets_only_known_accounts_work_gets_a_job_of_root_that_drops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[tuple[str, ...], str | None]] = []

    def run(*command: str, account: str | None = None, **more: Any) -> tuple[int, str, str]:
        asked.append((command, account))
        if command[0] == "srun" and account:
            return 1, "", "srun: error: Unable to allocate resources: Invalid account or account/partition combination"
        return 0, "ANSWER bld-008 0 ok MUNGE:x:\n", ""

    monkeypatch.setattr(JOBS, "run", run)
    found, _ = JOBS.answers(["bld-008"], {}, DEAD, 10)
    assert found == {"bld-008": {"incoming": "0", "scratch": "ok", "credential": "MUNGE:x:", "reach": ""}}
    last, account = asked[-1]
    assert account is None
    assert "setpriv" in last
    assert all("--comment=" + DEAD in command for command, _ in asked if command[0] == "srun")


def test_the_controllers_credential_is_no_credential_of_root(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    def run(*command: str, account: str | None = None, **more: Any) -> tuple[int, str, str]:
        asked.append((command[0], account))
        return 0, "", ""

    monkeypatch.setattr(JOBS, "run", run)
    JOBS.answers(["bld-008"], {}, DEAD, 10)
    assert asked == [("munge", "nobody"), ("srun", "nobody")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another account")
def test_a_command_of_another_account_has_its_ids_only_and_a_plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "canary")
    code, out, _ = COMMANDS.run("sh", "-c", "id; env; pwd", account="nobody", extra={"MORE": "1"})
    assert code == 0
    assert "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)" in out
    assert "canary" not in out
    assert "MORE=1" in out
    assert out.endswith("/\n")


def test_a_command_that_is_given_up_keeps_what_it_said() -> None:
    code, out, err = COMMANDS.run("sh", "-c", "echo answer; echo words >&2; exec tail -f /dev/null", limit=0.5)
    assert (code, out, err) == (124, "answer\n", "words\nsh did not end within 0.5 s")


def test_a_command_that_is_missing_is_no_traceback() -> None:
    assert COMMANDS.run("no-such-command")[0] == 127


@pytest.mark.parametrize(
    ("code", "words"),
    [(6, "munge does not run on the controller"), (124, "does not answer within 5 s"), (3, "does not work on the")],
)
def test_munge_on_the_controller_is_one_sentence(code: int, words: str) -> None:
    assert words in MUNGE.munge_sentence(code, "")
    assert "; next: " in MUNGE.munge_sentence(code, "")


@pytest.mark.parametrize(
    ("code", "words"), [(15, "clocks differ"), (16, "clocks differ"), (6, "does not run"), (14, "")]
)
def test_why_a_credential_is_refused(code: int, words: str) -> None:
    assert words in MUNGE.credential_problem(code, "it does not accept the controller's")
    assert MUNGE.credential_problem(0, "it") == ""
