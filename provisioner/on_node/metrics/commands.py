"""What Slurm's commands print, a line at a time: a hundred thousand jobs need no memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

# Seconds for the answer of a command, and how `timeout` says that they are over.
_PATIENCE = 15
_LATE = 124
# Between the fields of a line. No name of Slurm's has it.
_BAR = "|"


def lines(*argv: str) -> Iterator[str]:
    """The lines of a command.

    Raises:
        RuntimeError: it failed, or did not end in time, with its words.
    """
    with subprocess.Popen(
        ["timeout", str(_PATIENCE), *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "SLURM_TIME_FORMAT": "standard"},
    ) as process:
        if process.stdout is None or process.stderr is None:
            return
        for line in process.stdout:
            yield line.rstrip("\n")
        words = process.stderr.read().strip().splitlines()
    if process.returncode == _LATE:
        raise RuntimeError(f"{argv[0]} did not end within {_PATIENCE} s")
    if process.returncode != 0:
        raise RuntimeError(f"{argv[0]}: {words[-1] if words else 'it failed'}")


def rows(command: str, *fields: str) -> Iterator[list[str]]:
    """The fields of each line that sinfo or squeue prints; the last one may hold bars itself.

    Raises:
        RuntimeError: see `lines`.
    """
    wanted = ",".join(f"{field}:{_BAR}" for field in fields)
    for line in lines(*command.split(), f"--Format={wanted}"):
        found = line.split(_BAR, len(fields) - 1)
        if len(found) == len(fields):
            yield [word.strip() for word in (*found[:-1], found[-1].removesuffix(_BAR))]
