"""Plain words and JSON of the verbs: the only place that prints without a console."""

from __future__ import annotations

import json
from typing import Any

import typer

from provisioner.console_text import visible


def say(text: str, err: bool = False) -> None:
    """Prints a text of one or more lines with nothing in it but visible characters."""
    typer.echo("\n".join(visible(line) for line in str(text).split("\n")), err=err)


def answer(data: Any) -> None:
    """Prints the answer of `--json`: the data as it is, every character beyond plain ASCII escaped."""
    typer.echo(json.dumps(data, indent=2).replace("\x7f", "\\u007f"))
