"""`provision init` over played answers: what it writes, says and exits with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from provisioner.cli.main import app
from provisioner.errors import ExitCode, ProvisionError, UsageError
from provisioner.lab.settings import LabFiles
from provisioner.paths import state_dir
from provisioner.plan.load import load_plan
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from tests.unit.survey.machines import facts, free_disk

Played = Callable[..., Any]
runner = CliRunner()
SCAN = "--scan=admin@10.0.0.11,admin@10.0.0.12,admin@10.0.0.13"
HOSTS = ["at-10-0-0-11", "at-10-0-0-12", "at-10-0-0-13"]
REFUSED = BladeState(failure=Diagnosis("SSH refuses the key or the user", "check ssh.key in the plan"))


@pytest.fixture(autouse=True)
def _empty(site: Path) -> None:
    """The folder has no plan yet."""
    (site / "plan.yml").unlink()


def answers(**odd: Any) -> dict[str, Any]:
    """What each machine answers to the look; `odd` are the facts of some by the end of their names."""
    told = {name: odd.get(f"m{name[-2:]}", facts(number)) for number, name in enumerate(HOSTS, 1)}
    return {name: {"Look at the machine": {"ansible_facts": {"machine": each}}} for name, each in told.items()}


def init(*words: str) -> Result:
    return runner.invoke(app, ["init", *words])


def test_three_machines_become_a_plan(site: Path, played: Played) -> None:
    runs = played(results=answers())
    done = init("lab", SCAN)
    assert done.exit_code == 0, done.output
    (asked,) = runs.asked
    assert (asked.playbook, asked.blades, asked.plan_file) == ("init.yml", HOSTS, Path("plan.yml"))
    assert [str(blade.address) for blade in asked.plan.blades.values()] == ["10.0.0.11", "10.0.0.12", "10.0.0.13"]
    plan = load_plan(site / "plan.yml")
    assert (plan.cluster.name, list(plan.blades)) == ("lab", ["node001", "node002", "node003"])
    assert (site / "plan.yml").stat().st_mode & 0o111
    assert "plan.yml: 3 nodes; tiers: compute (2)" in done.output
    assert "controller: node001, the first machine that was named" in done.output
    assert "provision plan && provision slurm --check" in done.output
    assert runner.invoke(app, ["plan"]).exit_code == 0


def test_json_has_all_of_it(site: Path, played: Played) -> None:
    played(results=answers(m12=facts(2, gpus=["10de:20b0"], disks=[free_disk(1)])))
    done = init("lab", SCAN, "--json", "--out=x/plan.yml", "--controller=10.0.0.13")
    told = json.loads(done.stdout)
    assert (told["controller"], told["controller_why"], told["file"]) == ("node003", "as you said", "x/plan.yml")
    assert told["nodes"]["node002"]["gpus"] == ["10de:20b0"]
    assert told["nodes"]["node002"]["disks"][0]["kind"] == "HDD"
    assert told["left_out"] == []
    assert (site / "x" / "plan.yml").exists()


def test_one_that_is_left_out_is_named_and_the_others_go_on(site: Path, played: Played) -> None:
    played(results=answers(), at_10_0_0_12=REFUSED)
    done = init("lab", SCAN)
    assert done.exit_code == ExitCode.DEGRADED
    assert "10.0.0.12: SSH refuses the key or the user\n  next: `ssh-copy-id admin@10.0.0.12`" in done.stderr
    assert list(load_plan(site / "plan.yml").blades) == ["node001", "node003"]
    assert "# 10.0.0.12: SSH refuses" in (site / "plan.yml").read_text()


def test_an_answer_that_is_none_is_told(played: Played) -> None:
    played(results=answers(m12={"memory_mib": "much"}))
    done = init("lab", SCAN)
    assert done.exit_code == ExitCode.DEGRADED
    assert "10.0.0.12: it did not say what it is" in done.stderr


@pytest.mark.parametrize("as_json", [False, True])
def test_without_a_machine_nothing_is_written(site: Path, played: Played, as_json: bool) -> None:
    played(**{name.replace("-", "_"): REFUSED for name in HOSTS})
    done = init("lab", SCAN, *(["--json"] if as_json else []))
    assert not (site / "plan.yml").exists()
    if as_json:
        told = json.loads(done.stdout)
        assert (done.exit_code, told["exit_code"], len(told["left_out"])) == (1, 1, 3)
    else:
        assert "no machine can be a node" in str(done.exception)
        assert done.stderr.count("next: `ssh-copy-id") == 3


def test_a_file_that_is_there_stops_it_before_any_machine_is_asked(site: Path, played: Played) -> None:
    runs = played(results=answers())
    (site / "plan.yml").write_text("mine")
    assert isinstance(init("lab", SCAN).exception, UsageError)
    assert (runs.asked, (site / "plan.yml").read_text()) == ([], "mine")
    assert init("lab", SCAN, "--force").exit_code == 0
    assert "nodes:" in (site / "plan.yml").read_text()


def test_offline_no_machine_is_asked(site: Path, played: Played) -> None:
    runs = played()
    (site / "hosts.txt").write_text("10.0.0.11 head\nadmin@10.0.0.[12-13]\n")
    done = init("lab", "--from=hosts.txt", "--offline")
    assert done.exit_code == 0, done.output
    assert runs.asked == []
    plan = load_plan(site / "plan.yml")
    assert list(plan.blades) == ["head", "node01", "node02"]
    assert "not looked at" in (site / "plan.yml").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "it is not said which machines are meant"),
        (["Lab", SCAN], "is no name of a cluster"),
        (["lab", "--scan=-oProxyCommand=x"], "is no host name"),
        (["lab", SCAN, "--out=."], "is a folder"),
        (["lab", SCAN, "--key=/nowhere/key"], "/nowhere/key"),
        (["lab", SCAN, "--key={{ x }}"], "a name that no plan takes"),
        (["lab", SCAN, "--controller=nobody"], "the controller nobody is none of the machines"),
        (["lab", "--from=none.txt"], "there is no such file"),
        (["lab", "-i", "none.ini"], "there is no inventory"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(
    words: list[str], said: str, site: Path, played: Played
) -> None:
    played(results=answers())
    done = init(*words)
    assert isinstance(done.exception, UsageError), done.output
    assert said in done.exception.message
    assert list(site.glob("*.yml")) == []


def test_a_controller_that_cannot_be_one_is_told_why(site: Path, played: Played) -> None:
    played(results=answers(), at_10_0_0_12=REFUSED)
    done = init("lab", SCAN, "--controller=10.0.0.12")
    assert isinstance(done.exception, ProvisionError)
    assert done.exception.message == "10.0.0.12 cannot be the controller: SSH refuses the key or the user"
    assert "ssh-copy-id" in done.exception.next_step
    assert not (site / "plan.yml").exists()


def test_why_ansible_did_not_start_is_told(site: Path, played: Played) -> None:
    runs = played(ExitCode.FAILED)
    runs.outcome = replace(runs.outcome, words="ERROR! group_vars/all.yml: while scanning")
    done = init("lab", SCAN)
    assert isinstance(done.exception, ProvisionError)
    assert "Ansible stopped: ERROR! group_vars/all.yml" in done.exception.message
    assert not (site / "plan.yml").exists()


def test_a_lab_of_the_same_name_is_not_asked(played: Played) -> None:
    runs = played(results=answers())
    key = LabFiles(state_dir("lab")).key
    key.parent.mkdir()
    key.touch()
    done = init("lab", SCAN)
    assert isinstance(done.exception, UsageError)
    assert "a lab of the cluster lab" in done.exception.message
    assert runs.asked == []


def test_two_names_of_one_address_are_asked_once(site: Path, played: Played) -> None:
    runs = played(results={"head": answers()[HOSTS[0]]})
    (site / "hosts.txt").write_text("10.0.0.11 head\n10.0.0.11 other\n")
    done = init("lab", "--from=hosts.txt")
    assert done.exit_code in (ExitCode.OK, ExitCode.DEGRADED), done.output
    assert list(runs.asked[0].plan.blades) == ["head"]


def test_a_name_without_an_address_is_one_sentence(played: Played) -> None:
    played(results=answers())
    done = init("lab", f"{SCAN},admin@no-such-host.invalid")
    assert done.exit_code == ExitCode.DEGRADED
    assert "no-such-host: the name no-such-host.invalid has no address here" in done.stderr
