"""A blade that was announced ahead may come back once, and only within its window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioner.reimage_windows import close, open_until, open_windows, windows_file

NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=2)


def test_windows_end_by_themselves_and_the_file_is_private(tmp_path: Path) -> None:
    file = windows_file(tmp_path)
    open_until(file, ["BLD-001"], LATER)
    open_until(file, ["BLD-002"], LATER + timedelta(hours=1))
    assert open_windows(file) == {"BLD-001": LATER, "BLD-002": LATER + timedelta(hours=1)}
    assert open_windows(file, LATER).keys() == {"BLD-002"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_word_counts_and_a_used_one_is_gone(tmp_path: Path) -> None:
    file = windows_file(tmp_path)
    open_until(file, ["BLD-001", "BLD-002"], LATER)
    open_until(file, ["BLD-001"], LATER + timedelta(days=1))
    close(file, ["BLD-002", "BLD-009"])
    assert open_windows(file) == {"BLD-001": LATER + timedelta(days=1)}
    close(file, ["BLD-001"])
    assert not file.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '"x"', '{"BLD-001": "soon"}', '{"BLD-001": 7}', '{"BLD-001": "2999-01-01"}']
)
def test_a_damaged_file_opens_nothing(tmp_path: Path, text: str) -> None:
    file = windows_file(tmp_path)
    file.write_text(text)
    assert open_windows(file) == {}
