"""What is wrong with a plan: one line per problem, at the place in the file where it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from provisioner.errors import UsageError

# Where a value sits in a plan: ("blades", "BLD-008", "disks", 0, "size_gb").
Keys = tuple[str | int, ...]

_SHOWN = 60
# Slurm has some 240 keys.
_COMPARED = 300


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong; `line` and `col` count from 1, `right` says what would be right.

    `file` is a file that the plan includes, '' for the plan itself.
    """

    line: int
    col: int
    wrong: str
    right: str
    file: str = ""

    def __str__(self) -> str:
        return f"{self.line}:{self.col}: {self.wrong}; {self.right}"

    def as_dict(self, file: str) -> dict[str, Any]:
        """For scripts; `file` is where the problem is, unless it knows better."""
        return {**asdict(self), "file": self.file or file}


class PlanError(UsageError):
    """The plan cannot be used. Its message is a headline and one `plan.yml:LINE:COL: ...` line per problem.

    `problems` holds them sorted by line, each only once; `lines` are those lines.
    """

    what = "the plan"

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(set(problems), key=lambda problem: (problem.file, problem))
        self.lines = [f"{problem.file or path}:{problem}" for problem in self.problems]
        super().__init__(
            "\n".join([f"{self.what} has {problem_count(self.problems)}", *self.lines]),
            f"correct {_files(path, self.problems)} and run again; nothing was touched",
        )

    def as_dict(self) -> dict[str, Any]:
        """The error for scripts, with each problem."""
        return {**super().as_dict(), "problems": [each.as_dict(str(self.path)) for each in self.problems]}


def problem_count(problems: Sequence[object]) -> str:
    """`one problem`, `2 problems`."""
    return "one problem" if len(problems) == 1 else f"{len(problems)} problems"


def _files(path: Path, problems: Iterable[Problem]) -> str:
    named = dict.fromkeys(problem.file or str(path) for problem in problems)
    return " and ".join(named) if len(named) < 4 else f"{len(named)} files"


class UnreadableError(Exception):
    """The text of a plan cannot be taken apart any further, because of `problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def label(path: Keys, whole: str = "the plan") -> str:
    """A place in words: `cluster.name`, `BLD-007.disks[0].size_gb`; nodes may stand in several places of a plan."""
    keys = path[1:] if path[:1] == ("blades",) and len(path) > 1 else path
    return "".join(f"[{key}]" if isinstance(key, int) else f".{printable(key)}" for key in keys).lstrip(".") or whole


def shown(value: object) -> str:
    """A value as a message shows it: in the plan's own words, one line, short, nothing unprintable."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, str):
        return f'"{printable(value)}"'
    return printable(str(value))


def printable(text: str) -> str:
    """The text without anything that could move a cursor, and no longer than a glance."""
    plain = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in plain)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean medium?` for a word near a known one, else `use one of: ...` or `otherwise`."""
    by_lower = {name.lower(): printable(name) for name in islice(known, _COMPARED)}
    near = get_close_matches(word.lower()[:100], by_lower, n=3)
    if near:
        return f"did you mean {' or '.join(by_lower[name] for name in near)}?"
    if otherwise:
        return otherwise
    return f"use one of: {', '.join(islice(by_lower.values(), 20))}" if by_lower else "there is none to choose"
