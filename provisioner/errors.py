"""Every error a person can meet; caught once, in `provisioner.cli.main`.

    ProvisionError              1  something failed
    ├── UsageError              2  bad arguments or a bad plan; nothing was touched
    ├── DegradedError           3  some nodes failed, the rest converged and the cluster works
    ├── BusyError               4  another run works on the cluster; nothing was touched
    └── StoppedError          130  stopped by a person or a signal

An error says in one sentence what is wrong and, in `next_step`, what to do about it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """The exit codes of every verb, with the meaning that `--help` prints."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DEGRADED = 3
    BUSY = 4
    STOPPED = 130

    @property
    def meaning(self) -> str:
        """What the code says about the cluster, in one line."""
        return {
            ExitCode.OK: "all converged",
            ExitCode.FAILED: "failed",
            ExitCode.USAGE: "bad usage, plan or variables; nothing was touched",
            ExitCode.DEGRADED: "degraded: some nodes failed or are unreachable, the rest works",
            ExitCode.BUSY: "another run works on the cluster; nothing was touched",
            ExitCode.STOPPED: "stopped by Ctrl-C or a signal; the next run mends the rest",
        }[self]


class ProvisionError(Exception):
    """Something failed; `next_step` says what a person does now."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def as_dict(self) -> dict[str, Any]:
        """The error for scripts, as `--json` prints it; an error with more to say adds to `problems`."""
        code = self.exit_code
        said = {"error": self.message, "next_step": self.next_step, "problems": []}
        return {"exit_code": int(code), "meaning": code.meaning, **said}


class UsageError(ProvisionError):
    """Bad arguments or a bad plan; nothing was touched."""

    exit_code = ExitCode.USAGE


class DegradedError(ProvisionError):
    """Some nodes failed or are unreachable; the rest converged."""

    exit_code = ExitCode.DEGRADED


class BusyError(ProvisionError):
    """Another run holds the lock of this cluster."""

    exit_code = ExitCode.BUSY


class StoppedError(ProvisionError):
    """A person or the system stopped the verb before it was done."""

    exit_code = ExitCode.STOPPED
