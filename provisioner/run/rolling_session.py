"""A rolling run from its note on the controller to its record, however it ends."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from provisioner.errors import BusyError, ExitCode, ProvisionError, StoppedError
from provisioner.run.owner import busy, is_dead, this_owner
from provisioner.run.record import write_record
from provisioner.run.rolled import code_of, record_of
from provisioner.run.rolling import Roll
from provisioner.slurm.roll_call import RollCall

SILENCE = 1800
"""Seconds after which a rolling run of another machine counts as dead that nobody heard of; so does `rolling_note`."""


def refuse_another(cluster: str, call: RollCall) -> None:
    """Two rolling runs at once would take out twice as many nodes as either may.

    Raises:
        BusyError: another one is at work.
    """
    if not call.note.get("at_work") or call.age >= SILENCE or is_dead(call.note):
        return
    step = f"wait for it; one that nobody hears of for {SILENCE // 60} min counts as dead"
    words, step = busy(cluster, {**call.note, "age": call.age}, step)
    raise BusyError(words.replace("another run ", "another rolling run ", 1), step)


def through(
    roll: Roll, call: RollCall, due: Sequence[str], told: Mapping[str, Any], state: Path
) -> tuple[dict[str, Any], Path]:
    """Works on all that is due; the record of it, and where that is.

    Args:
        told: what was asked for, for the record.
        state: the state folder of the cluster.

    Raises:
        BusyError: another rolling run began at the same moment.
        ProvisionError: the controller does not answer any more; what was done is on record.
    """
    begin, steps, stopped, error = time.monotonic(), roll.steps, False, None
    steps.ask("begin", instead=str(call.note.get("run") or ""), kind=roll.asked.what, fresh=roll.asked.fresh)
    try:
        roll.run(call, due)
    except (StoppedError, KeyboardInterrupt):
        stopped = True
    except ProvisionError as found:
        error = found
    code = code_of(roll.rolled, stopped)
    # Without it the note says that this run is at work, and this machine knows better.
    with contextlib.suppress(ProvisionError, KeyboardInterrupt):
        steps.ask("whole" if code is ExitCode.OK and error is None else "end")
    owner = this_owner(steps.run, os.getpid())
    head = {"run": steps.run, "by": f"{owner['by']}@{owner['at']}", "playbook": "slurm.yml", "check": False}
    record = head | {"scheduled": False, **record_of(roll.rolled, told, time.monotonic() - begin, stopped)}
    if error is not None and code is ExitCode.OK:
        record |= {"exit_code": int(error.exit_code), "meaning": error.exit_code.meaning, "next_step": error.next_step}
    path = write_record(state, steps.run, record)
    if error is not None:
        raise error
    return record, path
