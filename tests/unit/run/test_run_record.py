from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from provisioner.run import record
from provisioner.run.record import read_records, write_record


def test_a_record_is_private_json(tmp_path: Path) -> None:
    path = write_record(tmp_path, "20261123T050000Z-17", {"exit_code": 0})
    assert path == tmp_path / "runs" / "20261123T050000Z-17.json"
    assert json.loads(path.read_text()) == {"exit_code": 0}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    write_record(tmp_path, "1", {})
    assert [found.name for found in (tmp_path / "runs").iterdir()] == ["1.json"]


def test_only_the_last_ones_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "KEPT", 3)
    for number in range(5):
        write_record(tmp_path, f"2026112{number}T050000Z-17", {})
    kept = sorted(path.name[:8] for path in (tmp_path / "runs").iterdir())
    assert kept == ["20261122", "20261123", "20261124"]


def test_the_newest_records_are_read_first_and_odd_ones_left_out(tmp_path: Path) -> None:
    for number in range(4):
        write_record(tmp_path, f"2026112{number}T050000Z-17", {"number": number})
    (tmp_path / "runs" / "20261122T050000Z-17.json").write_text("{half")
    assert [found["number"] for found in read_records(tmp_path)] == [3, 1, 0]
    size = len((tmp_path / "runs" / "20261123T050000Z-17.json").read_text())
    assert [found["number"] for found in read_records(tmp_path, size + 10)] == [3]
    assert read_records(tmp_path / "none") == []
