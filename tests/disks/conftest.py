"""Every test gets a blade of its own, and its loop devices are gone afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from blade_lab import Blade


@pytest.fixture
def blade(tmp_path: Path) -> Iterator[Blade]:
    """A blade without disks yet."""
    made = Blade(tmp_path)
    try:
        yield made
    finally:
        made.close()
