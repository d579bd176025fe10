"""Waiting for the world to become as it should, without sleeping longer than needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

POLL_SECONDS = 0.25
Answer = TypeVar("Answer")


def until(question: Callable[[], Answer], seconds: float = 60) -> Answer:
    """The first answer that counts as true, or the last one when the deadline has passed.

    The caller asserts on it: `assert until(lambda: state() == "idle")`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    return answer
