"""Whether the clock is right and munge answers.

Each function says what is wrong, '' when nothing is, and '' too when that cannot be found out.
"""

from __future__ import annotations

import subprocess

# Seconds for an answer; it takes milliseconds.
_PATIENCE = 5
_HANGS = 124


def clock_trouble(most_seconds: float) -> str:
    """Whether the clock is further off than this (seconds), as chrony measures it."""
    code, out = _run("chronyc", "-c", "-n", "tracking")
    return clock_said(out, most_seconds) if code == 0 else ""


def clock_said(out: str, most_seconds: float) -> str:
    """The same of what `chronyc -c tracking` prints."""
    fields = out.strip().split(",")
    # The fifth is the time that is still to be corrected, the last one the leap status.
    if len(fields) < 14 or fields[-1] == "Not synchronised":
        return ""
    try:
        off = abs(float(fields[4]))
    except ValueError:
        return ""
    return f"its clock is {off:.0f} s off" if off > most_seconds else ""


def munge_trouble() -> str:
    """Whether munge refuses to answer. Without it slurmctld cannot be told; the words go to slurmd's log."""
    code, _ = _run("munge", "--no-input")
    return "munge does not answer" if code else ""


def _run(*argv: str) -> tuple[int | None, str]:
    """Exit code and output; None for a program that is not there."""
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        return _HANGS, ""
    except OSError:
        return None, ""
    return done.returncode, done.stdout
