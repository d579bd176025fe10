"""What a person does about a machine that could not be looked at, while there is no plan to correct yet. Pure."""

from __future__ import annotations

import re
from pathlib import Path

from provisioner import knownhosts
from provisioner.run.diagnose import Diagnosis
from provisioner.survey.reach import Reach
from provisioner.survey.sorting import LeftOut

# First match wins, in the words of `provisioner.run.diagnose`; what is not here has a step that needs no plan.
_STEPS = [
    (
        r"SSH refuses the key or the user",
        "`ssh-copy-id {ssh}`, or name another account (USER@{host}) or key (--key FILE)",
    ),
    (r"sudo asks for a password", "let {user} use sudo without a password there (/etc/sudoers.d), or log in as root"),
    (r"there is no sudo on it", "install sudo there, or log in as root: root@{host}"),
    (r"there is no Python on it", "`ssh {ssh} sudo apt-get install -y python3`"),
    (r"there is no route to it", "is it powered on, and is {address} its address?"),
    (r"it does not answer", "is it powered on and booted, and is {address} its address?"),
    (r"SSH is refused", "is sshd installed and started there, on port {port}?"),
    (
        r"its SSH host key",
        "if it was reimaged: `ssh-keygen -R '{known}' -f {known_hosts}`; if not, find out who answers",
    ),
]


def left_out(reach: Reach, failure: Diagnosis | None, known_hosts: Path) -> LeftOut:
    """The machine as one that is not in the plan; without a failure it gave an answer that is none."""
    target = reach.target
    if failure is None:
        return LeftOut(target.label, "it did not say what it is", f"log in and look: ssh {_ssh(reach)}")
    words = {
        "ssh": _ssh(reach),
        "host": target.host,
        "user": reach.user,
        "address": reach.address,
        "port": reach.port,
        "known": knownhosts.known_name(reach.address, reach.port),
        "known_hosts": known_hosts,
    }
    unforeseen = failure.next_step.startswith("run again with -v")
    step = f"log in and look: ssh {_ssh(reach)}" if unforeseen else failure.step_for(target.label)
    known = next((step.format(**words) for pattern, step in _STEPS if re.match(pattern, failure.message)), None)
    return LeftOut(target.label, failure.message, known or step)


def _ssh(reach: Reach) -> str:
    port = f"-p {reach.port} " if reach.port != 22 else ""
    return f"{port}{reach.user}@{reach.target.host}"
