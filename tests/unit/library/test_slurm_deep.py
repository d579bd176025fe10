"""Each check of the deep verification is green where all is well, and red for what it is about."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from provisioner.blade_shape import FACTS
from provisioner.slurm.deep_checks import CHECKS as WORDS
from tests.unit.library.deep_cluster import ASKING, CHECKS, DEEP, JOBS, LIMITS, TERMINAL, User, answered, tried
from tests.unit.library.modules import answer_of

ALWAYS = {"preemption": "not tried", "sacct": "not tried"}
DATABASE: dict[str, Any] = {"AccountingStorageType": "accounting_storage/slurmdbd"}
# What is wrong, the one check that finds it, and words of what it says.
HARMS = {
    "sinfo": ("sinfo", "sinfo fails"),
    "a node is missing": ("sinfo", "sinfo does not show bld-008"),
    "/tmp": ("sbatch", "cannot write a script into /tmp"),
    "script 3": ("sbatch", "another name than --job-name"),
    "script 4": ("sbatch", "other nodes than --nodes"),
    "script 5": ("sbatch", "its output is not in the file"),
    "squeue": ("squeue", "squeue does not show the job"),
    "no time limit": ("squeue", "squeue does not show the job as"),
    "scancel": ("scancel", "scancel fails"),
    "scancel does nothing": ("scancel", "became RUNNING"),
    "no arrays": ("array", "sbatch did not take the job"),
    "a task fails": ("array", "became FAILED"),
    "dependency is dropped": ("chain", "does not wait for the one that it depends on"),
    "too early": ("chain", "began before the one ended"),
    "across 101": ("all nodes", "an answer from 1 of 2 nodes"),
    "across 7": ("all nodes", "got no answer: exit code 7"),
    "no limit": ("memory", "took 160 and was not ended"),
    "killed otherwise": ("memory", "became CANCELLED, not OUT_OF_MEMORY"),
    "wide 102": ("cores", "can use 2 CPUs"),
    "wide 1": ("cores", "ended with 1"),
    "locked 44": ("locked memory", "is that of the shell that submitted it"),
    "locked 45": ("locked memory", "is not unlimited"),
}


def results(found: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["result"] for one in found["checks"]}


def one(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    found_one: dict[str, Any] = next(check for check in found["checks"] if check["name"] == name)
    return found_one


def test_all_is_green_where_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    user = User()
    found = tried(monkeypatch, user)
    assert results(found) == dict.fromkeys(WORDS, "ok") | ALWAYS
    assert FACTS["slurm_deep"](json.loads(json.dumps(found))) == ""
    # Everything that a user does is done as that user.
    root = {"scontrol", "squeue", "scancel"}
    assert {command[0] for command in user.asked if command not in user.users} <= root


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_broken_is_found_by_its_check_alone(monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    found = tried(monkeypatch, User(harm))
    name, words = HARMS[harm]
    assert results(found) == dict.fromkeys(WORDS, "ok") | ALWAYS | {name: "failed"}
    assert words in one(found, name)["words"]


@pytest.mark.parametrize(("harm", "result"), [("", "ok"), ("no records", "failed"), ("sacct", "failed")])
def test_sacct_has_to_know_every_job_that_ended(monkeypatch: pytest.MonkeyPatch, harm: str, result: str) -> None:
    found = tried(monkeypatch, User(harm, **DATABASE))
    assert one(found, "sacct")["result"] == result
    if not harm:
        assert "OUT_OF_MEMORY" in one(found, "sacct")["words"]


def test_none_is_none_however_a_release_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    none: dict[str, Any] = {"PreemptType": "(null)", "AccountingStorageType": "(null)"}
    found = tried(monkeypatch, User(nodes={"bld-008": "MIXED"}, **none))
    assert one(found, "memory")["result"] == "ok"
    assert one(found, "preemption")["words"] == "preemption is not configured"
    assert one(found, "sacct")["words"] == "the cluster has no accounting"


@pytest.mark.parametrize(("harm", "result"), [("locked 45", "ok"), ("locked 44", "failed")])
def test_a_site_may_let_jobs_lock_less(monkeypatch: pytest.MonkeyPatch, harm: str, result: str) -> None:
    assert one(tried(monkeypatch, User(harm), memlock="64M"), "locked memory")["result"] == result


def test_who_may_not_submit_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, User("not allowed"))
    assert [name for name, result in results(found).items() if result == "failed"] == ["sbatch"]
    assert one(found, "sbatch")["cause"] == "not allowed"
    assert one(found, "memory")["words"] == "nobody may not submit jobs"


def test_a_job_that_waits_for_others_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    user = User("busy")
    found = tried(monkeypatch, user)
    assert set(results(found).values()) == {"ok", "not tried"}
    assert one(found, "memory")["words"] == "nodes are busy"
    assert len(user.jobs) == 1, "one waited; the others would have, too"


def test_a_job_that_waits_for_another_reason_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, User("odd reason"), patience=0)
    assert "did not start within 0 s: BadConstraints" in one(found, "sbatch")["words"]


def test_a_job_whose_place_a_user_took_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, User("preempted"))
    assert one(found, "memory")["words"] == "a job of a user took its place"


def test_a_job_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "became RUNNING" in one(tried(monkeypatch, User("hangs")), "cores")["words"]


def test_a_job_over_all_nodes_is_not_tried_while_one_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    user = User(nodes={"bld-008": "MIXED", "bld-009": "IDLE"})
    found = tried(monkeypatch, user)
    assert one(found, "all nodes")["words"] == "nodes are busy: bld-008"
    assert one(found, "memory")["result"] == "ok"
    sent = {word for command in user.users for word in command if word.startswith("--nodelist=")}
    assert sent == {"--nodelist=bld-009"}


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("MIXED", "preempt/none", ""),
        ("MIXED", "preempt/partition_prio", "with preemption a job of ours could take a user's place"),
        ("IDLE+DRAIN", "preempt/none", "no node is in order and free"),
        ("DOWN", "preempt/none", "no node is in order and free"),
    ],
)
def test_it_goes_only_where_it_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch, state: str, kind: str, words: str
) -> None:
    found = tried(monkeypatch, User(nodes={"bld-008": state}, PreemptType=kind))
    assert words in one(found, "memory")["words"]
    assert (one(found, "memory")["result"] == "ok") is (words == "")


@pytest.mark.parametrize(
    ("harm", "result", "words"),
    [
        ("", "ok", "of partition all became PENDING, job"),
        ("time to end", "ok", "of partition all became PENDING, job"),
        ("no way is made", "failed", "a job of partition high waits for one of all"),
        ("one tier", "not tried", "no partition of bld-008 takes precedence"),
        ("nobody makes way", "not tried", "no partition of bld-008 takes precedence"),
        ("no partition", "not tried", "nobody may not use partition high"),
    ],
)
def test_a_low_job_has_to_make_way(monkeypatch: pytest.MonkeyPatch, harm: str, result: str, words: str) -> None:
    found = one(tried(monkeypatch, User(harm, PreemptType="preempt/partition_prio")), "preemption")
    assert found["result"] == result
    assert words in found["words"]


def test_preemption_by_qos_is_said_to_be_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    found = one(tried(monkeypatch, User(PreemptType="preempt/qos")), "preemption")
    assert (found["result"], found["words"]) == ("not tried", "preempt/qos: only preemption by partition is tried")


@pytest.mark.parametrize(("harm", "free"), [("", ["bld-008"]), ("somebody waits", [])])
def test_a_node_that_is_planned_for_somebody_is_busy(
    monkeypatch: pytest.MonkeyPatch, harm: str, free: list[str]
) -> None:
    found = tried(monkeypatch, User(harm, nodes={"bld-008": "IDLE+PLANNED"}))
    assert found["free"] == free


def test_jobs_go_to_the_partition_that_takes_nobodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tried(monkeypatch, User())["partition"] == "all"
    assert "no node is in order" in one(tried(monkeypatch, User("partition is down")), "sbatch")["words"]


def test_the_time_of_all_of_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, User(), timeout=-1)
    assert set(results(found).values()) == {"not tried"}


def test_every_job_is_ours_by_name_account_and_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    user = User()
    tried(monkeypatch, user, run="run")
    for command in user.users:
        if "sbatch" in command:
            assert f"--comment={JOBS.our_comment('run')}" in command
            assert "--job-name=provision-verify" in command or CHECKS.SUBMIT in command
    assert "#SBATCH --job-name=provision-verify" in CHECKS.SCRIPT


def test_whoever_is_gone_gets_no_more_jobs_and_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    user = User()
    cancelled: list[str] = []

    def cancel_own(comment: str) -> dict[str, Any]:
        cancelled.append(comment)
        return {}

    monkeypatch.setattr(DEEP, "cancel_own", cancel_own)
    answer = answered(monkeypatch, user, lambda: len(user.jobs) > 1)
    assert "whoever asked is gone" in answer["msg"]
    assert len(user.jobs) == 2
    assert len(cancelled) == 1


def test_a_reader_that_goes_away_is_noticed() -> None:
    """As sshd does it when the connection of a run ends."""
    code = (
        "import sys; sys.path.insert(0, '.'); from tests.unit.library.deep_cluster import DEEP\n"
        "print(DEEP.gone(), flush=True); sys.stdin.read(); sys.exit(7 if DEEP.gone() else 8)"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, cwd=root) as asked:
        assert asked.stdin is not None
        assert asked.stdout is not None
        assert asked.stdout.readline() == b"False\n"
        asked.stdout.close()
        asked.stdin.close()
        assert asked.wait(timeout=30) == 7


@pytest.mark.parametrize("account", ["root", "nosuchaccount"])
def test_it_works_as_nobody_who_has_all_rights_or_is_not_there(account: str) -> None:
    answer = answer_of(DEEP, nodes=["bld-008"], account=account)
    assert answer["failed"]
    assert "next: name an account without rights" in answer["msg"]


def test_the_account_that_it_works_as_is_known_to_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Until none of its jobs is at work: whoever takes our name later is a user like any other."""
    monkeypatch.setattr(JOBS, "NOTE", str(tmp_path / "note"))
    rows = {"alice": f"7 bld-008 {JOBS.our_comment('run')}\n8 bld-008 provision:verify:dead:1:1"}
    asked: list[tuple[str, ...]] = []

    def run(*command: str, **more: Any) -> tuple[int, str, str]:
        asked.append(command)
        account = next((word.partition("=")[2] for word in command if word.startswith("--user=")), "")
        return 0, rows.get(account, ""), ""

    monkeypatch.setattr(JOBS, "run", run)
    JOBS.works_as("nobody")
    assert JOBS.accounts() == ("nobody", "root")
    JOBS.works_as("alice")
    assert set(JOBS.cancel_left_behind()) == {"7", "8"}
    assert asked[-1] == ("scancel", "--name=provision-verify", "--user=alice", "8")
    assert JOBS.accounts() == ("nobody", "root", "alice"), "one is at work"
    JOBS.worked_as(JOBS.cancel_own(JOBS.our_comment("run")))
    assert asked[-1] == ("scancel", "--name=provision-verify", "--user=alice", "7")
    assert JOBS.accounts() == ("nobody", "root")


