"""Limits and other settings of associations and QOS: how sacctmgr takes and prints each. Pure.

    MaxWall: 1-00:00:00  ->  1440 minutes  ->  MaxWall=1440

A setting that is not there is Slurm's default; only others are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from provisioner.slurm.times import seconds, whole_minutes

Value = int | float | str | tuple[str, ...] | tuple[tuple[str, int], ...]
"""A number, a word, names in order, or amounts by the name of the resource."""
Settings = Mapping[str, Value]
Kind = Literal["count", "tres", "minutes", "seconds", "factor", "share", "names", "flags", "word"]

_UNITS = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
_AMOUNT = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,6}))?([KMGTP]?)")


@dataclass(frozen=True)
class Setting:
    """One setting: `name` is what sacctmgr sets and the file says, `column` what it lists; `clear` takes it back."""

    name: str
    kind: Kind
    column: str
    clear: str = "-1"
    default: Value | None = None


def _limits(kind: Kind, *names: str) -> tuple[Setting, ...]:
    return tuple(Setting(name, kind, _column(name)) for name in names)


def _column(name: str) -> str:
    """`MaxSubmitJobsPerUser` is listed as MaxSubmitPU."""
    short = re.sub(r"PerAccount$", "PA", re.sub(r"PerUser$", "PU", name))
    return short.replace("SubmitJobs", "Submit")


_GROUP = (
    *_limits("tres", "GrpTRES", "GrpTRESMins", "GrpTRESRunMins"),
    *_limits("count", "GrpJobs", "GrpJobsAccrue", "GrpSubmitJobs"),
    *_limits("minutes", "GrpWall"),
    *_limits("tres", "MaxTRES", "MaxTRESPerNode", "MaxTRESMins"),
)
ASSOCIATION_LIMITS = (
    *_GROUP,
    *_limits("count", "MaxJobs", "MaxJobsAccrue", "MaxSubmitJobs"),
    *_limits("minutes", "MaxWall"),
)
QOS_LIMITS = (
    *_GROUP,
    *_limits("tres", "MaxTRESPerUser", "MaxTRESPerAccount", "MinTRES"),
    *_limits("count", "MaxJobsPerUser", "MaxJobsPerAccount", "MaxJobsAccruePerUser", "MaxJobsAccruePerAccount"),
    *_limits("count", "MaxSubmitJobsPerUser", "MaxSubmitJobsPerAccount"),
    *_limits("minutes", "MaxWall"),
)
ASSOCIATION = (
    Setting("Fairshare", "share", "Share", "1", 1),
    *ASSOCIATION_LIMITS,
    Setting("QOS", "names", "QOS", ""),
    Setting("DefaultQOS", "word", "DefaultQOS"),
)
QOS = (
    Setting("Priority", "count", "Priority", "0", 0),
    Setting("Preempt", "names", "Preempt", ""),
    Setting("PreemptMode", "word", "PreemptMode", "cluster", "cluster"),
    Setting("PreemptExemptTime", "seconds", "PreemptExemptTime"),
    Setting("Flags", "flags", "Flags"),
    Setting("GraceTime", "count", "GraceTime", "0", 0),
    Setting("UsageFactor", "factor", "UsageFactor", "1", 1.0),
    Setting("UsageThreshold", "factor", "UsageThreshold"),
    Setting("LimitFactor", "factor", "LimitFactor"),
    *QOS_LIMITS,
)


def amount(text: str) -> int | None:
    """An amount such as `4` or `100G`, memory in MiB; None for what is none, or no whole number of MiB."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    whole, part, unit = match.groups()
    found = float(f"{whole}.{part or 0}") * _UNITS[unit or "M"] if unit or part else int(whole)
    return int(found) if found == int(found) else None


def from_slurm(setting: Setting, text: str) -> Value | None:
    """The value in a column of sacctmgr; None for nothing and for the default.

    Raises:
        ValueError: the text is none that sacctmgr prints there.
    """
    value = _read(setting, text) if text else None
    return None if value == setting.default else value


def _read(setting: Setting, text: str) -> Value | None:
    if setting.kind in ("names", "flags"):
        return tuple(sorted(text.split(",")))
    if setting.kind == "word":
        return text.lower()
    if setting.kind == "share":
        return "parent" if text == "parent" else int(text)
    if setting.kind == "factor":
        return float(text)
    if setting.kind == "tres":
        pairs = [part.partition("=") for part in text.split(",")]
        amounts = {key: amount(number) for key, _, number in pairs}
        if None in amounts.values():
            raise ValueError(text)
        return tuple(sorted((key, number) for key, number in amounts.items() if number is not None))
    if setting.kind == "count" and ":" not in text:
        return int(text)
    found = whole_minutes(text) if setting.kind == "minutes" else seconds(text)
    if found is None:
        raise ValueError(text)
    return found


def to_slurm(setting: Setting, value: Value | None, before: Value | None = None) -> str:
    """`MaxJobs=4`; for None what takes it back. Of amounts, those that go are named one by one."""
    if setting.kind == "tres":
        wanted = dict(value) if isinstance(value, tuple) else {}  # type: ignore[arg-type]
        had = dict(before) if isinstance(before, tuple) else {}  # type: ignore[arg-type]
        gone = {key: -1 for key in had if key not in wanted}
        return f"{setting.name}=" + ",".join(f"{key}={number}" for key, number in sorted({**wanted, **gone}.items()))
    if value is None:
        return f"{setting.name}={setting.clear}"
    if isinstance(value, tuple):
        return f"{setting.name}={','.join(map(str, value))}"
    if setting.kind == "seconds":
        number = int(value)
        return f"{setting.name}={number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
    return f"{setting.name}={value:g}" if isinstance(value, float) else f"{setting.name}={value}"
