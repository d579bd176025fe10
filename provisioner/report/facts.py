"""What the page is made of, as it was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.plan.model import Plan
from provisioner.run.history import PastRun
from provisioner.slurm.standing import Standing


@dataclass(frozen=True)
class Facts:
    """Everything that is known when the page is made.

    Args:
        now: with the time zone in which the page speaks.
        standing: what the controller answered, None where it did not answer.
        away: why it did not answer, with the next step; '' where it did.
        runs: former runs of this account, the newest first.
    """

    plan: Plan
    now: datetime
    standing: Standing | None
    away: str
    runs: Sequence[PastRun]
