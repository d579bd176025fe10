"""The terminal shows text as text, whatever is in it and however it is put together."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from provisioner.cli.output import Terminal
from provisioner.cli.say import answer, say

# The bell is dropped by rich itself.
BAD = "\x1b[31m [/foo] [eth0] :smile: \u202e\x07\x9b2J"
SHOWN = "?[31m [/foo] [eth0] :smile: ??2J"


def table(text: str) -> Table:
    made = Table(title=text)
    made.add_column(text)
    made.add_row(text)
    made.add_row(Text(text, style="bold"))
    return made


MAKERS: dict[str, Callable[[str], RenderableType]] = {
    "a text": str,
    "a styled text": lambda text: Text(text, style="red"),
    "a table": table,
    "a panel": Panel,
}


def terminal(file: io.StringIO, force: bool = False) -> Terminal:
    made = Terminal(width=200)
    made.file = file
    made._force_terminal = force
    return made


@pytest.mark.parametrize("kind", MAKERS)
def test_nothing_but_text_comes_out_of_a_text(kind: str) -> None:
    file = io.StringIO()
    terminal(file).print(MAKERS[kind](BAD))
    shown = file.getvalue()
    assert SHOWN in shown
    assert shown.replace("\n", "").isprintable()


def test_a_table_that_redraws_itself_is_fenced_too() -> None:
    file = io.StringIO()
    console = terminal(file, force=True)
    with Live(get_renderable=lambda: table(BAD), console=console, refresh_per_second=1, transient=True):
        console.print(BAD)
    assert "\x1b[31m [/foo]" not in file.getvalue()
    assert "\x9b" not in file.getvalue()
    assert SHOWN in file.getvalue()


@given(st.text(st.characters()), st.sampled_from(sorted(MAKERS)))
def test_any_text_can_be_printed(text: str, kind: str) -> None:
    file = io.StringIO()
    shown: RenderableType = MAKERS[kind](text)
    terminal(file).print(shown)
    assert file.getvalue().replace("\n", "").isprintable()


def test_plain_words_are_one_text_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("one \x1b[2J\ntwo", err=True)
    assert capsys.readouterr().err == "one \\x1b[2J\ntwo\n"


@given(st.text(st.characters()))
def test_json_is_data_in_plain_ascii(text: str) -> None:
    printed: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.echo", lambda text, err: printed.append(text))
        answer({"reason": text})
    (out,) = printed
    assert out.isascii()
    assert out.replace("\n", "").isprintable()
    assert json.loads(out) == {"reason": text}
