"""`provision plan` and `provision schema` as a person and as a script see them."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from provisioner.cli.plan import plan
from provisioner.cli.schema import schema
from provisioner.plan.problems import PlanError

ASGARD = Path(__file__).parents[3] / "inventories" / "asgard" / "plan.yml"

# By name, since it comes without types; ansible-lint brings it along.
jsonschema = importlib.import_module("jsonschema")

app = typer.Typer()
app.command("plan")(plan)
app.command("schema")(schema)


def shown(*arguments: str, columns: int | None = None, monkeypatch: pytest.MonkeyPatch | None = None) -> str:
    if monkeypatch and columns:
        monkeypatch.setenv("FORCE_COLOR", "1")
    # Who runs the tests may have it set.
    width = {"COLUMNS": str(columns) if columns else None}
    result = CliRunner().invoke(app, arguments, catch_exceptions=False, env=width)
    assert result.exit_code == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)


def row_of(text: str, blade: str) -> str:
    return next(line for line in text.splitlines() if f" {blade} " in line)


def test_a_pipe_gets_whole_lines() -> None:
    text = shown("plan", "--plan", str(ASGARD))
    assert " ".join(row_of(text, "BLD-008").split()) == (
        "8 BLD-008 10.60.0.108 medium compute 16 -> 32 2 x 300 GB SAS, scratch 3"
    )
    assert "controller" in row_of(text, "BLD-006")
    assert "8 -> 40" in row_of(text, "BLD-006")
    assert "BLD-[008,011-012]: +2 sticks are 1 per CPU" in text
    assert "the last spare stick is used: all 14 x RAM-007 are planned" in text


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_lines_that_fit(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown("plan", "--plan", str(ASGARD), columns=columns, monkeypatch=monkeypatch)
    assert max(map(len, text.splitlines())) <= columns
    assert ("10.60.0.108" in text) == (columns == 120)
    assert row_of(text, "BLD-008").rstrip().endswith("3")
    assert "…" not in text


def test_empty_bays_are_shown(plan_file: Path) -> None:
    text = shown("plan", "--plan", str(plan_file))
    assert sum("(empty)" in line for line in text.splitlines()) == 11


@pytest.mark.parametrize(
    ("said", "title", "role"),
    [
        ("true", "controller BLD-006, accounting on BLD-006", "-"),
        ("false", "controller BLD-006, no accounting", "-"),
        ("{host: BLD-016}", "controller BLD-006, accounting on BLD-016", "accounting"),
    ],
)
def test_the_place_of_the_database_is_shown(plan_file: Path, tmp_path: Path, said: str, title: str, role: str) -> None:
    path = tmp_path / "plan.yml"
    path.write_text(f"{plan_file.read_text()}accounting: {said}\n")
    text = shown("plan", "--plan", str(path))
    assert title in text
    assert row_of(text, "BLD-016").split()[4] == role


NAMED = ASGARD.parents[2] / "tests" / "plans" / "partitions-named" / "plan.yml"


@pytest.mark.parametrize("columns", [80, 140])
def test_partitions_of_the_plan_are_shown(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown("plan", "--plan", str(NAMED), columns=columns, monkeypatch=monkeypatch)
    assert "preemption by partition (requeue)" in " ".join(text.split())
    (default,) = [line for line in text.splitlines() if line.startswith("Batch* ")]
    assert default.split()[1:5] == ["GPU-[01-02],node[001-004]", "2-00:00:00", "2:00:00", "1"]
    assert re.search(r"^later +none yet ", text, re.MULTILINE)


def test_partitions_are_in_the_json() -> None:
    said = json.loads(shown("plan", "--plan", str(NAMED), "--json"))
    assert [row["partition"] for row in said["partitions"] if row["default"]] == ["Batch"]
    assert said["partitions"][4]["blades"] == []
    assert said["preemption"] == {"by": "partition", "mode": "requeue", "exempt_time": "5"}
    asgard = json.loads(shown("plan", "--plan", str(ASGARD), "--json"))
    assert (asgard["preemption"], asgard["partitions"][0]["more"]) == ({}, {})


def test_json_says_the_same() -> None:
    said = json.loads(shown("plan", "--plan", str(ASGARD), "--json"))
    assert [blade["bay"] for blade in said["blades"]] == list(range(1, 17))
    blade = said["blades"][7]
    assert (blade["blade"], blade["slurm"], blade["ram_gb"], blade["ram_after_gb"]) == (
        "BLD-008",
        "compute",
        16,
        32,
    )
    assert blade["scratch"] == ["any of 300 GB", "any of 300 GB"]
    left = {part["part"]: part["left"] for part in said["stock"]}
    assert left == {"RAM-007": 0, "HDD-004": 0, "HDD-002": 6}
    assert {finding["level"] for finding in said["findings"]} == {"warning"}
    assert said["problems"] == []


def test_problems_as_json_and_as_an_error(tmp_path: Path) -> None:
    path = tmp_path / "plan.yml"
    path.write_text("- x\n")
    result = CliRunner().invoke(app, ["plan", "--plan", str(path), "--json"])
    assert isinstance(result.exception, PlanError)
    (problem,) = result.exception.as_dict()["problems"]
    assert (problem["file"], problem["line"], problem["col"]) == (str(path), 1, 1)


def test_an_error_is_json_where_json_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "plan.yml"
    path.write_text("- x\n")
    for verb in ("plan", "check", "slurm", "verify", "status", "disks"):
        command = [sys.executable, "-m", "provisioner", verb, f"--plan={path}", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = json.loads(done.stdout)
        assert (said["exit_code"], done.returncode, len(said["problems"])) == (2, 2, 1), verb
        assert "the plan has one problem" in done.stderr, verb


def test_the_schema_takes_the_plan_of_asgard() -> None:
    described = json.loads(shown("schema"))
    assert described["$schema"].startswith("https://json-schema.org/")
    jsonschema.Draft202012Validator.check_schema(described)
    site = yaml.safe_load(ASGARD.read_text())
    jsonschema.validate(site, described)
    site["blades"]["BLD-001"]["teir"] = "thin"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(site, described)


def test_the_verbs_import_nothing_heavy_before_they_are_called() -> None:
    code = "import sys, provisioner.cli.plan, provisioner.cli.schema; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "yaml", "ClusterShell"} & set(loaded)


@pytest.mark.parametrize("case", ["other-site", "other-site-ipv6", "included", "partitions-named"])
def test_the_schema_takes_plans_of_other_sites(case: str) -> None:
    site = yaml.safe_load((Path(__file__).parents[2] / "plans" / case / "plan.yml").read_text())
    jsonschema.validate(site, json.loads(shown("schema")))
    site["nodes"][next(iter(site["nodes"]))]["rum"] = 64
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(site, json.loads(shown("schema")))
