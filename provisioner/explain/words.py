"""A cause, and the form `what is wrong; next: what to do` in which others tell one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """Why a blade does not work, and what a person does now.

    Args:
        key: a word for scripts, the same for the same cause.
        message: one sentence.
        next_step: a command or what to look at.
        ours: whether the step is this project's; see `run.diagnose.Diagnosis`.
    """

    key: str
    message: str
    next_step: str
    ours: bool = True


def split(sentence: str) -> tuple[str, str]:
    """What is wrong, and what to do; '' for a step that nobody said."""
    message, _, step = re.sub(r"\s+", " ", sentence.strip()).partition("; next: ")
    return message, step
