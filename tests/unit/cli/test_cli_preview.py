"""`provision slurm --check --out`, `--apply`, `--yes` and the question, over played blades."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from provisioner.cli import consent
from provisioner.cli.main import app
from provisioner.errors import ExitCode, ProvisionError, StoppedError, UsageError
from provisioner.run import converge as runs
from provisioner.run import kept
from provisioner.run.events import BladeState

Played = Callable[..., Any]
runner = CliRunner()
FILE = "file /etc/hosts: content"
ROW = {"what": "removed partitions: night", "needs": "reconfigure", "ends": ["partition night"]}
CHANGE = {"kind": "reconfigure", "why": ["removed partitions: night"], "rows": [ROW]}
HARM = {"ends": ["17"], "requeues": ["23"], "of": {"partition night": ["17", "23"]}, "refused": ["17", "23"]}
ASKED = {**HARM, "words": "", "why": ["removed partitions: night"]}


@pytest.fixture(autouse=True)
def _here(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verb finds the plan of the test."""
    monkeypatch.setattr(kept, "converge", lambda *words: runs.converge(*words))


def facts(**told: Any) -> dict[str, dict[str, Any]]:
    return {"task": {"ansible_facts": told}}


def states(**hosts: str) -> dict[str, Any]:
    """What nodes say, and what the controller would do."""
    found = {name.replace("_", "-"): facts(slurm_fingerprint={"file /etc/hosts": said}) for name, said in hosts.items()}
    found["bld-006"]["task"]["ansible_facts"] |= {"slurmctld_change": CHANGE, "slurmctld_harm": HARM}
    return found


def call(*words: str, **more: Any) -> Any:
    return runner.invoke(app, ["slurm", *words], catch_exceptions=False, **more)


def kept_preview(played: Played, file: Path) -> dict[str, Any]:
    played(results=states(bld_006="1", bld_008="2"), BLD_006=BladeState(), BLD_008=BladeState(lines=[FILE]))
    done = call("--check", "--nodes", "bld-008", "--out", str(file))
    assert done.exit_code == 0, done.output
    assert f"provision slurm --apply {file}" in done.output
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_a_check_shows_verdicts_jobs_and_one_closing_line(played: Played) -> None:
    played(results=states(bld_006="1"), BLD_008=BladeState(lines=[FILE]))
    out = call("--check").stdout
    assert [" ".join(line.split()) for line in out.splitlines() if "night" in line] == [
        "removed partitions: night reconfigure 17, 23"
    ]
    assert out.splitlines()[-1] == (
        "Plan: 1 node changes, slurmctld is reconfigured, 1 job would be ended: 17, 1 job would be requeued: 23. "
        "Nothing was touched."
    )
    as_json = json.loads(call("--check", "--json").stdout)
    assert as_json["plan"]["settings"] == [{"what": ROW["what"], "needs": "reconfigure", "jobs": ["17", "23"]}]


def test_a_kept_preview_is_private_and_has_what_it_was_made_from(played: Played, tmp_path: Path) -> None:
    found = kept_preview(played, tmp_path / "kept.json")
    assert (tmp_path / "kept.json").stat().st_mode & 0o777 == 0o600
    assert found["state"] == {"bld-006": {"file /etc/hosts": "1"}, "bld-008": {"file /etc/hosts": "2"}}
    assert found["chosen"]["nodes"] == "bld-008"
    assert list(found["files"]) == ["plan.yml"]
    assert found["planned"]["blades"] == {"BLD-008": [FILE]}


def test_a_failed_check_keeps_nothing(played: Played, tmp_path: Path) -> None:
    played(ExitCode.FAILED, BLD_008=BladeState())
    done = call("--check", "--out", str(tmp_path / "kept.json"))
    assert done.exit_code == 1
    assert "no preview is kept" in done.output
    assert not (tmp_path / "kept.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--out", "kept.json"],
        ["--check", "--scheduled", "--out", "kept.json"],
        ["--check", "--out", "nowhere/kept.json"],
        ["--apply", "nowhere.json"],
        ["--apply", "plan.yml"],
        ["--apply", "plan.yml", "--check"],
        ["--apply", "plan.yml", "--nodes", "BLD-008"],
        ["--scheduled", "--yes"],
    ],
)
def test_what_does_not_go_together_is_said_before_anything_is_touched(played: Played, words: list[str]) -> None:
    asked = played().asked
    with pytest.raises(UsageError) as raised:
        call(*words)
    assert raised.value.next_step
    assert asked == []


def test_what_is_as_it_was_is_done(played: Played, tmp_path: Path) -> None:
    kept_preview(played, tmp_path / "kept.json")
    made = played(results=states(bld_006="1", bld_008="2"), BLD_006=BladeState(), BLD_008=BladeState(lines=[FILE]))
    assert call("--apply", str(tmp_path / "kept.json"), "--yes").exit_code == 0
    look, run = made.asked
    assert (look.options.check, run.options.check) == (True, False)
    assert run.blades == ["BLD-008"]
    assert run.options.extra["provision_fingerprint"]["bld-008"] == {"file /etc/hosts": "2"}
    assert run.options.extra["provision_may_end"] == ["17", "23"], "these jobs and no others"
    assert run.options.extra["provision_ask"] is True


