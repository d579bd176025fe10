"""What is handed to ansible-runner. Pure: the same question gives the same request."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioner.inventory import inventory
from provisioner.names import host_name
from provisioner.plan.model import Plan

DEFAULT_FORKS = 16


@dataclass(frozen=True)
class Options:
    """What a person chose on the command line, in Ansible's words."""

    check: bool = False
    diff: bool = False
    forks: int = DEFAULT_FORKS
    verbosity: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """One run of one playbook.

    `limit` holds inventory names; `site` is the folder whose group_vars and host_vars apply.
    """

    playbook: Path
    inventory: dict[str, Any]
    limit: tuple[str, ...]
    site: Path
    options: Options
    environment: dict[str, str]


def build_request(
    plan: Plan,
    plan_file: Path,
    blades: Sequence[str],
    playbook: str,
    assets: Path,
    options: Options,
    ssh_key: Path | None = None,
    known_hosts: Path | None = None,
    announced: Mapping[str, str] | None = None,
) -> Request:
    """The request of a verb.

    Args:
        blades: blade ids to touch; the controller is always added.
        playbook: file name in the packaged `playbooks/`.
        assets: folder of `playbooks/` and `roles/`.
        ssh_key, known_hosts, announced: see `inventory`.
    """
    chosen = dict.fromkeys([plan.cluster.controller, *blades])
    return Request(
        playbook=assets / "playbooks" / playbook,
        inventory=inventory(plan, ssh_key, known_hosts, announced),
        limit=tuple(host_name(name) for name in chosen),
        site=plan_file.resolve().parent,
        options=options,
        environment=_environment(assets),
    )


def _environment(assets: Path) -> dict[str, str]:
    """Ansible's settings for a run; a person's own ANSIBLE_* variables not named here stay in force."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_ROLES_PATH": str(assets / "roles"),
        "ANSIBLE_LIBRARY": str(assets / "playbooks" / "library"),
        # ansible-runner turns it off unless it is set.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_PIPELINING": "True",
        # Once more, at once: under load a connection may break that the next one would not.
        "ANSIBLE_SSH_RETRIES": "1",
        "ANSIBLE_TIMEOUT": "10",
        # A blade that hangs inside a task is given up in the end; installing over a slow mirror is not.
        "ANSIBLE_TASK_TIMEOUT": "1800",
        "ANSIBLE_INJECT_FACT_VARS": "False",
        "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=30s -o ServerAliveInterval=15",
        "ANSIBLE_NOCOLOR": "True",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        # Above it ansible-runner empties a result, and with it what changed: a thousand nodes are 0.7 MB.
        "MAX_EVENT_RES": "100000000",
    }
