"""What can happen to each thing that a role keeps, as a command of root: the cases that tests try are made of states.

`HARMS` names every way to damage a thing, by kind. A new role, or a new thing of one, has its cases at once.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.state.files import MULTIARCH
from provisioner.state.kinds import States, all_things
from provisioner.state.masks import QUIET
from provisioner.state.trials import FOLDER

Script = Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True)
class Case:
    """One thing that is damaged: `script` does it, and `--check` and a run name `kind` and `name`."""

    harm: str
    role: str
    kind: str
    name: str
    script: str


def cases(states: States, release: str) -> Iterator[Case]:
    """Every case of every role on this release; of packages one for each role, as they come and go together."""
    for harm, scripts in HARMS.items():
        for kind, script in scripts.items():
            last: dict[str, Case] = {}
            for role, name, options in all_things(states, kind, release):
                if words := script(name, options):
                    case = Case(harm, role, kind, name, words)
                    last[role if kind == "packages" else f"{role} {name}"] = case
            yield from last.values()


def _path(name: str) -> str:
    return name.replace(MULTIARCH, "$(uname -m)-linux-gnu")


def _if_not_own(script: str) -> Script:
    """Without what decides who gets in: of such a file the role changes a part, and tests of its own harm that."""
    return lambda name, options: "" if options.get("own") or "trial" in options else script.format(_path(name))


def _always(script: str) -> Script:
    return lambda name, options: script.format(_path(name))


def _unit(script: str) -> Script:
    return lambda name, options: "" if options.get("masked") or "only_if" in options else script.format(name)


def _other_answer(name: str, options: Mapping[str, Any]) -> str:
    return shlex.join([*map(str, list(options["run"])[:-1]), "somebody-else"]) if "run" in options else ""


HARMS: dict[str, dict[str, Script]] = {
    "edited": {"files": _if_not_own("sed -i '$d' {0}"), "links": _always("ln -sfn /nowhere {0}")},
    "in the way": {"strays": _always("echo ClusterName=elsewhere > {0}")},
    "removed": {"files": _if_not_own("rm {0}"), "links": _always("rm {0}")},
    "mode": {
        "files": _always("chmod 666 {0}"),
        "folders": _always("chmod 777 {0}"),
        "secrets": _always("chmod 444 {0}"),
    },
    "owner": {
        "files": _if_not_own("chown nobody {0}"),
        "folders": _always("chown nobody {0}"),
        "secrets": _always("chown nobody {0}"),
    },
    "other secret": {"secrets": _if_not_own("head -c 128 /dev/urandom > {0}")},
    "stopped": {"units": _unit("systemctl stop {0}")},
    "disabled": {"units": _unit("systemctl disable {0}")},
    # As a run that was killed while packages came leaves it; an admin's mask is no harm.
    "masked by us": {
        "units": _unit(
            f"systemctl stop {{0}}; ln -sfn {QUIET} /etc/systemd/system/{{0}}; systemctl daemon-reload",
        )
    },
    "unmasked": {
        "units": lambda name, options: f"systemctl unmask {name}" if options.get("masked") else "",
    },
    "package": {"packages": _always("dpkg --remove --force-depends {0}")},
    "account": {"accounts": _always("sed -i '/^{0}:/d' /etc/passwd /etc/group /etc/shadow /etc/gshadow")},
    "answer": {"asks": _other_answer},
    # As a run that was killed between a change and its confirmation.
    "left on trial": {
        "trials": lambda name, options: (
            f"mkdir -p {FOLDER}/{name} && cd {FOLDER}/{name} && touch pending && "
            f"echo 'rm {FOLDER}/{name}/pending' > take-back"
        )
    },
    # What has just ended there lets go of it a moment later. Where windows came out of a job, Slurm 24.11 may leave the
    # job's folder mounted, which then keeps it busy until it is swept.
    "unmounted": {
        "scratch": _always(
            "timeout 30 sh -c 'until umount {0}; do "
            "JOB_TMP_PATIENCE=0 /usr/local/sbin/slurm-job-tmp tend 2> /dev/null; sleep 0.2; done'"
        )
    },
    "lost at boot": {"scratch": _always("sed -i '\\: {0} :d' /etc/fstab")},
}
"""The script of each harm for the kinds that it can come to; '' for a thing that it leaves alone.

An account named `slurm` or a path holds no character that a shell reads; role authors name them.
"""
