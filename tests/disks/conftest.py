"""Every test gets a blade of its own, and its loop devices are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disks.blade_lab import Blade


@pytest.fixture
def blade(tmp_path: Path) -> Iterator[Blade]:
    """A blade without disks yet."""
    made = Blade(tmp_path)
    try:
        yield made
    finally:
        made.close()
