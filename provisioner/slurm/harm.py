"""Which jobs a change of slurm.conf would end or requeue, and whether somebody agreed to that. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from provisioner.console_text import their_words

ANY = "any"
"""In place of a list of jobs: somebody agreed to whatever the change ends."""
_MOST = 20


def harm(found: Mapping[str, Any], agreed: Collection[str] | str = ()) -> dict[str, Any]:
    """What the change does to jobs: `{"ends", "requeues", "of", "refused", "words"}`.

    `of` has the jobs by `partition NAME` and `node NAME`, `refused` those that nobody agreed to.

    Args:
        found: what `slurm_busy` says.
        agreed: numbers of the jobs that a person gave up, or ANY.
    """
    ends, requeues = ([str(job) for job in found.get(key) or []] for key in ("ends", "requeues"))
    refused = [] if agreed == ANY else [job for job in (*ends, *requeues) if job not in set(agreed)]
    return {
        "ends": ends,
        "requeues": requeues,
        "of": {str(place): [str(job) for job in jobs] for place, jobs in (found.get("of") or {}).items()},
        "refused": refused,
        "words": harm_words(ends, requeues),
    }


def harm_words(ends: Sequence[str], requeues: Sequence[str]) -> str:
    """`end jobs 17 and requeue jobs 23, 24`; '' for nobody."""
    parts = [f"{verb} jobs {numbered(jobs)}" for verb, jobs in (("end", ends), ("requeue", requeues)) if jobs]
    return " and ".join(parts)


def harm_lines(harm: Mapping[str, Any]) -> list[str]:
    """What became of the jobs, a line for each kind; from `harm`."""
    kinds = (("ends", "ended"), ("requeues", "requeued"))
    return [f"jobs: {word}: {numbered(harm[key])}" for key, word in kinds if harm[key]]


def numbered(jobs: Sequence[str]) -> str:
    """`17, 23`; of very many the first ones, and how many more there are."""
    more = f" and {len(jobs) - _MOST} more" if len(jobs) > _MOST else ""
    return ", ".join(their_words(job, 30) for job in jobs[:_MOST]) + more
