"""Why a node does not work: what its controller saw, and what the node says when it is asked itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from provisioner.console_text import their_words

# Exit codes of unmunge (munge_err_t), and of a command that took too long.
_NO_SOCKET, _EXPIRED, _REWOUND, _HANGS = 6, 15, 16, 124
_FULL = "its disk is full where slurmd works"
_ITSELF = "it takes no jobs by itself: "
_ILL = "its health check lets it take no jobs: "
_FIREWALL = "look for a firewall between the two"
_FIREWALLS = "look for a firewall between them"
_SRUN_PORTS = (
    "open the controller's ports to its members, since srun listens on any of them, or set SrunPortRange in "
    "slurmctld_config and open that"
)
_NO_JOB = "a job does not run on it"
_MUTE = "its slurmd hangs: it takes a connection and says nothing"
_DEAF = "its slurmd does not answer on its port"
_CREDENTIAL = re.compile(r"^credential (MUNGE:[A-Za-z0-9+/=]{1,4000}:)$", re.MULTILINE)


def node_credential(said: str) -> str:
    """The munge credential in what a node said of itself, '' for none; checked, as everything that a node says."""
    found = _CREDENTIAL.search(said)
    return found[1] if found else ""


def verdict(problems: Sequence[str], said: str, accepted: str, blade: str, unreached: Any = ()) -> str:
    """`what is wrong; next: what to do` of a node that does not work. The cause comes before what follows from it.

    See `cause` for what is given.
    """
    if found := cause(problems, said, accepted, blade, unreached):
        return found
    seen = ", and ".join(their_words(problem, 1000) for problem in problems)
    return f"{seen}; next: mend what its log says, then `provision verify --nodes {blade}`"


def cause(problems: Sequence[str], said: str, accepted: str, blade: str, unreached: Any = ()) -> str:
    """The same where the cause is one that is known, '' for any other.

    Args:
        problems: what the controller saw.
        said: what the node says: lines `munge CODE`, `slurmd STATE`, `credential TEXT`, and its log.
        accepted: exit code of the controller's unmunge for the node's credential.
        blade: id of the blade.
        unreached: whom the node says it does not reach: other nodes, `controller` for slurmctld, `srun` for its ports
            there; what is no list of names says nothing.
    """
    missed = [str(name) for name in unreached] if isinstance(unreached, list) else []
    munge, slurmd = _word(said, "munge"), _word(said, "slurmd")
    again, mends = f"`provision verify --nodes {blade}`", f"`provision slurm --nodes {blade}`"
    if full := next((problem for problem in problems if problem.startswith(_FULL)), ""):
        return (
            f"{their_words(full, 1000)}; next: make room on it (slurmd works in /var/lib/slurm/slurmd), then {mends} "
            "takes its drain back"
        )
    if itself := next((problem for problem in problems if problem.startswith(_ITSELF)), ""):
        return f"{their_words(itself, 1000)}; next: mend that, and it takes jobs again within a minute"
    if ill := next((problem for problem in problems if problem.startswith(_ILL)), ""):
        return (
            f"{their_words(ill, 1000)}; next: mend that, and it takes jobs again within five minutes, or at once with "
            "`slurm-health` on it"
        )
    if of_munge := _munge_cause(munge, accepted.strip() if node_credential(said) else "", again, mends):
        return of_munge
    if "controller" in missed:
        return f"it does not reach slurmctld on the controller (port 6817); next: {_FIREWALL}, then {again}"
    if slurmd not in ("", "active"):
        return f"slurmd does not run on it ({slurmd}); next: {mends} starts it"
    if _DEAF in problems and slurmd == "active":
        return (
            f"its slurmd runs, and the controller does not reach it on its port (6818); next: {_FIREWALL}, then {again}"
        )
    if _MUTE in problems and slurmd == "active":
        return f"{_MUTE}; next: run `systemctl restart slurmd` on it, which no job minds, then {again}"
    if "srun" in missed and any(problem.startswith(_NO_JOB) for problem in problems):
        return f"it does not reach srun on the controller; next: {_SRUN_PORTS}, then {again}"
    # What the controller found out stands with both of them, in the same words.
    between = [problem for problem in problems if " not reach " in problem]
    if nodes := [their_words(name, 64) for name in missed if name not in ("controller", "srun")]:
        between.append(f"it does not reach {', '.join(nodes[:8])} on the port of slurmd")
    if between:
        return f"{their_words(between[0], 1000)}; next: {_FIREWALLS}, then `provision verify`"
    return ""


def _munge_cause(own: str, accepted: str, again: str, mends: str) -> str:
    if own == str(_NO_SOCKET):
        return f"munge does not run on it; next: {mends} starts it"
    if own == str(_HANGS):
        return f"munge on it does not answer; next: run `systemctl restart munge` on it, then {again}"
    if own not in ("", "0"):
        return f"munge does not work on it (exit code {own}); next: look at `journalctl -u munge` on it"
    if accepted in (str(_EXPIRED), str(_REWOUND)):
        return (
            "its clock and the controller's differ by more than munge allows (300 s); next: set it "
            f"(chronyc makestep), then {again}"
        )
    if accepted not in ("", "0"):
        return f"it has another munge key than the controller; next: {mends} gives it the cluster's"
    return ""


def _word(said: str, key: str) -> str:
    """The word behind a key in the first lines, '' for none."""
    found = re.search(rf"^{key} ([a-z0-9-]{{1,20}})$", "\n".join(said.splitlines()[:2]), re.MULTILINE)
    return found[1] if found else ""
