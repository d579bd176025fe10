"""A file that is replaced at once: whoever reads it sees the old one or the new one, also after a power cut."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(file: Path, text: str, mode: int) -> None:
    """Replaces the file.

    Args:
        mode: its permissions.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    handle, made = tempfile.mkstemp(prefix=f".{file.name[:100]}.", suffix=".part", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as out:
            out.write(text)
            out.flush()
            os.fchmod(out.fileno(), mode)
            os.fsync(out.fileno())
        Path(made).replace(file)
    finally:
        # Gone where it has become the file.
        Path(made).unlink(missing_ok=True)
