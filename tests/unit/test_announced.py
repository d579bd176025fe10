"""An announcement counts once, for the blade and the cluster it was made for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner.announced import (
    FACTS_TASK,
    SCRATCH_TASK,
    announce,
    announced_file,
    consume,
    fulfilled,
    read_announced,
)
from provisioner.ssh_identity import lab_folder, lab_key
from tests.contracts.ansible_files import ROOT


def facts(right: bool = True, waiting: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the first task of a run returned for a blade."""
    return {FACTS_TASK: {"ansible_facts": {"blade": {"scratch": {"right": right, "waiting": list(waiting)}}}}}


def test_what_was_announced_is_read_back_and_private(tmp_path: Path) -> None:
    file = announced_file(tmp_path)
    announce(file, ["BLD-001"])
    first = read_announced(file)
    announce(file, ["BLD-001", "BLD-002"])
    second = read_announced(file)
    assert second.keys() == {"BLD-001", "BLD-002"}
    assert first["BLD-001"] != second["BLD-001"], "an announcement that was used once would be made again"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[1]", '"x"'])
def test_a_damaged_file_announces_nothing(tmp_path: Path, text: str) -> None:
    file = announced_file(tmp_path)
    file.write_text(text)
    assert read_announced(file) == {}
    announce(file, ["BLD-001"])
    assert read_announced(file).keys() == {"BLD-001"}


def test_a_rehearsal_in_the_lab_announces_nothing_to_real_blades(tmp_path: Path) -> None:
    lab_folder(tmp_path).mkdir()
    lab_key(tmp_path).touch()
    announce(announced_file(tmp_path), ["BLD-001"])
    assert read_announced(announced_file(tmp_path)).keys() == {"BLD-001"}
    lab_key(tmp_path).unlink()
    assert read_announced(announced_file(tmp_path)) == {}


def test_an_announcement_made_during_the_run_stays(tmp_path: Path) -> None:
    file = announced_file(tmp_path)
    announce(file, ["BLD-001", "BLD-002"])
    before = read_announced(file)
    announce(file, ["BLD-001"])
    consume(file, before)
    assert read_announced(file).keys() == {"BLD-001"}
    consume(file, read_announced(file))
    assert not file.exists()


@pytest.mark.parametrize(
    ("results", "done"),
    [
        (facts(), True),
        (facts(right=False), False),
        (facts(waiting=("x",)), False),
        ({**facts(right=False), SCRATCH_TASK: {"waiting": []}}, True),
        ({**facts(right=False), SCRATCH_TASK: {"waiting": [{"read": 3}]}}, False),
        ({}, False),
        ({FACTS_TASK: {"ansible_facts": {"blade": {}}}}, False),
        ({FACTS_TASK: {"failed": True}}, False),
    ],
)
def test_it_is_used_up_when_the_blade_has_its_scratch(results: dict[str, Any], done: bool) -> None:
    assert fulfilled({"BLD-001": "a", "BLD-002": "b"}, {"BLD-001": results}) == ({"BLD-001": "a"} if done else {})


def test_the_tasks_are_called_so() -> None:
    """Otherwise no announcement would ever be used up."""
    assert f"- name: {FACTS_TASK}\n" in (ROOT / "playbooks/tasks/facts.yml").read_text()
    assert f"- name: {SCRATCH_TASK}\n" in (ROOT / "roles/scratch/tasks/configure.yml").read_text()
