"""How the deep verification uses Slurm: as an account without rights submits, watches and cancels its jobs.

Every job has the name, the account and the comment by which `slurm_jobs` knows ours, so whatever ends this process, the
next run cancels what is left. No job waits for longer than `patience`, and none is requeued.
"""

from __future__ import annotations

import re
import time

from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_jobs import NAME, NOT_ALLOWED, works_as
from ansible.module_utils.slurm_nodes import POLL_SECONDS
from ansible.module_utils.slurm_table import table

# Seconds for one command, which answers within milliseconds unless slurmctld is down or at its limit.
COMMAND = 20
# Seconds that a job of ours takes at most once it runs, and what it promises Slurm (minutes).
WORK, MINUTES = 30, "2"
# Why a job waits while others have what it needs.
_BUSY = re.compile(r"None|Resources|Priority|ReqNodeNotAvail.*|Nodes_required_for_job.*|.*Reserved.*|Licenses")
_FIELDS = (("ArrayTaskID", 20), ("State", 20), ("Reason", 100), ("StartTime", 24), ("EndTime", 24))
WAITING, AT_WORK = {"PENDING"}, {"RUNNING", "CONFIGURING", "COMPLETING", "SUSPENDED", "STOPPED"}


class Failed(Exception):
    """A check showed that something does not work; its words, and what Slurm said.

    `cause` names a next step of its own, where the check has several.
    """

    def __init__(self, words, evidence="", cause=""):
        super().__init__(words)
        self.evidence, self.cause = evidence, cause


class NotTried(Exception):
    """A check could not be made, and that is nobody's fault."""


class Busy(NotTried):
    """A job waited as long as it may for what others have; the next one would, too."""

    def __init__(self):
        super().__init__("nodes are busy")


class Stopped(Exception):
    """Whoever asked is gone."""


class Asker:
    """An account that uses the cluster.

    Args:
        account: its name.
        comment: that of our jobs.
        partition: where its jobs go.
        node: the one that jobs of one node go to.
        free: the nodes that nobody uses.
        busy: the nodes that others use.
        patience: seconds that a job may wait.
        config: slurmctld's settings by key.
        is_over: tells whether whoever asked is gone.
    """

    def __init__(self, account, comment, partition, node, free, busy, patience, config, is_over):
        self.account, self.comment, self.partition, self.node = account, comment, partition, node
        self.free, self.busy, self.patience, self.config, self.is_over = free, busy, patience, config, is_over
        # What slurmd's units lock at most, as the site says.
        self.memlock = "infinity"
        # What the check at work has measured, for the report.
        self.measured = {}
        # What became of its jobs, for those that ask the database.
        self.ended = {}

    def call(self, *command, limit=COMMAND, text=None):
        """Exit code, output and errors of a command of this account."""
        if self.is_over():
            raise Stopped
        # Another verification may have taken the note back by now.
        works_as(self.account)
        return run(*command, account=self.account, limit=limit, text=text)

    def options(self, nodes=None):
        """What all jobs have in common, on the one node or on some."""
        chosen = nodes or [self.node]
        return [
            f"--job-name={NAME}", f"--comment={self.comment}", f"--partition={self.partition}", "--chdir=/",
            f"--nodelist={','.join(chosen)}", f"--nodes={len(chosen)}", f"--time={MINUTES}",
        ]  # fmt: skip

    def submit(self, script, *more, nodes=None, before=()):
        """The number of a job that runs these lines of sh.

        Args:
            more: further options.
            nodes: where it runs; by default on the one node.
            before: a command that runs sbatch.
        """
        words = [*before, "sbatch", "--parsable", *self.options(nodes), "--output=/dev/null", "--no-requeue"]
        return self.accepted(*words, "--mem=64M", *more, text=f"#!/bin/sh\n{script}\n")

    def accepted(self, *command, text=None):
        """The number of the job that an sbatch made."""
        return self.taken(*self.call(*command, text=text))

    def taken(self, code, out, err):
        """The number of a job, as sbatch answered."""
        number = out.strip().partition(";")[0]
        if code == 0 and number.isdigit():
            return number
        cause = "not allowed" if NOT_ALLOWED.search(err) else ""
        raise Failed("sbatch did not take the job", err or out, cause)

    def rows(self, number):
        """What slurmctld says of a job: a row each for the tasks of an array."""
        if self.is_over():
            raise Stopped
        try:
            found = table("squeue", _FIELDS, f"--jobs={number}", "--states=all", "--array")
        except RuntimeError as error:
            raise Failed(f"squeue does not know job {number}", str(error)) from error
        names = ("task", "state", "reason", "start", "end")
        return [dict(zip(names, row)) for row in found]

    def watch(self, number, is_there, count=1):
        """The rows of a job once all of them are as they should.

        Args:
            is_there: whether a row is.
            count: how many there are.
        """
        began = started = time.monotonic()
        while True:
            rows = self.rows(number)
            if len(rows) >= count and all(is_there(row) for row in rows):
                return rows
            now = time.monotonic()
            if not rows or any(row["state"] in WAITING for row in rows):
                started = now
            if now - began > self.patience and started == now:
                self.give_up(number, rows)
            if now - started > WORK or (rows and not any(row["state"] in WAITING | AT_WORK for row in rows)):
                raise Failed(f"job {number} became {self.states(rows)}", self.shown(number))
            time.sleep(POLL_SECONDS)

    def give_up(self, number, rows):
        """Says why a job still waits."""
        reasons = sorted({row["reason"] for row in rows if row["state"] in WAITING})
        if rows and all(_BUSY.fullmatch(reason) for reason in reasons):
            raise Busy
        why = ", ".join(reasons) or "squeue does not show it"
        raise Failed(f"job {number} did not start within {self.patience} s: {why}", self.shown(number))

    def finished(self, number, count=1):
        """The rows of a job that is over, however it ended."""
        rows = self.watch(number, lambda row: row["state"] not in WAITING | AT_WORK, count)
        if any(row["state"] == "PREEMPTED" for row in rows):
            raise NotTried("a job of a user took its place")
        self.ended[number] = rows[0]["state"]
        return rows

    def completed(self, number, count=1):
        """The rows of a job that has to end well."""
        rows = self.finished(number, count)
        if bad := [row for row in rows if row["state"] != "COMPLETED"]:
            raise Failed(f"job {number} became {self.states(bad)}", self.shown(number))
        return rows

    def code(self, number):
        """The exit code of a job that is over; a signal is no code, and fails."""
        (row,) = self.finished(number)
        shown = self.shown(number)
        code = re.search(r" ExitCode=(\d{1,3}):0 ", shown)
        if row["state"] not in ("COMPLETED", "FAILED") or code is None:
            raise Failed(f"job {number} became {row['state']}", shown)
        return int(code[1])

    def states(self, rows):
        """The states in rows, in words."""
        return ", ".join(sorted({row["state"] for row in rows})) or "nothing"

    def shown(self, number):
        """What slurmctld keeps of a job, as evidence."""
        return run("scontrol", "--oneliner", "show", "job", number, limit=COMMAND)[1].strip()
