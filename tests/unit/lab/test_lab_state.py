from __future__ import annotations

from pathlib import Path

from provisioner.lab.record import LabRecord, read_record
from provisioner.lab.settings import Release


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    assert read_record(file) is None
    LabRecord(Release.TRIXIE).write(file)
    assert read_record(file) == LabRecord(Release.TRIXIE)
