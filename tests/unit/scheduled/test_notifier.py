"""Somebody is told by a real command, run by a real shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provisioner.errors import BusyError, ExitCode, UsageError
from provisioner.plan.notify import Notify
from provisioner.scheduled.counted import BY_UNIT, Ended, counted, note_crash, remember
from provisioner.scheduled.memory import changed, memory_file, recall
from provisioner.scheduled.notifier import run_command, tell

HOSTILE = '$(touch /tmp/owned) `id` "; rm -rf / \n~!sh\n\x1b[2J {{ 7 * 7 }} <b>[bold]'


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv(BY_UNIT, raising=False)
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    return tmp_path / "asgard" / "plan.yml"


def use(plan: Path, command: str, **more: Any) -> None:
    with changed(plan) as memory:
        memory.notify = Notify(command=command, **more).model_dump()


def fail(plan: Path, error: str = "") -> tuple[int, str]:
    return counted(plan, lambda: Ended(1, "20261126T101500Z-1", 3.0, error, {"BLD-008": HOSTILE}))


def written(file: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in file.read_text().split("\0")[:-1]] if file.exists() else []


def test_it_runs_once_after_three_failures_and_once_when_all_is_well(plan: Path, tmp_path: Path) -> None:
    file = tmp_path / "told"
    use(plan, f"cat >> {file}; printf '\\0' >> {file}")
    for _ in range(6):
        fail(plan, HOSTILE)
    (failing,) = written(file)
    assert (failing["event"], failing["failures"], failing["last"]["exit_code"]) == ("failing", 3, 1)
    counted(plan, lambda: Ended(0))
    counted(plan, lambda: Ended(0))
    assert [each["event"] for each in written(file)] == ["failing", "well"]


def test_hostile_words_reach_it_as_data_only(plan: Path, tmp_path: Path) -> None:
    file = tmp_path / "subject"
    use(plan, f'printf "%s" "$PROVISION_SUBJECT" > {file}; cat > {file}.json', after=1)
    with changed(plan) as memory:
        memory.last = {"cluster": HOSTILE}
    code, told = fail(plan, HOSTILE)
    assert code == 1
    assert told.startswith("told by the command of `notify`: provision: cluster ")
    subject = file.read_text()
    assert subject.isprintable()
    assert "1 scheduled run failed in a row: failed" in subject
    text = Path(f"{file}.json").read_text()
    assert text.isascii()
    # No line could be a command of a mail program.
    assert all(line[0] in " {}" for line in text.splitlines())
    assert not Path("/tmp/owned").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo no such host >&2; exit 7", "ended with 7: no such host"),
        ("sleep 60 & sleep 60", "did not end within 1 s and was killed"),
        ("kill -9 $$", "ended with -9"),
        ("/no/such/program", "ended with 127: /bin/sh"),
        ("head -c 100000000 /dev/zero", ""),
        ("exec < /dev/null", ""),
    ],
)
def test_what_goes_wrong_with_it_is_said_and_harms_nothing(plan: Path, command: str, words: str) -> None:
    data = {"subject": "s", "event": "failing", "cluster": "c", "plan": str(plan), "more": "x" * 1_000_000}
    said = run_command(Notify(command=command, patience=1), data)
    assert said.startswith(words) if words else said == ""


def test_a_run_says_that_nobody_could_be_told(plan: Path) -> None:
    use(plan, "exit 3", after=1)
    assert fail(plan) == (1, "the command of `notify` in the plan ended with 3")
    assert recall(plan).trouble == "ended with 3"
    # Neither after each run, nor never again.
    assert [bool(fail(plan)[1]) for _ in range(6)] == [True, False, True, False, False, False]


def test_another_run_at_work_is_left_in_silence(plan: Path) -> None:
    use(plan, "exit 1", after=1)

    def run() -> Ended:
        raise BusyError("another run works on cluster asgard")

    assert counted(plan, run) == (4, "")
    assert recall(plan).streak.failures == 0


def test_a_plan_that_cannot_be_used_is_told_with_the_command_that_it_had(plan: Path, tmp_path: Path) -> None:
    use(plan, f"cat > {tmp_path / 'told'}", after=1)

    def run() -> Ended:
        raise UsageError("the plan cannot be used")

    with pytest.raises(UsageError):
        counted(plan, run)
    assert json.loads((tmp_path / "told").read_text())["last"]["error"] == "the plan cannot be used"


def test_the_unit_of_a_timer_tells_by_its_hook(plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BY_UNIT, "1")
    monkeypatch.setenv("INVOCATION_ID", "abc")
    use(plan, f"cat > {tmp_path / 'told'}", after=1)
    assert fail(plan) == (1, "")
    assert not (tmp_path / "told").exists()
    # What was counted by the run itself is not counted again.
    note_crash(plan, "exit-code", "abc")
    assert recall(plan).streak.failures == 1
    assert tell(plan)
    assert (tmp_path / "told").exists()


def test_a_run_that_was_killed_counts(plan: Path) -> None:
    note_crash(plan, "signal", "abc")
    note_crash(plan, "signal", "abc")
    note_crash(plan, "success", "def")
    note_crash(plan, "", "")
    memory = recall(plan)
    assert memory.streak.failures == 1
    assert "ended without a word of its own (signal)" in memory.last["error"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"streak": 1, "last": [], "notify": "x", "trouble": {}}', "[" * 100_000]
)
def test_a_file_that_is_none_of_ours_counts_as_nothing(plan: Path, text: str) -> None:
    file = memory_file(plan)
    file.parent.mkdir(parents=True)
    file.write_text(text)
    remember(plan, Ended(int(ExitCode.DEGRADED)))
    assert recall(plan).streak.failures == 1
    assert file.stat().st_mode & 0o777 == 0o600


def test_two_plans_are_remembered_apart(plan: Path) -> None:
    fail(plan)
    assert recall(plan.with_name("other.yml")).streak.failures == 0
