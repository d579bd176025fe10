"""Tells somebody, by the command of the site, that scheduled runs fail or are well again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioner.console_text import counted, one_line
from provisioner.duration import said
from provisioner.plan.notify import Notify
from provisioner.scheduled.memory import Memory, changed
from provisioner.scheduled.streak import FAILING, WELL

TEST = "test"


def tell(plan: Path) -> str:
    """Runs the command if somebody is to hear of something; what came of it in a sentence, '' where nothing was due.

    The lock of what is remembered is not held meanwhile, so that no run waits for a command that hangs.

    Args:
        plan: absolute path of the plan.
    """
    with changed(plan) as memory:
        notify = _notify(memory)
        event = memory.streak.due(notify.after) if notify else ""
        if not event or notify is None:
            return ""
        data = message(event, plan, memory)
        memory.streak = memory.streak.tried()
    trouble = run_command(notify, data)
    with changed(plan) as memory:
        memory.trouble = trouble
        if not trouble:
            memory.streak = memory.streak.heard(event)
    return (
        f"the command of `notify` in the plan {trouble}"
        if trouble
        else f"told by the command of `notify`: {data['subject']}"
    )


def message(event: str, plan: Path, memory: Memory) -> dict[str, Any]:
    """What the command gets to read, its subject included; words of blades are in it as they are."""
    last, streak = memory.last, memory.streak
    cluster = one_line(str(last.get("cluster") or plan.parent.name), 60)
    meaning = one_line(str(last.get("meaning") or "nothing is known of the last run"), 100)
    words = {
        FAILING: f"{counted(streak.failures, 'scheduled run')} failed in a row: {meaning}",
        WELL: "scheduled runs are well again",
        TEST: "a test of the command of `notify`",
    }
    subject = f"provision: cluster {cluster}: {words[event]}"
    return {
        "event": event,
        "subject": subject,
        "cluster": cluster,
        "plan": str(plan),
        "machine": socket.gethostname(),
        "failures": streak.failures,
        "since": streak.since,
        "last": last,
    }


def run_command(notify: Notify, data: Mapping[str, Any]) -> str:
    """Runs it; '' when it ended well, else what is wrong with it, to go on after the name of the command.

    What blades say reaches it as JSON on standard input only; the subject is ours, one line of visible characters.
    """
    environment = {
        **os.environ,
        "PROVISION_SUBJECT": str(data["subject"]),
        "PROVISION_EVENT": str(data["event"]),
        "PROVISION_CLUSTER": str(data["cluster"]),
        "PROVISION_PLAN": str(data["plan"]),
    }
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+", errors="replace") as words:
        given.write(json.dumps(data, indent=2) + "\n")
        given.seek(0)
        process = subprocess.Popen(
            ["/bin/sh", "-c", notify.command], cwd="/", env=environment, stdin=given, stdout=words, stderr=words,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(notify.patience)
        except subprocess.TimeoutExpired:
            return f"did not end within {said(notify.patience)} and was killed"
        finally:
            # Also when this program is stopped meanwhile. What it left at work once it ended may be its mail.
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if code == 0:
            return ""
        words.seek(0)
        told = one_line(words.read(2000).strip(), 300)
        return f"ended with {code}{f': {told}' if told else ''}"


def _notify(memory: Memory) -> Notify | None:
    try:
        return Notify.model_validate(memory.notify) if memory.notify else None
    except ValueError:
        return None
