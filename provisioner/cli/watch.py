"""Shows something again and again: a page that redraws itself on a terminal, a block for each change elsewhere."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Page = Sequence["RenderableType"]


def watch(console: Console, look: Callable[[], Page | None], seconds: float) -> None:
    """Looks and shows until a person stops it with Ctrl-C, which is its usual end.

    Args:
        look: what is to be seen now; None where a person stopped it meanwhile.
        seconds: between two looks.
    """
    stop = threading.Event()
    # A flag, since an exception could come where nobody lets it through; a look of its own is stopped by its handler.
    before = signal.signal(signal.SIGINT, lambda number, frame: stop.set())
    try:
        show = _redraw if console.is_terminal and not console.is_dumb_terminal else _tell
        show(console, look, seconds, stop)
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGINT, before)


def _redraw(console: Console, look: Callable[[], Page | None], seconds: float, stop: threading.Event) -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    # Drawn only after a look, so that nothing flickers in between; the last page stays on the terminal.
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while not stop.is_set() and (page := look()) is not None:
            now = Text(f"{time.strftime('%H:%M:%S')}, every {seconds:g} s; Ctrl-C ends it", style="dim")
            live.update(Group(*page, now), refresh=True)
            stop.wait(seconds)


def _tell(console: Console, look: Callable[[], Page | None], seconds: float, stop: threading.Event) -> None:
    before = None
    while not stop.is_set() and (page := look()) is not None:
        with console.capture() as drawn:
            for each in page:
                console.print(each, soft_wrap=True)
        if drawn.get() != before:
            before = drawn.get()
            console.print(f"== {time.strftime('%Y-%m-%d %H:%M:%S')}")
            for each in page:
                console.print(each, soft_wrap=True)
            console.file.flush()
        stop.wait(seconds)
