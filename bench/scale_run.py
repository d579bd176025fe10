"""Runs over the controller of the scale scenario, by the same code as `provision slurm`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from bench.scale_nodes import Records
from bench.scale_site import CONTROLLER, Site, expect
from provisioner.errors import ExitCode
from provisioner.run.converge import converge
from provisioner.run.outcome import Outcome
from provisioner.run.request import Options, PlaybookRun


@dataclass(frozen=True)
class Ran:
    """A run that ended: its wall-clock seconds, what it came to, and how large its record is (KiB)."""

    seconds: float
    outcome: Outcome
    record_kib: int
    registry: Mapping[str, Any]

    @property
    def tasks(self) -> int:
        """Tasks on the controller, also skipped ones, counted from the events."""
        return self.outcome.blades[CONTROLLER].tasks

    @property
    def changed(self) -> list[str]:
        """The tasks that changed something."""
        return self.outcome.blades[CONTROLLER].changed

    @property
    def why(self) -> str:
        """Why the run failed, '' when it did not."""
        failures = self.outcome.failures().values()
        return "; ".join(f"{each.message}: {each.evidence}" for each in failures) or self.outcome.words


def controller_run(site: Site, named: Records, playbook: str = "slurm.yml", **extra: Any) -> Ran:
    """`provision slurm` over the controller, which has heard from these nodes.

    The nodes have no sshd, so their records come as a variable instead of from the plays before it: as one of
    the site, since a command line holds no thousand records.
    """
    variables = site.plan_file.parent / "group_vars" / "slurm_controller.json"
    variables.write_text(json.dumps({"bench_records": named}))
    options = Options(extra={"slurmctld_records": "{{ bench_records }}", **extra})
    asked = PlaybookRun(site.plan, site.plan_file, [CONTROLLER], playbook, options, quiet=True)
    begin = time.monotonic()
    ran = converge(asked, Console(quiet=True))
    seconds = time.monotonic() - begin
    size = ran.record.stat().st_size // 1024 if ran.record else 0
    return Ran(seconds, ran.outcome, size, ran.facts(CONTROLLER).get("slurmctld_merge", {}))


def good_run(site: Site, named: Records, playbook: str = "slurm.yml", **extra: Any) -> Ran:
    """The same, which has to work."""
    ran = controller_run(site, named, playbook, **extra)
    expect(ran.outcome.code is ExitCode.OK, f"the run failed: {ran.why}")
    return ran
