"""A Slurm that a user uses, played: its jobs, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.library.modules import ansible_module, answer_of, shared

DEEP = ansible_module("slurm_deep")
CHECKS, ASKING, LIMITS, PLACE, JOBS, TERMINAL = (
    shared(name) for name in ("deep_checks", "deep_jobs", "deep_limits", "deep_place", "slurm_jobs", "deep_terminal")
)
PREEMPT, NODES = shared("deep_preempt"), shared("slurm_nodes")
Said = tuple[int, str, str]


class User:
    """Slurm's commands, of root and of the account; `harms` are what is wrong.

    Each job becomes what its script would make of it, one state further with every question.
    """

    def __init__(self, *harms: str, nodes: Mapping[str, str] | None = None, **config: Any) -> None:
        self.harms = set(harms)
        self.nodes = dict(nodes or {"bld-008": "IDLE", "bld-009": "IDLE"})
        self.config = {"PreemptType": "preempt/none", "AccountingStorageType": "accounting_storage/none", **config}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, ...]] = []
        self.users: list[tuple[str, ...]] = []

    def run(self, *command: str, text: str | None = None, account: str | None = None, **more: Any) -> Said:
        self.asked.append(command)
        if account is not None:
            self.users.append(command)
            command = command[2:] if command[0] == "prlimit" else command
            if command[0] in self.harms:
                return 126, "", f"{command[0]}: Permission denied\n"
        return getattr(self, f"_{command[0]}")(command, text or "")  # type: ignore[no-any-return]

    def _sh(self, command: tuple[str, ...], text: str) -> Said:
        if "/tmp" in self.harms:
            return CHECKS.NO_SCRIPT, "", "mktemp: Permission denied\n"
        return self._sbatch(command[command.index("sbatch") :], text)

    def _find(self, command: tuple[str, ...], text: str) -> Said:
        return 0, "", ""

    def _sinfo(self, command: tuple[str, ...], text: str) -> Said:
        shown = sorted(self.nodes)[1:] if "a node is missing" in self.harms else sorted(self.nodes)
        return 0, "\n".join(shown) + "\n", ""

    def _sbatch(self, command: tuple[str, ...], text: str) -> Said:
        if "not allowed" in self.harms or ("no partition" in self.harms and "--partition=high" in command):
            return (
                1,
                "",
                "sbatch: error: Invalid account or account/partition combination specified\n",
            )
        if "--array=1-3" in command and "no arrays" in self.harms:
            return 1, "", "sbatch: error: Batch job submission failed: Invalid job array specification\n"
        number = str(len(self.jobs) + 1)
        after = next((word.rpartition(":")[2] for word in command if word.startswith("--dependency=")), "")
        self.jobs[number] = {
            "text": text, "held": "--hold" in command, "after": after, "asked": 0,
            "partition": [word.partition("=")[2] for word in command if word.startswith("--partition=")][-1],
            "exclusive": "--exclusive" in command, "requeued": False,
            "tasks": ["1", "2", "3"] if "--array=1-3" in command else ["N/A"], "cancelled": False,
        }  # fmt: skip
        return 0, f"{number}\n", ""

    def _scancel(self, command: tuple[str, ...], text: str) -> Said:
        for number in set(command[1:]) & self.jobs.keys():
            self.jobs[number]["cancelled"] = "scancel does nothing" not in self.harms
        return 0, "", ""

    def _squeue(self, command: tuple[str, ...], text: str) -> Said:
        if "--states=PENDING" in command:
            return 0, "77\n" if "somebody waits" in self.harms else "", ""
        if any(word.startswith("--user=") for word in command):
            return 0, "", ""
        number = command[-2].partition("=")[2]
        limit = "UNLIMITED" if "no time limit" in self.harms else "2:00"
        return 0, f"{number}|provision-verify|nobody|1|{limit}|RUNNING\n", ""

    def _sacct(self, command: tuple[str, ...], text: str) -> Said:
        asked = command[-1].partition("=")[2].split(",")
        rows = [] if "no records" in self.harms else [f"{number}|{self.end(number)}" for number in asked]
        return 0, "\n".join(rows) + "\n", ""

    def _scontrol(self, command: tuple[str, ...], text: str) -> Said:
        if command[1] == "release":
            self.jobs[command[2]]["held"] = False
        if "config" in command:
            return 0, "\n".join(f"{key}   = {value}" for key, value in self.config.items()), ""
        if "nodes" in command:
            rows = [f"NodeName={name} Version=22.05.8 State={state}" for name, state in self.nodes.items()]
            return 0, "\n".join(rows), ""
        return 0, f"JobId=7 ExitCode={self.code(command[-1])}:0 Comment=x", ""

    def code(self, number: str) -> int:
        """What the script of a job would end with."""
        if number not in self.jobs:
            return 0
        text = self.jobs[number]["text"]
        told = {CHECKS.SCRIPT: "script", LIMITS.WIDE: "wide", LIMITS.LOCKED: "locked", CHECKS.ACROSS: "across"}
        kind = next((its for known, its in told.items() if known in text), "")
        return next((int(harm.split()[1]) for harm in self.harms if harm.startswith(f"{kind} ") and kind), 0)

    def end(self, number: str) -> str:
        """The last state of a job."""
        job = self.jobs[number]
        if job["cancelled"]:
            return "CANCELLED"
        if LIMITS.GREEDY in job["text"] and "no limit" not in self.harms:
            return "CANCELLED" if "killed otherwise" in self.harms else "OUT_OF_MEMORY"
        if "a task fails" in self.harms and CHECKS.TASK in job["text"]:
            return "FAILED"
        return "FAILED" if self.code(number) else "COMPLETED"

    def table(self, program: str, fields: Any, *options: str) -> list[list[str]]:
        """Rows of sinfo and squeue, as `slurm_table` has them."""
        if program == "sinfo" and fields == PREEMPT._FIELDS:
            mode = "OFF" if "nobody makes way" in self.harms else "REQUEUE"
            tier = "1" if "one tier" in self.harms else "9"
            return [["all", "1", mode, "up"], ["high", tier, mode, "up"]]
        if program == "sinfo":
            up = "down" if "partition is down" in self.harms else "up"
            return [[name, where, tier, up] for name in self.nodes for where, tier in (("all", "1"), ("high", "9"))]
        number = options[0].partition("=")[2]
        if number not in self.jobs:
            raise RuntimeError("slurm_load_jobs error: Invalid job id specified")
        state, reason = self._state(number)
        start = int(number) - (20 if "too early" in self.harms else 0)
        return [
            [task, state, reason, f"2026-11-26T06:00:{max(start, 0):02}", f"2026-11-26T06:00:{int(number):02}"]
            for task in self.jobs[number]["tasks"]
        ]

    def _state(self, number: str) -> tuple[str, str]:
        job = self.jobs[number]
        job["asked"] += 1
        dropped = "dependency is dropped" in self.harms
        low = next((one for one in self.jobs.values() if one["partition"] == "all" and one["exclusive"]), None)
        if job["partition"] == "high" and low is not None:
            if "no way is made" in self.harms or ("time to end" in self.harms and "srun" not in low["text"]):
                return "PENDING", "Resources"
            low["requeued"] = True
        if job["requeued"]:
            return "PENDING", "BeginTime"
        if "busy" in self.harms or "odd reason" in self.harms:
            return "PENDING", "Resources" if "busy" in self.harms else "BadConstraints"
        if job["after"] and not dropped and self._state(job["after"])[0] != "COMPLETED":
            return "PENDING", "Dependency"
        if job["held"]:
            return "PENDING", "JobHeldUser"
        if "preempted" in self.harms:
            return "PREEMPTED", "None"
        if job["asked"] < 2:
            return "RUNNING", "None"
        sleeps = "sleep 100" in job["text"] and not job["cancelled"]
        return ("RUNNING" if sleeps or "hangs" in self.harms else self.end(number)), "None"


def tried(monkeypatch: Any, user: User, patience: int = 1, **more: Any) -> dict[str, Any]:
    """The report of the module on this cluster."""
    answer = answered(monkeypatch, user, lambda: False, patience=patience, **more)
    assert "ansible_facts" in answer, answer
    found: dict[str, Any] = answer["ansible_facts"]["slurm_deep"]
    return found


def answered(monkeypatch: Any, user: User, gone: Callable[[], bool], **more: Any) -> dict[str, Any]:
    """What the module answers while whoever asked is there, as `gone` tells."""
    for module in (CHECKS, ASKING, PLACE, PREEMPT, JOBS, NODES):
        monkeypatch.setattr(module, "run", user.run)
    for module in (ASKING, PLACE, PREEMPT):
        monkeypatch.setattr(module, "table", user.table)
    for module, name in ((ASKING, "WORK"), (CHECKS, "WRITTEN")):
        monkeypatch.setattr(module, name, 0.2)
    for module in (ASKING, CHECKS, PLACE):
        monkeypatch.setattr(module, "POLL_SECONDS", 0)
    monkeypatch.setattr(JOBS, "NOTE", "/nowhere/note")
    monkeypatch.setattr(DEEP, "gone", gone)
    monkeypatch.setitem(DEEP.CHECKS, "terminal", lambda asker: "a shell")
    return answer_of(DEEP, nodes=sorted(user.nodes), **more)
