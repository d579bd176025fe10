"""What is handed to ansible-runner. Pure: the same question gives the same request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provisioner.inventory import inventory
from provisioner.names import host_name
from provisioner.plan.model import Plan
from provisioner.run.environment import left_out, run_environment

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

    `limit` holds inventory names; `site` is the folder whose group_vars and host_vars apply; `environment` is the whole
    environment of Ansible, and `left_out` names the caller's settings that are not in it.
    """

    playbook: Path
    inventory: dict[str, Any]
    limit: tuple[str, ...]
    site: Path
    options: Options
    environment: dict[str, str]
    left_out: tuple[str, ...] = ()


def build_request(
    plan: Plan,
    plan_file: Path,
    blades: Sequence[str],
    playbook: str,
    assets: Path,
    options: Options,
    ssh_key: Path | None = None,
    known_hosts: Path | None = None,
) -> Request:
    """The request of a verb.

    Args:
        blades: blade ids to touch; the controller is always added.
        playbook: file name in the packaged `playbooks/`.
        assets: folder of `playbooks/` and `roles/`.
        ssh_key, known_hosts: see `inventory`.
    """
    chosen = dict.fromkeys([plan.cluster.controller, *blades])
    return Request(
        playbook=assets / "playbooks" / playbook,
        inventory=inventory(plan, ssh_key, known_hosts),
        limit=tuple(host_name(name) for name in chosen),
        site=plan_file.resolve().parent,
        options=options,
        environment=run_environment(os.environ, assets),
        left_out=tuple(left_out(os.environ)),
    )
