"""Keeping what a check found, and doing exactly that later: `provision slurm --check --out FILE` and `--apply FILE`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from provisioner import __version__
from provisioner.console_text import one_line
from provisioner.errors import ExitCode, UsageError
from provisioner.paths import absolute
from provisioner.plan.derive import spelling
from provisioner.run.converge import Finished, converge
from provisioner.run.events import facts_in
from provisioner.run.owner import account
from provisioner.run.planned import Planned, planned
from provisioner.run.preview import FORMAT, Chosen, Preview, files_moved, plan_moved, site_digests
from provisioner.run.request import PlaybookRun
from provisioner.state.fingerprint import all_moved

FINGERPRINT = "provision_fingerprint"
"""What the playbook is given: {} where it keeps what the nodes are, and what they were where it compares."""

_MOST_MOVED = 3


def plan_of(finished: Finished, controller: str) -> Planned:
    """What a check found that a run would do."""
    return planned(finished.outcome, finished.facts(controller))


def keep(finished: Finished, run: PlaybookRun, chosen: Chosen, file: Path) -> bool:
    """Writes what a check found, and what it went by; whether it did: one that failed has nothing to go by.

    Raises:
        UsageError: the file cannot be written.
    """
    if finished.outcome.code not in (ExitCode.OK, ExitCode.DEGRADED):
        return False
    _preview(finished, run, chosen).write(file)
    return True


def _preview(finished: Finished, run: PlaybookRun, chosen: Chosen) -> Preview:
    return Preview(
        format=FORMAT,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        by=account(),
        version=__version__,
        cluster=run.plan.cluster.name,
        plan=str(absolute(run.plan_file)),
        chosen=chosen,
        files=site_digests(run.plan_file),
        state=_state(finished),
        planned=_plain(plan_of(finished, run.plan.cluster.controller).as_dict()),
    )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it, so that it can be compared with what was read from a file."""
    found: dict[str, Any] = json.loads(json.dumps(data))
    return found


def _state(finished: Finished) -> dict[str, dict[str, str]]:
    found = {name: facts_in(results).get("slurm_fingerprint") for name, results in finished.results.items()}
    return {
        name: {str(part): str(value) for part, value in each.items()}
        for name, each in found.items()
        if isinstance(each, Mapping)
    }


def apply(
    preview: Preview, run: PlaybookRun, console: Console, do: Callable[[PlaybookRun, Console], Finished]
) -> Finished:
    """Does what a preview says, if everything is as it was then.

    First a check looks whether a run would still do the same; then the run compares what the nodes say, under the lock
    of the cluster and before it touches anything.

    Args:
        do: does a run, and asks before it ends jobs.

    Raises:
        UsageError: something moved; nothing was touched.
    """
    if preview.cluster != run.plan.cluster.name:
        raise UsageError(
            f"the preview is of cluster {one_line(preview.cluster, 64)}, and the plan of {run.plan.cluster.name}",
            "name the preview's plan with --plan",
        )
    _refuse(files_moved(preview.files, site_digests(run.plan_file)), "beside the plan")
    console.print(f"looks whether everything is as it was at {preview.made}", markup=False)
    check = replace(run.options, check=True, diff=False, extra={**run.options.extra, FINGERPRINT: {}})
    found = converge(replace(run, options=check, quiet=True), console)
    _refuse(_moved(preview, _state(found), spelling(run.plan)))
    now = _plain(plan_of(found, run.plan.cluster.controller).as_dict())
    _refuse(plan_moved(preview.planned, now, preview.jobs))
    extra = {**run.options.extra, FINGERPRINT: preview.state}
    finished = do(replace(run, options=replace(run.options, extra=extra)), console)
    _refuse(_moved_meanwhile(finished))
    return finished


def _moved(preview: Preview, state: Mapping[str, Mapping[str, str]], names: Mapping[str, str]) -> list[str]:
    return all_moved(preview.state, {name: {"slurm_fingerprint": each} for name, each in state.items()}, names)


def _moved_meanwhile(finished: Finished) -> list[str]:
    """What the run itself found moved; it has stopped then."""
    found = [facts_in(results).get("slurm_moved") for results in finished.results.values()]
    return [str(each) for some in found if isinstance(some, list) for each in some]


def _refuse(moved: list[str], where: str = "") -> None:
    if not moved:
        return
    more = f", and {len(moved) - _MOST_MOVED} more" if len(moved) > _MOST_MOVED else ""
    words = "; ".join(one_line(each, 300) for each in moved[:_MOST_MOVED])
    place = f" {where}" if where else ""
    raise UsageError(
        f"the state moved since the preview{place}: {words}{more}; nothing was touched",
        "look again with `provision slurm --check --out FILE`",
    )
