from __future__ import annotations

from typing import Any

import pytest

from provisioner.errors import ExitCode
from provisioner.run.events import BladeState
from provisioner.run.outcome import Outcome
from provisioner.run.planned import Setting, planned

ROWS = [
    {"what": "MessageTimeout changed", "needs": "reconfigure", "ends": []},
    {"what": "removed partitions: night", "needs": "reconfigure", "ends": ["partition night"]},
]
HARM = {"ends": ["17"], "requeues": ["23"], "of": {"partition night": ["17"]}}


def outcome(**lines: list[str]) -> Outcome:
    blades = {name.replace("_", "-"): BladeState(lines=each) for name, each in lines.items()}
    return Outcome(ExitCode.OK, blades, {}, 1.0)


@pytest.mark.parametrize(
    ("found", "facts", "words"),
    [
        (outcome(BLD_008=[]), {}, "Plan: nothing to do."),
        (outcome(BLD_008=["a"], BLD_011=[]), {}, "Plan: 1 node changes."),
        (
            outcome(BLD_006=["a"], BLD_008=["b"]),
            {"slurmctld_change": {"kind": "restart", "rows": ROWS}},
            "Plan: 2 nodes change, slurmctld restarts.",
        ),
        (
            outcome(BLD_006=["a"], BLD_008=["unit slurmd.service: restart: it uses /etc/default/slurmd"]),
            {"slurmctld_change": {"kind": "reconfigure", "rows": ROWS}, "slurmctld_harm": HARM},
            "Plan: 2 nodes change, slurmctld is reconfigured, slurmd restarts on 1 node, 1 job would be ended: 17, "
            "1 job would be requeued: 23.",
        ),
        (outcome(BLD_006=["a"]), {"slurmctld_change": {"kind": "nothing", "rows": ROWS}}, "Plan: 1 node changes."),
    ],
)
def test_one_line_closes_it(found: Outcome, facts: dict[str, Any], words: str) -> None:
    assert planned(found, facts).words() == words


def test_each_setting_has_its_verdict_and_its_jobs() -> None:
    found = planned(outcome(), {"slurmctld_change": {"kind": "reconfigure", "rows": ROWS}, "slurmctld_harm": HARM})
    assert found.settings == (
        Setting("MessageTimeout changed", "reconfigure"),
        Setting("removed partitions: night", "reconfigure", ("17",)),
    )
    assert found.as_dict()["words"] == found.words()


@pytest.mark.parametrize(
    "facts",
    [
        {"slurmctld_change": "restart"},
        {"slurmctld_change": {"kind": "restart", "rows": ["x", None, {"ends": "y"}]}, "slurmctld_harm": []},
        {"slurmctld_harm": {"ends": 17, "of": ["x"]}},
    ],
)
def test_facts_of_another_shape_break_nothing(facts: dict[str, Any]) -> None:
    assert planned(outcome(), facts).words().startswith("Plan: ")
