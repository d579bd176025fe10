"""How often scheduled runs have failed in a row, and whether somebody is to hear of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from provisioner.errors import ExitCode

FAILING, WELL = "failing", "well"
_FAILURES = (ExitCode.FAILED, ExitCode.USAGE, ExitCode.DEGRADED)


@dataclass(frozen=True)
class Streak:
    """Runs of one kind in a row.

    Args:
        failures: how many failed, up to the last one.
        good: how many went well since then.
        since: when the first of these failures was, an ISO time in UTC.
        told: whether somebody has heard that runs fail, and not yet that they are well again.
        tries: how often that was tried in vain.
    """

    failures: int = 0
    good: int = 0
    since: str = ""
    told: bool = False
    tries: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def after(self, code: int, now: str) -> Streak:
        """The streak after one more run; one that was stopped, or found another at work, says nothing.

        Args:
            code: its exit code.
            now: an ISO time in UTC.
        """
        if code == ExitCode.OK:
            good, tries = (1, 0) if self.failures else (self.good + 1, self.tries)
            return replace(self, failures=0, good=good, since="", tries=tries)
        if code not in _FAILURES:
            return self
        if self.failures:
            return replace(self, failures=self.failures + 1)
        return replace(self, failures=1, good=0, since=now, tries=0)

    def due(self, most: int) -> str:
        """FAILING or WELL where somebody is to hear of it now, else ''.

        What went wrong is tried again after twice as many runs, and never with every run.

        Args:
            most: after how many failures in a row.
        """
        if self.failures:
            return FAILING if not self.told and self.failures >= most * 2**self.tries else ""
        return WELL if self.told and self.good >= 2**self.tries else ""

    def tried(self) -> Streak:
        """The streak while somebody is being told: should that be killed, it counts as in vain."""
        return replace(self, tries=self.tries + 1)

    def heard(self, event: str) -> Streak:
        """The streak once somebody has heard of FAILING or WELL."""
        return replace(self, told=event == FAILING, tries=0)


def read_streak(data: Any) -> Streak:
    """The streak in a file of ours; whatever has another shape counts as none."""
    if not isinstance(data, Mapping):
        return Streak()
    counts = {key: _count(data.get(key)) for key in ("failures", "good", "tries")}
    since = data.get("since")
    return Streak(**counts, since=since if isinstance(since, str) else "", told=data.get("told") is True)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 30 else 0
