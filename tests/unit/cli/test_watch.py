"""`--watch`: one block for each change where nobody redraws, and a calm end."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from provisioner.cli import watch as watching


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.Event.wait", lambda event, seconds: None)


def seen(*pages: str | type[BaseException] | None, terminal: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=80, height=20)
    told: Iterator[str | type[BaseException] | None] = iter(pages)

    def look() -> list[RenderableType] | None:
        page = next(told)
        if isinstance(page, type):
            raise page
        return None if page is None else [Text(page)]

    watching.watch(console, look, 1)
    return file.getvalue()


def test_only_a_change_is_a_block() -> None:
    out = seen("idle", "idle", "down", "down", None)
    assert (out.count("== "), out.count("idle"), out.count("down")) == (2, 1, 1)


@pytest.mark.parametrize("terminal", [False, True])
def test_ctrl_c_is_the_usual_end(terminal: bool) -> None:
    assert "idle" in seen("idle", KeyboardInterrupt, terminal=terminal)


def test_a_terminal_is_redrawn_and_says_how_it_ends() -> None:
    out = seen("idle", "down", None, terminal=True)
    assert "Ctrl-C ends it" in out
    # The cursor is there again.
    assert out.rstrip().endswith("\x1b[?25h")


def test_ctrl_c_between_two_looks_is_not_lost() -> None:
    looks = 0

    def look() -> list[RenderableType]:
        nonlocal looks
        looks += 1
        signal.raise_signal(signal.SIGINT)
        return [Text("idle")]

    before = signal.getsignal(signal.SIGINT)
    watching.watch(Console(file=io.StringIO(), width=80), look, 1)
    assert looks == 1
    assert signal.getsignal(signal.SIGINT) is before
