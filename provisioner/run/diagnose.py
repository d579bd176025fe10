"""Ansible's and ssh's words for a failure -> one plain sentence and the next step. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.advice import MODULES_ADVICE
from provisioner.names import host_name
from provisioner.run.apt_words import apt_cause


@dataclass(frozen=True)
class Diagnosis:
    """What went wrong on a blade, what a person does now, and the raw words as evidence.

    `ours`: whether the next step comes from this project. A module's answer comes from the blade, and whoever holds
    the blade writes into it what he likes.
    """

    message: str
    next_step: str
    evidence: str = ""
    ours: bool = True

    def step_for(self, blade: str) -> str:
        """The next step with the names of the blade filled in; other braces stay as they are."""
        if not self.ours:
            return self.next_step
        return self.next_step.replace("{blade}", blade).replace("{host}", host_name(blade))

    def whose(self) -> str:
        """How the next step is announced: as ours, or as what the blade says."""
        return "next" if self.ours else "the blade advises (look before you do it)"


# How our own roles fail: `what is wrong; next: what to do`, and evidence on the lines below.
_OUR_OWN = re.compile(r"(?P<what>.+?)[;.] next: (?P<next>[^\n]+)(?P<evidence>.*)", re.DOTALL | re.IGNORECASE)

# Ansible's words for a task that its own limit ended.
_GIVEN_UP = re.compile(r"(?:Task failed: )?Timed out after (\d{1,6}) second\(s\)\.")
_HANGS = (
    "look at its console, and there for processes in state D (a mount that is gone, a failing disk); a blade that is "
    "only slow gets more time with provision_look_patience in group_vars"
)

# How our own roles leave a blade alone that has done nothing wrong.
_LEFT_ALONE = re.compile(r"(not worked on: .+?); next: ", re.DOTALL)

# What fails on this machine, in the words of our own playbooks; with Ansible's own words in front it failed itself.
_SAID_HERE = {"fail", "assert"}
_ANSIBLES_WORDS = "Task failed"

# Characters that are looked at: of a message, and at each end of a program's output.
_LONGEST, _END = 64_000, 8_000
# Characters of evidence: a slurm.conf of a thousand nodes with numbers.
_EVIDENCE = 2**19

# First match wins. {blade} and {host} are filled in by Diagnosis.step_for.
_Known = list[tuple[str, str, str]]
# sudo that waits for a password counts as unreachable for Ansible, so this comes before what ssh says.
_SUDO: _Known = [
    (
        r"(Missing|Incorrect) sudo password|sudo: .*password|is not in the sudoers"
        r"|user \S+ (may not run sudo|is not allowed to execute)"
        r"|waiting for (become success|privilege escalation prompt)\.?$",
        "sudo asks for a password or refuses the user",
        "give the user of the plan password-less sudo on the blade (/etc/sudoers.d), or write ansible_become_password",
    ),
]
# What ssh says when the way to the blade ends at a host before it; what that host says of the blade is the blade's.
BEFORE_IT = r"(?s)\A(?!.*stdio forwarding failed).*UNKNOWN port 65535"
# What ssh says; only of a blade that could not be reached, since apt and systemd use the same words.
_CONNECTION: _Known = [
    (
        BEFORE_IT,
        "the jump host before it does not let ssh through",
        "try `ssh` to that host by hand (ssh.jump in the plan): its key and your login there have to be good",
    ),
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed",
        "its SSH host key is not the one on record",
        "if it was reimaged, say so with `provision reimaged {blade}`; if not, find out who answers there",
    ),
    (
        r"Permission denied \(|Too many authentication failures",
        "SSH refuses the key or the user",
        "check ssh.user and ssh.key in the plan, and the blade's authorized_keys",
    ),
    (
        r"Connection refused",
        "SSH is refused: the blade answers, but no sshd listens there",
        "wait until it has booted, or start ssh on its console",
    ),
    (
        r"No route to host|Network is unreachable|Host is down",
        "there is no route to it",
        "is it powered on and in the network of the plan? `provision plan` shows its bay and address",
    ),
    (
        r"timed out|Timeout|did not respond|Connection closed|Broken pipe|Connection reset",
        "it does not answer",
        "is it powered on and booted? Run again once `ssh` reaches it",
    ),
]
_ON_BLADE: _Known = [
    (
        r"sudo: (command )?not found|No such file or directory: 'sudo'|exec: sudo",
        "there is no sudo on it",
        "install sudo on the blade, or log in as root (ssh.user in the plan)",
    ),
    (
        r"python[0-9.]*: (command )?not found|python[0-9.]*: No such file|No python interpreters found"
        r"|module interpreter '[^']*' was not found",
        "there is no Python on it",
        "install it with `ssh {host} apt-get install -y python3`, or put python3 into the image",
    ),
    (
        r"No space left on device|not enough free space|You don't have enough free space",
        "its disk is full",
        "make room on / and /var, then run again",
    ),
    (
        r"Read-only file system",
        "its filesystem is read-only",
        "look at dmesg for disk errors, then remount or reimage it",
    ),
    (
        r"held by process (\d{1,9}) \(([\w.+-]{1,40})\)",
        r"its package system is in trouble: \2 (process \1) holds it and does not end",
        "wait for that process or look at what it waits for; if it is dead, run `apt-get -f install`; then run again",
    ),
    (
        r"Unit (?:file )?\S*?([\w@.-]{1,100}\.(?:service|socket|timer)) is masked",
        r"an admin masked \1, so it cannot be started",
        "run `systemctl unmask` for it on the blade, then run again",
    ),
    (
        r"dpkg was interrupted|Could not get lock|frontend lock|unmet dependencies|held broken packages"
        r"|Sub-process .*dpkg",
        "its package system is in trouble",
        "run `apt-get -f install` on the blade and look at what it says, then run again",
    ),
    (
        r"Failed to (fetch|update apt cache)|Unable to locate package|No package matching|Temporary failure resolving"
        r"|Cache update failed",
        "apt cannot get the packages",
        "check the blade's apt sources and its way to the mirror with `apt-get update`, then run again",
    ),
]


def diagnose(result: Mapping[str, Any], task: str, action: str = "") -> Diagnosis:
    """Reads the result of a failed task.

    Args:
        result: Ansible's result; `unreachable` in it says that the task never got to the blade, and
            `evidence` is what our own modules show besides their message.
        task: name of the task, for failures nobody foresaw.
        action: what the task ran; `fail` and `assert` speak on this machine, everything else on the blade.
    """
    message = str(result.get("msg") or "")
    if message == "non-zero return code":
        message = ""  # says less than the command itself
    parts = [message, *(str(result.get(key) or "") for key in ("module_stderr", "stderr", "module_stdout"))]
    words = "\n".join(_ends(part) for part in parts if part)
    if our_own := _OUR_OWN.match(message[:_LONGEST]):
        evidence = str(result.get("evidence") or our_own["evidence"] or "")
        step = our_own["next"].strip()
        said_here = _is_said_here(action) and not message.startswith(_ANSIBLES_WORDS)
        return Diagnosis(our_own["what"], step, evidence.strip()[:_EVIDENCE], said_here or step in MODULES_ADVICE)
    if not result.get("unreachable") and (cause := apt_cause(words)):
        # The sentence says all that apt's words do.
        return Diagnosis(*cause)
    if given_up := _GIVEN_UP.match(message[:_LONGEST]):
        return Diagnosis(f"it hangs: no answer within {given_up[1]} s ({task})", _HANGS)
    known = [*_SUDO, *(_CONNECTION if result.get("unreachable") else []), *_ON_BLADE]
    for pattern, sentence, step in known:
        if found := re.search(pattern, words, re.IGNORECASE):
            # What ssh said is in the sentence already, and Ansible's words around it only frighten.
            return Diagnosis(found.expand(sentence), step, "" if result.get("unreachable") else _last_lines(words))
    if result.get("unreachable") and not words.strip():
        return Diagnosis("SSH connection lost, no error given", "run again; nothing is lost by it")
    return Diagnosis(
        f"{task}: {_first_line(words) or 'failed and gave no reason'}",
        "run again with -v to see Ansible's own output",
        _last_lines(words),
    )


def left_alone(result: Mapping[str, Any], action: str) -> str:
    """Why our own playbooks did nothing on a blade, '' where the blade itself failed; see `diagnose`."""
    found = _LEFT_ALONE.match(str(result.get("msg") or "")) if _is_said_here(action) else None
    return found[1] if found else ""


def _is_said_here(action: str) -> bool:
    return action.rsplit(".", 1)[-1] in _SAID_HERE


def _ends(words: str) -> str:
    """Where a program says what is wrong; a blade that sends megabytes does not keep the patterns busy."""
    return words if len(words) <= 2 * _END else f"{words[:_END]}\n{words[-_END:]}"


def _first_line(words: str) -> str:
    """The first line with something in it, without what would pass for our next step."""
    line = next((line.strip() for line in words.splitlines() if line.strip()), "")
    return re.split(r"[;.]? *next:", line, maxsplit=1, flags=re.IGNORECASE)[0]


def _last_lines(words: str, count: int = 6) -> str:
    return "\n".join([line for line in words.splitlines() if line.strip()][-count:])
