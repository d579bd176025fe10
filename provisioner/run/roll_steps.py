"""The single steps of a rolling run, each one call of Ansible: what the controller is asked, what changes, what proves
that nodes work."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from provisioner.console_text import one_line, their_words
from provisioner.errors import BusyError, ExitCode, ProvisionError, StoppedError
from provisioner.names import host_name
from provisioner.plan.derive import spelling
from provisioner.plan.model import Plan
from provisioner.run import converge as runs
from provisioner.run.converge import Finished
from provisioner.run.diagnose import Diagnosis
from provisioner.run.outcome import Outcome
from provisioner.run.owner import this_owner
from provisioner.run.request import Options, PlaybookRun
from provisioner.slurm.cluster_words import cluster_words, looked_at
from provisioner.slurm.roll_call import RollCall, parse_roll_call

TASK = "Take the next step"
BUSY_SECONDS = 1800
"""How long another run on the cluster is waited for; a nightly one is over by then."""
_AGAIN_SECONDS = 10


@dataclass(frozen=True)
class Steps:
    """What every step is done with.

    Args:
        run: the id of the rolling run.
        extra: variables of each run that changes nodes, such as that packages are upgraded.
        say: tells a person one line.
    """

    plan: Plan
    plan_file: Path
    console: Console
    quiet: bool
    run: str
    options: Options
    extra: Mapping[str, Any]
    say: Callable[[str], None]

    def ask(self, do: str, nodes: Sequence[str] = (), words: str = "", wait: int = 0, **more: Any) -> RollCall:
        """One step on the controller; nodes by their names in Slurm.

        Args:
            do, more: see the module `slurm_roll`.
            words: phase, and what is done.
            wait: seconds that it may wait there.

        Raises:
            ProvisionError: it does not answer, or another rolling run has taken over meanwhile.
            StoppedError: a person stopped it.
        """
        said = f"{self.run} {words}" if words else ""
        asked = {
            "do": do, "nodes": list(nodes), "words_b64": base64.b64encode(said.encode()).decode(),
            "owner": this_owner(self.run, os.getpid()), "wait": wait, **more,
        }  # fmt: skip
        options = Options(extra={"provision_roll": asked})
        finished = runs.look(self._run([], "rolling.yml", options, quiet=True), self.console)
        answer = finished.results.get(host_name(self.plan.cluster.controller), {}).get(TASK)
        if finished.outcome.interrupted:
            raise StoppedError("stopped")
        if answer is None or finished.outcome.code != 0:
            raise self._unanswered(finished.outcome)
        if answer.get("ours") is False and do != "look":
            raise BusyError(
                "another rolling run works on this cluster by now",
                "look at it with `provision status`, then say it again",
            )
        return parse_roll_call(answer)

    def differences(self, blades: Sequence[str]) -> Outcome:
        """What a run would change on blades; changes nothing."""
        extra = {**self.extra, **({"provision_fetch_lists": True} if not self.options.check else {})}
        options = replace(self.options, check=True, diff=False, extra=extra)
        return self._finished(runs.converge(self._run(blades, "slurm.yml", options, quiet=True), self.console)).outcome

    def change(self, blades: Sequence[str]) -> Outcome:
        """Brings blades about, and waits for another run that is at work."""
        options = replace(self.options, check=False, extra=dict(self.extra))
        asked = self._run(blades, "slurm.yml", options)
        end, told = time.monotonic() + BUSY_SECONDS, False
        while True:
            try:
                return self._finished(runs.converge(asked, self.console)).outcome
            except BusyError as error:
                if time.monotonic() > end:
                    # By now something was touched.
                    raise ProvisionError(error.message, "say it again once that one is over; it goes on") from error
                if not told:
                    self.say(f"{error.message}; waits for it")
                told = True
            time.sleep(_AGAIN_SECONDS)

    def prove(self, blades: Sequence[str]) -> Outcome:
        """Whether blades work, by jobs of our own on them; those that do take jobs again."""
        names = [host_name(blade) for blade in blades]
        extra = {"provision_verify_strangers": True, "provision_verify_give_back": names}
        asked = self._run(blades, "verify.yml", Options(extra=extra), quiet=True)
        # The controller verifies them; most are not asked themselves.
        return self._finished(runs.look(replace(asked, looked_at=looked_at), self.console)).outcome

    def _run(self, blades: Sequence[str], playbook: str, options: Options, quiet: bool = False) -> PlaybookRun:
        tell = partial(cluster_words, blades=spelling(self.plan), check=options.check)
        return PlaybookRun(
            self.plan, self.plan_file, blades, playbook, options, quiet or self.quiet, tell, recorded=False
        )

    def _finished(self, finished: Finished) -> Finished:
        if finished.outcome.interrupted:
            raise StoppedError("stopped")
        return finished

    def _unanswered(self, outcome: Outcome) -> ProvisionError:
        controller = self.plan.cluster.controller
        if failure := outcome.failures().get(controller):
            return ProvisionError(f"{controller}: {failure.message}", failure.step_for(controller))
        words = outcome.words.strip().splitlines()
        return ProvisionError(words[-1] if words else "the controller cannot be asked", "look at `provision status`")


def troubles(outcome: Outcome, blades: Sequence[str], controller: str) -> dict[str, str]:
    """Why blades are not as they are to be, with the next step, by blade; without an entry one is.

    Args:
        controller: its blade id; whatever fails there fails them all.
    """
    failed = outcome.failures()
    skipped = {name: outcome.blades[name].skipped for name in blades if name in outcome.blades}
    found = {
        **{name: f"nobody looked at it: {their_words(why, 1000)}" for name, why in skipped.items() if why},
        **{name: _failure(failed[name], name) for name in blades if name in failed},
    }
    if outcome.code in (ExitCode.OK, ExitCode.DEGRADED):
        return found
    why = failed.get(controller)
    words = f"{controller}: {_failure(why, controller)}" if why else their_words(outcome.words, 400)
    return {name: found.get(name) or words or "the run failed" for name in blades}


def _failure(failure: Diagnosis, name: str) -> str:
    return f"{their_words(failure.message, 1000)}; {failure.whose()}: {one_line(failure.step_for(name))}"
