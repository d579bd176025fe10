"""The phases of the project's own playbooks, which progress counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.run.phases import phases

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"


def test_the_phases_of_a_run_stand_in_its_order_with_those_of_what_it_imports() -> None:
    assert phases(PLAYBOOKS / "slurm.yml") == [
        "Preflight", "Prepare", "Users", "Scratch", "Accounting", "Accounts", "Controller", "Compute", "Access",
        "Services", "Verify",
    ]  # fmt: skip


@pytest.mark.parametrize("playbook", sorted(PLAYBOOKS.glob("*.yml")), ids=lambda path: path.name)
def test_every_playbook_has_named_phases(playbook: Path) -> None:
    found = phases(playbook)
    assert found
    assert all(found)
