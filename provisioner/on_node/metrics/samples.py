"""Figures by name and labels, and the text of them that Prometheus reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Labels = tuple[tuple[str, str], ...]
_WHOSE = {"user", "account"}
# Figures that mean something without saying whose they are.
_SUMS = ("slurm_queue_", "slurm_cores_")
# A label with the names of several, beside others that say what it is about.
_LISTS = {"users"}
# Characters of the value of a label.
_LONGEST = 300
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": " "})
# What a terminal or a page might act on.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Samples:
    """Figures of one look; those of the same name and labels are added up."""

    def __init__(self) -> None:
        self.found: dict[str, dict[Labels, float]] = {}

    def add(self, name: str, value: float = 1, **labels: str) -> None:
        """Adds to a figure, which begins with nothing."""
        rows = self.found.setdefault(f"slurm_{name}", {})
        key = tuple(sorted(labels.items()))
        rows[key] = rows.get(key, 0) + value

    def put(self, name: str, value: float, **labels: str) -> None:
        """Sets a figure: what is said twice of the same is one."""
        self.found.setdefault(f"slurm_{name}", {})[tuple(sorted(labels.items()))] = value

    def of(self, name: str) -> float:
        """A figure without labels."""
        return self.found.get(f"slurm_{name}", {}).get((), 0.0)

    def zero(self, names: Iterable[str], **labels: str) -> None:
        """Figures that are there also where there is nothing to count."""
        for name in names:
            self.add(name, 0, **labels)

    def merge(self, other: Samples) -> None:
        """Takes those of another look as well."""
        for name, rows in other.found.items():
            self.found.setdefault(name, {}).update(rows)

    def without_names(self) -> None:
        """Leaves out what is of one user or account; jobs in the queue stay, added up."""
        for name, rows in list(self.found.items()):
            named = [key for key in rows if _WHOSE & {label for label, _ in key}]
            for key in [key for key in rows if _LISTS & {label for label, _ in key}]:
                rows[tuple(pair for pair in key if pair[0] not in _LISTS)] = rows.pop(key)
            for key in named:
                value = rows.pop(key)
                if name.startswith(_SUMS):
                    rest = tuple(pair for pair in key if pair[0] not in _WHOSE)
                    rows[rest] = rows.get(rest, 0) + value
            if not rows:
                del self.found[name]

    def text(self, helps: Mapping[str, str]) -> str:
        """All of them in Prometheus' text format."""
        lines = []
        for name in sorted(self.found):
            words = helps.get(name.removeprefix("slurm_"), "")
            lines += [f"# HELP {name} {words}"] if words else []
            lines.append(f"# TYPE {name} gauge")
            lines += [f"{name}{_labels(key)} {value:.10g}" for key, value in sorted(self.found[name].items())]
        return "".join(f"{line}\n" for line in lines)


def _labels(key: Labels) -> str:
    if not key:
        return ""
    return "{" + ",".join(f'{name}="{_value(value)}"' for name, value in key) + "}"


def _value(words: str) -> str:
    return _CONTROL.sub(" ", words)[:_LONGEST].translate(_ESCAPES)


def number(words: str) -> float:
    """A figure of Slurm's; 0 for what is none (`N/A`, `(null)`), and for what no figure is (`nan`)."""
    found = re.match(r" *(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)", words)
    return float(found[1]) if found else 0.0