@pytest.mark.parametrize("text", ["", "root", "nobody", "a b", "-x", "x" * 200, "alice\nbob"])
def test_a_note_that_is_no_account_of_ours_counts_for_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    (tmp_path / "note").write_text(text)
    monkeypatch.setattr(JOBS, "NOTE", str(tmp_path / "note"))
    assert JOBS.accounts() == ("nobody", "root")


SHELLS = {
    "good": ('exec "$@"', ""),
    "no terminal": ('exec "$@" < /dev/null', "is no terminal"),
    "refused": ("echo 'srun: error: Unable to allocate' >&2; exit 1", "srun ended with 1"),
    "another end": ('"$@"; exit 3', "became 3"),
    "hangs": ("exec tail -f /dev/null", "srun did not answer"),
    "not for users": ("", "srun cannot be run: Permission denied"),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another account")
@pytest.mark.parametrize("name", SHELLS)
def test_an_interactive_shell_is_one_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = Path("/tmp") / f"srun-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    doing, words = SHELLS[name]
    (folder / "srun").write_text(f'#!/bin/sh\nwhile [ "$1" != bash ]; do shift; done\n{doing}\n')
    (folder / "srun").chmod(0o700 if name == "not for users" else 0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    patience = 1 if name in ("hangs", "no terminal") else 20
    asker = ASKING.Asker("nobody", "x", "all", "bld-008", ["bld-008"], [], patience, {}, lambda: False)
    try:
        if words:
            with pytest.raises(ASKING.Failed, match=words):
                TERMINAL.terminal(asker)
        else:
            assert "with its size and its exit code" in TERMINAL.terminal(asker)
    finally:
        (folder / "srun").unlink()
        folder.rmdir()


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
