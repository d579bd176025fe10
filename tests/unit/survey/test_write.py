"""A plan is written whole, executable, and in no other file's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import ProvisionError, UsageError
from provisioner.survey.proposal import propose
from provisioner.survey.text import plan_text
from provisioner.survey.write import refuse_existing, write_plan
from tests.unit.survey.machines import seen

TEXT = plan_text(propose("lab", [seen(1), seen(2)]), [])


def test_a_plan_is_executable_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "site" / "plan.yml"
    write_plan(file, TEXT, force=False)
    assert (file.read_text(), file.stat().st_mode & 0o777) == (TEXT, 0o755)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    file = tmp_path / "plan.yml"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        refuse_existing(file, force=False)
    with pytest.raises(UsageError, match="is there already"):
        write_plan(file, TEXT, force=False)
    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_to_nowhere_is_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "plan.yml"
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is there already"):
        write_plan(file, TEXT, force=False)
    assert not (tmp_path / "elsewhere").exists()


def test_a_person_may_lose_a_file(tmp_path: Path) -> None:
    (tmp_path / "real.yml").write_text("mine")
    file = tmp_path / "plan.yml"
    file.symlink_to("real.yml")
    refuse_existing(file, force=True)
    write_plan(file, TEXT, force=True)
    assert (tmp_path / "real.yml").read_text() == TEXT
    assert file.is_symlink()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        refuse_existing(tmp_path, force=True)


def test_a_plan_that_would_be_refused_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "plan.yml"
    with pytest.raises(ProvisionError) as caught:
        write_plan(file, TEXT.replace("tier: compute", "tier: nowhere"), force=False)
    assert "unknown tier nowhere" in caught.value.message
    assert not file.exists()
