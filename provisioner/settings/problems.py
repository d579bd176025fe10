"""What is wrong with the variables beside a plan: one line per problem, at its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioner.errors import UsageError
from provisioner.plan.problems import Problem, problem_count


@dataclass(frozen=True, order=True)
class SettingsProblem:
    """One problem, in a file beside the plan."""

    file: str
    problem: Problem

    def __str__(self) -> str:
        return f"{self.file}:{self.problem}"

    def as_dict(self) -> dict[str, Any]:
        """The problem for scripts, with its `file`, `line` and `col`."""
        return self.problem.as_dict(self.file)


class SettingsError(UsageError):
    """The variables of a site cannot be used; `problems` holds all of them."""

    def __init__(self, site: Path, problems: Iterable[SettingsProblem]) -> None:
        self.problems = sorted(set(problems))
        head = f"the variables beside the plan have {problem_count(self.problems)}"
        super().__init__(
            "\n".join([head, *(f"{site}/{each}" for each in self.problems)]),
            "correct them and run again; nothing was touched",
        )
        self.site = site

    def as_dict(self) -> dict[str, Any]:
        """The error for scripts, with each problem."""
        problems = [each.problem.as_dict(str(self.site / each.file)) for each in self.problems]
        return {**super().as_dict(), "problems": problems}
