"""The question before anything that ends or requeues jobs: before anything is touched, where somebody can answer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from provisioner.run.converge import Finished
    from provisioner.run.request import PlaybookRun

_NOTHING = "nothing was touched"


def can_answer() -> bool:
    """Whether a person is at the terminal who sees the question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def consented(run: PlaybookRun, console: Console) -> Finished:
    """Does the run; where that would end jobs it asks first, and does it with these jobs alone.

    Raises:
        ProvisionError: the answer is no.
        StoppedError: Ctrl-C at the question.
    """
    from provisioner.run.converge import converge

    agreed = list(run.options.extra.get("provision_may_end", []))
    while True:
        extra = {**run.options.extra, "provision_ask": True, "provision_may_end": agreed}
        finished = converge(replace(run, options=replace(run.options, extra=extra)), console)
        asked = _asked(finished.facts(run.plan.cluster.controller))
        if not asked or set(asked["refused"]) <= set(agreed):
            return finished
        _ask(asked, console)
        agreed = list(dict.fromkeys([*agreed, *asked["refused"]]))


def _asked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What preflight refused for the sake of jobs, with the reasons; {} for nothing."""
    from provisioner.slurm.harm import harm_words

    found = facts.get("slurm_asked")
    if not isinstance(found, Mapping) or not found.get("refused"):
        return {}
    if not all(str(job).isdecimal() for job in found["refused"]):
        # They would come back to Ansible as a variable, which it renders.
        return {}
    ends, requeues, refused, why = (
        [str(each) for each in found.get(key) or ()] for key in ("ends", "requeues", "refused", "why")
    )
    return {"words": harm_words(ends, requeues), "refused": refused, "why": why}


def _ask(asked: Mapping[str, Any], console: Console) -> None:
    from provisioner.cli.say import say
    from provisioner.console_text import their_words
    from provisioner.errors import ProvisionError, StoppedError

    why = "; ".join(their_words(each, 400) for each in asked["why"])
    console.print(f"The change would {asked['words']} ({why}).", markup=False, soft_wrap=True)
    try:
        goes_on = typer.confirm("Go on, and give these jobs up?", err=True)
    except typer.Abort:
        say("", err=True)
        raise StoppedError(
            f"stopped at the question; {_NOTHING}", "wait for these jobs or cancel them, then run again"
        ) from None
    if not goes_on:
        raise ProvisionError(
            f"the jobs were not given up; {_NOTHING}", "wait for these jobs or cancel them, then run again"
        )
