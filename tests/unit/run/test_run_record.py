from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioner.run import record
from provisioner.run.record import KEPT, each_record, read_records, write_record


def test_a_record_is_private_json(tmp_path: Path) -> None:
    path = write_record(tmp_path, "20261123T050000Z-17", {"exit_code": 0, "changed": 2})
    assert path == tmp_path / "runs" / "20261123T050000Z-17.json"
    assert json.loads(path.read_text()) == {"exit_code": 0, "changed": 2}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    write_record(tmp_path, "1", {"changed": 1})
    assert [found.name for found in (tmp_path / "runs").iterdir()] == ["1.json"]


@pytest.mark.parametrize("data", [{"changed": 0}, {}, {"changed": 3, "check": True}])
def test_a_run_that_changed_nothing_is_known_by_its_name(tmp_path: Path, data: dict[str, object]) -> None:
    assert write_record(tmp_path, "20261123T050000Z-17", data).name == "20261123T050000Z-17.same.json"
    assert list(each_record(tmp_path)) == [("20261123T050000Z-17", data)]


def at(days: int, hour: int) -> str:
    """The id of a run so many days ago."""
    moment = datetime.now(UTC).replace(hour=hour) - timedelta(days=days)
    return f"{moment:%Y%m%dT%H%M%S}Z-17"


def test_what_changed_nothing_is_thinned_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are the newest; of older days the first is kept; what is older than three months goes."""
    monkeypatch.setattr(record, "KEPT", {".same.json": 2})
    same = [(200, 1), (91, 1), (89, 1), (89, 5), (3, 2), (3, 7), (3, 9), (1, 4), (1, 6)]
    for days, hour in same:
        write_record(tmp_path, at(days, hour), {})
    changed = [(400, 3), (89, 2), (3, 8)]
    for days, hour in changed:
        write_record(tmp_path, at(days, hour), {"changed": 1})
    write_record(tmp_path, at(0, 0), {"changed": 1})
    kept = [(0, 0), (1, 6), (1, 4), (3, 8), (3, 2), (89, 2), (89, 1), (400, 3)]
    # The seconds of an id are those of its own moment.
    assert [run[:11] for run, _ in each_record(tmp_path)] == [at(days, hour)[:11] for days, hour in kept]


@pytest.mark.parametrize("code", [1, 3, 130])
def test_a_failed_run_that_changed_nothing_is_not_thinned_as_one_that_went_well(tmp_path: Path, code: int) -> None:
    failed = at(89, 5)
    for run in (at(89, 1), failed, at(89, 9)):
        path = write_record(tmp_path, run, {"exit_code": code, "changed": 0})
        assert path.name == f"{run}.failed.json"
    for hour in range(KEPT[".same.json"] + 1):
        write_record(tmp_path, f"{at(0, 0)}{hour:03}", {"exit_code": 0})
    assert failed in [run for run, _ in each_record(tmp_path)]
    # Neither does what has changed something.
    assert write_record(tmp_path, at(0, 1), {"exit_code": code, "changed": 1}).name == f"{at(0, 1)}.json"


def test_of_many_that_failed_the_first_of_each_day_is_kept_for_90_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "KEPT", {".failed.json": 1})
    for days, hour in ((91, 1), (89, 1), (89, 5), (1, 4)):
        write_record(tmp_path, at(days, hour), {"exit_code": 1})
    assert [run[:11] for run, _ in each_record(tmp_path)] == [at(1, 4)[:11], at(89, 1)[:11]]


def test_what_is_no_record_of_ours_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "KEPT", {".same.json": 0})
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine.same.json").write_text("{}")
    write_record(tmp_path, at(100, 1), {})
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["mine.same.json"]


def test_the_newest_records_are_read_first_and_odd_ones_left_out(tmp_path: Path) -> None:
    for number in range(4):
        write_record(tmp_path, f"2026112{number}T050000Z-17", {"number": number, "changed": number % 2})
    (tmp_path / "runs" / "20261122T050000Z-17.same.json").write_text("{half")
    assert [found["number"] for found in read_records(tmp_path)] == [3, 1, 0]
    size = len((tmp_path / "runs" / "20261123T050000Z-17.json").read_text())
    assert [found["number"] for found in read_records(tmp_path, size + 10)] == [3]
    assert read_records(tmp_path / "none") == []
