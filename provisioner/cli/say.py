"""Plain words and JSON of the verbs: the only place that prints without a console."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer

from provisioner.cli.streams import silence
from provisioner.console_text import visible


def say(text: str, err: bool = False) -> None:
    """Prints a text of one or more lines with nothing in it but visible characters."""
    _print("\n".join(visible(line) for line in str(text).split("\n")), err)


def answer(data: Any) -> None:
    """Prints the answer of `--json`: the data as it is, every character beyond plain ASCII escaped."""
    _print(json.dumps(data, indent=2).replace("\x7f", "\\u007f"))


def _print(text: str, err: bool = False) -> None:
    try:
        typer.echo(text, err=err)
    except BrokenPipeError:
        silence(sys.stderr if err else sys.stdout)
