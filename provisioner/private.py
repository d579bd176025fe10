"""Files that only this user reads, replaced at once."""

from __future__ import annotations

import os
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Replaces the file (0600), so that neither a reader nor a crash ever sees half of it."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(file)
