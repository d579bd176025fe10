"""What is wrong with a command line, as an error like any other: a sentence and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from provisioner.errors import UsageError

WRONG: type[Exception] = typer.BadParameter.__mro__[1]
"""Every error of a command line; typer brings the library of these along under a name of its own."""
_NO_VERB = re.compile(r"No such command '(?P<verb>.*?)'", re.DOTALL)
_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((?P<words>.*)\)", re.DOTALL)


def usage_error(error: Any, words: Sequence[str]) -> UsageError:
    """The error for a command line.

    Args:
        error: one of WRONG.
        words: the command line, without the program.
    """
    command: Any = error.ctx.command if error.ctx else None
    verb = " ".join(["provision", *error.ctx.command_path.split()[1:]]) if error.ctx else "provision"
    name = verb.removeprefix("provision ")
    look = f"`{verb} --help` shows what there is"
    if error.message.startswith("No such option"):
        option = str(error.option_name)
        return UsageError(f"{name} has no option {option}", _meant_option(command, verb, option, words) or look)
    if extra := _EXTRA.match(error.message):
        given = extra["words"].split()
        return UsageError(f"{name} takes no {' '.join(given)}", _meant_words(command, verb, given) or look)
    if typed := _NO_VERB.match(error.message):
        near = get_close_matches(typed["verb"], command.commands, n=1)
        return UsageError(f"{name} has no verb {typed['verb']}", f"did you mean {verb} {near[0]}?" if near else look)
    # An option at the end without its value comes without the verb that it was read for.
    about = f"{name}: " if command is not None else ""
    return UsageError(f"{about}{error.format_message().rstrip('.')}", look)


def _options(command: Any) -> list[str]:
    found = [name for each in getattr(command, "params", ()) for name in (*each.opts, *each.secondary_opts)]
    return [name for name in [*found, "--help"] if name.startswith("-")]


def _arguments(command: Any) -> list[Any]:
    return [each for each in getattr(command, "params", ()) if each.param_type_name == "argument"]


def _meant_option(command: Any, verb: str, option: str, words: Sequence[str]) -> str:
    if option in ("--nodes", "-n") and _arguments(command):
        at = next((place for place, word in enumerate(words) if word.split("=")[0] == option), 0)
        value = words[at].partition("=")[2] or " ".join(words[at + 1 : at + 2]) or "BLD-008"
        return f"did you mean {verb} {value}?"
    known = [name for name in _options(command) if name.startswith("--")]
    near = [name for name in known if name.startswith(option)][:2] or get_close_matches(option, known, n=2)
    return f"did you mean {' or '.join(near)}?" if near else ""


def _meant_words(command: Any, verb: str, given: Sequence[str]) -> str:
    options = _options(command)
    if "--prune" in options and len(given) == 1 and given[0].isdecimal():
        return f"did you mean --prune={given[0]}?"
    if all(Path(word).suffix in (".yml", ".yaml") for word in given) and "--plan" in options:
        return f"did you mean --plan {given[0]}?"
    if "--nodes" in options:
        return f"did you mean --nodes {','.join(given)}?"
    return f"write blades with commas between, such as {verb} BLD-008,BLD-011" if _arguments(command) else ""
