"""Settings that a defect of Slurm turns against the site are told with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.plan.load import load_plan
from provisioner.settings.check import settings_problems
from tests.contracts.ansible_files import ROOT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "slurmctld_config:\n  MessageTimeout: 60\n  TaskPlugin: task/affinity,task/cgroup\n",
            "group_vars/all.yml:3:3: slurmctld_config: TaskPlugin has task/affinity before task/cgroup",
        ),
        (
            "slurmctld_config: {PreemptParameters: 'min_exempt_priority=9,youngest_first'}\n",
            "group_vars/all.yml:1:20: slurmctld_config: PreemptParameters has words behind min_exempt_priority",
        ),
    ],
)
def test_its_place_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text(text)
    plan = load_plan(ROOT / "inventories" / "asgard" / "plan.yml")
    (problem,) = settings_problems(plan, tmp_path, ROOT / "roles")
    assert str(problem).startswith(words)


@pytest.mark.parametrize(
    ("rest", "port"),
    [("rest: {port: 7200}\n", "7200, the port of the REST interface"), ("", "6818, the port of slurmd")],
)
def test_a_range_of_srun_over_a_port_that_is_taken_is_told(tmp_path: Path, rest: str, port: str) -> None:
    number = int(port.split(",")[0])
    (tmp_path / "group_vars").mkdir()
    said = f"slurmctld_config:\n  SrunPortRange: {number}-{number + 100}\n"
    (tmp_path / "group_vars" / "all.yml").write_text(said)
    (tmp_path / "plan.yml").write_text(rest + (ROOT / "tests/plans/good/plan.yml").read_text().removeprefix("---\n"))
    (problem,) = settings_problems(load_plan(tmp_path / "plan.yml"), tmp_path, ROOT / "roles")
    assert str(problem).startswith(f"group_vars/all.yml:2:3: slurmctld_config: SrunPortRange has {port}")
