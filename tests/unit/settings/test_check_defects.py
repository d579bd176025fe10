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