@pytest.mark.parametrize(
    ("results", "lines", "said"),
    [
        (states(bld_006="1", bld_008="3"), [FILE], "BLD-008: file /etc/hosts"),
        (states(bld_006="1"), [FILE], "BLD-008 does not answer any more"),
        (states(bld_006="1", bld_008="2"), [FILE, "x"], "besides: BLD-008: x"),
        (states(bld_006="1", bld_008="2"), [], f"not any more: BLD-008: {FILE}"),
    ],
)
def test_what_moved_is_refused_and_named(
    played: Played, tmp_path: Path, results: Any, lines: list[str], said: str
) -> None:
    kept_preview(played, tmp_path / "kept.json")
    made = played(results=results, BLD_006=BladeState(), BLD_008=BladeState(lines=lines))
    with pytest.raises(UsageError) as raised:
        call("--apply", str(tmp_path / "kept.json"))
    assert said in raised.value.message
    assert "nothing was touched" in raised.value.message
    assert [run.options.check for run in made.asked] == [True]


def test_a_job_that_is_gone_is_nothing_and_a_new_one_is(played: Played, tmp_path: Path) -> None:
    kept_preview(played, tmp_path / "kept.json")
    blades = {"BLD_006": BladeState(), "BLD_008": BladeState(lines=[FILE])}
    fewer, more = states(bld_006="1", bld_008="2"), states(bld_006="1", bld_008="2")
    fewer["bld-006"]["task"]["ansible_facts"]["slurmctld_harm"] = {**HARM, "ends": [], "refused": ["23"]}
    more["bld-006"]["task"]["ansible_facts"]["slurmctld_harm"] = {**HARM, "ends": ["17", "99"]}
    played(results=fewer, **blades)
    assert call("--apply", str(tmp_path / "kept.json"), "--yes").exit_code == 0
    played(results=more, **blades)
    with pytest.raises(UsageError, match="jobs 99 would be ended or requeued, too"):
        call("--apply", str(tmp_path / "kept.json"), "--yes")


def test_a_plan_that_changed_is_refused_before_any_blade_is_asked(played: Played, site: Path, tmp_path: Path) -> None:
    kept_preview(played, tmp_path / "kept.json")
    (site / "plan.yml").write_text((site / "plan.yml").read_text() + "# one more line\n")
    asked = played().asked
    with pytest.raises(UsageError, match=r"beside the plan: plan\.yml"):
        call("--apply", str(tmp_path / "kept.json"))
    assert asked == []


@pytest.mark.parametrize(
    "spoil",
    [
        {"format": 2},
        {"version": "0.0.1"},
        {"more": 1},
        {"state": []},
        {"chosen": {"nodes": 7}},
        {"state": {"a": {"b": "{{ 7 * 7 }}"}}},
    ],
)
def test_a_file_of_another_shape_is_refused(played: Played, tmp_path: Path, spoil: dict[str, Any]) -> None:
    file = tmp_path / "kept.json"
    file.write_text(json.dumps({**kept_preview(played, file), **spoil}))
    with pytest.raises(UsageError):
        call("--apply", str(file))


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A person who gives these answers, one after the other."""
    answers: list[bool] = []
    monkeypatch.setattr(consent, "can_answer", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda *words, **more: answers.pop(0))
    return answers


def test_nobody_is_asked_where_nobody_is_harmed(played: Played, at_a_terminal: list[bool]) -> None:
    made = played(BLD_008=BladeState(lines=[FILE]))
    assert call().exit_code == 0
    assert [run.options.extra["provision_ask"] for run in made.asked] == [True]


def test_a_yes_gives_up_the_named_jobs_alone(played: Played, at_a_terminal: list[bool]) -> None:
    at_a_terminal += [True]
    made = played(results={"bld-006": facts(slurm_asked=ASKED)}, BLD_008=BladeState(lines=[FILE]))
    done = call()
    assert "The change would end jobs 17 and requeue jobs 23 (removed partitions: night)." in done.output
    assert [run.options.extra["provision_may_end"] for run in made.asked] == [[], ["17", "23"]]


def test_numbers_that_are_none_are_no_question(played: Played, at_a_terminal: list[bool]) -> None:
    made = played(results={"bld-006": facts(slurm_asked={**ASKED, "refused": ["{{ 7 }}"]})}, BLD_008=BladeState())
    call()
    assert len(made.asked) == 1


def test_a_no_touches_nothing(played: Played, at_a_terminal: list[bool]) -> None:
    at_a_terminal += [False]
    made = played(results={"bld-006": facts(slurm_asked=ASKED)}, BLD_008=BladeState())
    with pytest.raises(ProvisionError, match="nothing was touched") as raised:
        call()
    assert (raised.value.exit_code, len(made.asked)) == (ExitCode.FAILED, 1)


def test_ctrl_c_at_the_question_touches_nothing(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    def abort(*words: Any, **more: Any) -> bool:
        raise typer.Abort

    monkeypatch.setattr(consent, "can_answer", lambda: True)
    monkeypatch.setattr(typer, "confirm", abort)
    made = played(results={"bld-006": facts(slurm_asked=ASKED)}, BLD_008=BladeState())
    with pytest.raises(StoppedError, match="nothing was touched"):
        call()
    assert len(made.asked) == 1


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        ([], {}),
        (["--yes"], {"provision_may_end": "any"}),
        (["--json"], {}),
    ],
)
def test_without_a_terminal_nobody_is_asked(played: Played, words: list[str], extra: dict[str, Any]) -> None:
    made = played(BLD_008=BladeState())
    call(*words)
    assert [dict(run.options.extra) for run in made.asked] == [extra]
