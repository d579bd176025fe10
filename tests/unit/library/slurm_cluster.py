"""Slurm's and munge's commands on a controller, played: what they print, and what was asked of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.unit.library.modules import ansible_module, answer_of, shared

VERIFY = ansible_module("slurm_verify")
NODES, JOBS, PROOF, COMMANDS = (shared(f"slurm_{name}") for name in ("nodes", "jobs", "proof", "commands"))
MUNGE, ADMISSION = shared("slurm_munge"), shared("slurm_admission")
# Where Slurm's and munge's commands are run.
RUNNERS = (VERIFY, NODES, JOBS, PROOF, shared("slurm_drains"), MUNGE, ADMISSION)


def where(command: tuple[str, ...]) -> str:
    """The nodes of an srun."""
    return next(word for word in command if word.startswith("--nodelist=")).split("=")[1]


def node(name: str, state: str = "IDLE", version: str = "22.05.8", reason: str = "", by: str = "slurm") -> str:
    tail = f" Reason={reason} [{by}@2026-11-23T04:31:00]" if reason else ""
    known = f" Version={version}" if version else ""
    return f"NodeName={name} CPUTot=8{known} State={state} Partitions=all{tail}"


def update(nodes: dict[str, tuple[str, str]], command: tuple[str, ...]) -> None:
    """What `scontrol update` makes of nodes: state and reason by name."""
    given = dict(word.split("=", 1) for word in command[2:])
    for name in given["nodename"].split(","):
        state, reason = nodes[name]
        states = {"drain": "IDLE+DRAIN", "undrain": "IDLE", "": state}
        nodes[name] = (states[given.get("state", "")], given.get("reason", reason))


class Cluster:
    """Slurm's commands on the controller, and what was asked of them."""

    def __init__(self, *nodes: str) -> None:
        self.nodes = list(nodes)
        self.jobs: list[list[str]] = []
        self.deaf: set[str] = set()
        self.reach: dict[str, str] = {}
        self.scratch: dict[str, str] = {}
        self.stuck: set[str] = set()
        self.closed: set[str] = set()
        self.off: set[str] = set()
        self.up = True
        self.queue: list[str] = []
        self.others: list[str] = []
        self.asked: list[tuple[str, ...]] = []
        self.told: Callable[[tuple[str, ...]], None] = lambda command: None

    def run(
        self,
        *command: str,
        extra: Any = None,
        text: str | None = None,
        limit: float = 60,
        account: str | None = None,
    ) -> tuple[int, str, str]:
        self.asked.append(command)
        self.told(command)
        play: dict[str, Callable[[], tuple[int, str, str]]] = {
            "scontrol": lambda: self._scontrol(command),
            "munge": lambda: (0, "MUNGE:controller:\n", ""),
            "unmunge": lambda: (int((text or "") == "MUNGE:bad:"), "", ""),
            "sinfo": lambda: (0, "", ""),
            "scancel": lambda: (0, "", ""),
            "squeue": lambda: (0, "\n".join(self._squeue(command)), ""),
            "srun": lambda: self._srun(command),
        }
        return play[command[0]]()

    def _squeue(self, command: tuple[str, ...]) -> list[str]:
        if "--user=nobody" in command:
            return self.queue
        return [] if "--user=root" in command else self.others

    def _scontrol(self, command: tuple[str, ...]) -> tuple[int, str, str]:
        if not self.up:
            return 1, "", "slurm_load_node error: Unable to contact slurm controller (connect failure)\n"
        if "--version" in command:
            return 0, "slurm 22.05.8\n", ""
        if "hostnames" in command:
            return 0, command[-1].replace(",", "\n"), ""
        return 0, "\n".join(self.nodes) + "\n", ""

    def _srun(self, command: tuple[str, ...]) -> tuple[int, str, str]:
        names = where(command).split(",")
        self.jobs.append(names)
        if self.stuck & set(names):
            return 1, "", "srun: error: Unable to create step\nsrun: error: task 0 launch failed\n"
        out = []
        for name in names:
            scratch = self.scratch.get(name, "none")
            out.append(f"REACH {name} {self.reach.get(name, '')}")
            out.append(f"ANSWER {name} {int(name in self.deaf)} {scratch} MUNGE:{name}:")
        return 0, "\n".join(out) + "\n", ""


def verified(*names: str, scratch: dict[str, str] | None = None, prove: list[str] | None = None) -> dict[str, Any]:
    answer = answer_of(VERIFY, nodes=list(names), prove=prove, scratch=scratch or {}, timeout=0)
    found: dict[str, Any] = answer["ansible_facts"]["slurm_verify"]
    return found


Play = Callable[..., Cluster]
