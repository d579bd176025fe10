from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner import __version__
from provisioner.cli import main as entry
from provisioner.errors import BusyError, DegradedError, ExitCode, ProvisionError, UsageError
from provisioner.run.session import only_run

HEAVY = ("ansible", "ansible_runner", "pydantic", "yaml", "jinja2", "ClusterShell", "filelock", "rich.live")


def provision(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_STATE_HOME": str(cwd or "")}
    command = [sys.executable, "-m", "provisioner", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def test_help_loads_nothing_heavy() -> None:
    """What keeps `provision --help` fast; the time itself is measured in bench/."""
    look = f"import sys; import provisioner.cli.main\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_help_names_the_exit_codes() -> None:
    done = provision("--help")
    assert done.returncode == 0
    for code in ExitCode:
        assert f"{int(code)}  {code.meaning}" in " ".join(done.stdout.split(" ")).replace("\n", " ")


def test_version() -> None:
    assert provision("--version").stdout == f"provision {__version__}\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [(ProvisionError, 1), (UsageError, 2), (DegradedError, 3), (BusyError, 4)],
)
def test_an_error_is_a_sentence_a_next_step_and_a_code(
    error: type[ProvisionError],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(**options: object) -> None:
        raise error("it is odd", "look at it")

    monkeypatch.setattr(entry, "app", fail)
    with pytest.raises(SystemExit) as stopped:
        entry.main()
    assert stopped.value.code == code
    assert capsys.readouterr().err == "provision: it is odd\n  next: look at it\n"


def test_ctrl_c_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(**options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "app", stop)
    with pytest.raises(SystemExit) as stopped:
        entry.main()
    assert stopped.value.code == 130
    assert capsys.readouterr().err == (
        "provision: stopped\n  next: run it again; it mends what this one left half done\n"
    )


def test_ctrl_c_is_json_where_json_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(**options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "app", stop)
    monkeypatch.setattr(sys, "argv", ["provision", "status", "--json"])
    with pytest.raises(SystemExit):
        entry.main()
    assert json.loads(capsys.readouterr().out)["exit_code"] == 130


@pytest.mark.parametrize(
    "arguments",
    [
        ("slurm", "--nodes", "BLD-099"),
        ("slurm", "--nodes", "BLD-[008"),
        ("slurm", "--forks", "0"),
        ("slurm", "--no-such-option"),
        ("no-such-verb",),
        ("verify", "--plan", "none.yml"),
        ("inventory",),
        ("inventory", "--host", "BLD-099"),
        ("reimaged", "BLD-099"),
        ("status", "--plan", "/"),
    ],
    ids=" ".join,
)
def test_bad_usage_is_code_2_without_traceback(site: Path, arguments: tuple[str, ...]) -> None:
    done = provision(*arguments, cwd=site)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_no_plan_is_said(tmp_path: Path) -> None:
    done = provision("slurm", cwd=tmp_path)
    assert done.returncode == 2
    assert "no plan found" in done.stderr
    assert "--plan FILE" in done.stderr


def test_a_reader_that_goes_away_is_no_error_message(site: Path) -> None:
    """`provision inventory --list | head -0`."""
    line = f"{sys.executable} -m provisioner inventory --list | head -c 0"
    environment = {**os.environ, "XDG_STATE_HOME": str(site)}
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=site, env=environment, check=False)
    assert done.stderr == ""


RUNS = ["slurm", "slurm --check", "verify", "status", "disks", "unlock"]


@pytest.mark.parametrize("verb", RUNS)
def test_every_run_looks_at_the_variables_before_anything_is_touched(site: Path, verb: str) -> None:
    """Exit code 2 with file, line and column, in words and as JSON; no Ansible, no lock, no record."""
    (site / "group_vars").mkdir()
    (site / "group_vars" / "all.yml").write_text("base_domain: a.example\nslurmctld_confg: {}\n")
    done = provision(*verb.split(), "--json", cwd=site)
    assert done.returncode == 2, done.stderr
    told = json.loads(done.stdout)
    (problem,) = told["problems"]
    assert (problem["line"], problem["col"]) == (2, 1)
    assert problem["file"].endswith("group_vars/all.yml")
    assert "group_vars/all.yml:2:1: no role takes slurmctld_confg; did you mean slurmctld_config" in done.stderr
    assert told["meaning"].endswith("nothing was touched")
    assert not (site / "provision").exists(), "the state folder"


def test_a_busy_lock_is_json_where_json_was_asked_for(site: Path) -> None:
    state = site / "provision" / "demo"
    state.mkdir(parents=True)
    with only_run(state, "demo", "first"):
        done = provision("slurm", "--json", cwd=site)
    assert done.returncode == 4
    told = json.loads(done.stdout)
    assert told["exit_code"] == 4
    assert "another run works on cluster demo: first by " in told["error"]
    assert f"end its process {os.getpid()} here" in told["next_step"]
