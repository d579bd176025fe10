"""What a verb asks the controller of nodes that go out of work, or come back, and what a person hears of it."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from provisioner.cli.say import answer

if TYPE_CHECKING:
    from provisioner.slurm.drained import Drained

TASK = "Take nodes out of work, or give them back"
_LOOK_SECONDS = 20
"""How long the controller waits for jobs before it answers, so that a person hears how far it is."""


@dataclass(frozen=True)
class DrainCommand:
    """What a person asked for, of which blades; asked of the controller, which is the only one that is asked.

    Args:
        blades: how the plan calls each node.
        state: what they are to be, `drained` or `resumed`.
    """

    site: Any
    plan_file: Any
    console: Any
    blades: Mapping[str, str]
    state: str
    reason: str
    as_json: bool

    def ask(self, check: bool, wait: int = 0) -> dict[str, Drained]:
        """What the controller says of the blades, once it has done what is asked for.

        Args:
            check: nothing is done.
            wait: seconds for which it may wait for jobs.

        Raises:
            typer.Exit: it does not answer; that is said.
        """
        from provisioner.cli.summary import print_summary
        from provisioner.names import host_name
        from provisioner.run.converge import look
        from provisioner.run.request import Options, PlaybookRun
        from provisioner.slurm.drained import parse_drained

        words = base64.b64encode(self.reason.encode()).decode()
        asked = {"nodes": list(self.blades), "state": self.state, "reason_b64": words, "wait": wait}
        options = Options(check=check, extra={"provision_drain": asked})
        finished = look(PlaybookRun(self.site, self.plan_file, [], "drain.yml", options, quiet=True), self.console)
        said = finished.results.get(host_name(self.site.cluster.controller), {}).get(TASK)
        if said is None or finished.outcome.code != 0:
            if self.as_json:
                answer(finished.outcome.as_dict())
            print_summary(self.console, finished.outcome)
            raise typer.Exit(int(finished.outcome.code) or 1)
        return parse_drained(said, self.blades)

    def tell(self, found: Mapping[str, Drained], check: bool) -> None:
        """A line for each blade."""
        from provisioner.names import host_name
        from provisioner.slurm.drained import line

        for name, node in found.items():
            words = line(host_name(name), node, self.state, check)
            self.console.print(f"{name}: {words}", markup=False, soft_wrap=True)

    def wait(self, found: dict[str, Drained], seconds: int) -> tuple[dict[str, Drained], str]:
        """The blades once no job is on them any more, and why that is not so, '' where it is; tells when fewer are."""
        from provisioner.console_text import counted
        from provisioner.duration import said

        end, shown = time.monotonic() + seconds, -1
        while any(node.jobs for node in found.values()):
            left = end - time.monotonic()
            if left <= 0:
                return found, "the time is over; the blades stay drained and their jobs go on"
            jobs = {job for node in found.values() for job in node.jobs}
            if len(jobs) != shown:
                busy = ", ".join(name for name, node in found.items() if node.jobs)
                words = f"waits for {counted(len(jobs), 'job')} on {busy}, at most {said(left)}"
                self.console.print(words, markup=False, soft_wrap=True)
                shown = len(jobs)
            # Only looks: whoever has resumed one meanwhile had a reason.
            found = self.ask(check=True, wait=max(1, min(_LOOK_SECONDS, int(left))))
            if gone := [name for name, node in found.items() if node.told]:
                return found, f"somebody has resumed {', '.join(gone)} meanwhile"
        return found, ""
