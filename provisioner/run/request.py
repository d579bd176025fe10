"""What a verb asks for, and the call of ansible-runner that it becomes. Pure: the same question, the same call."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from provisioner.accounts.load import accounts_beside
from provisioner.hostca import HostCa
from provisioner.inventory import inventory
from provisioner.names import host_name
from provisioner.plan.model import Plan
from provisioner.run.environment import left_out, run_environment

DEFAULT_FORKS = 16


@dataclass(frozen=True)
class Options:
    """What a person chose on the command line, in Ansible's words. `extra` is a copy, which nobody changes later."""

    check: bool = False
    diff: bool = False
    forks: int = DEFAULT_FORKS
    verbosity: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))


def _nothing(facts: Mapping[str, Any]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class PlaybookRun:
    """What a verb asks for: one playbook, over some blades of a plan.

    Args:
        blades: blade ids to touch; the controller is always added.
        playbook: file name in the packaged `playbooks/`.
        quiet: shows nothing while it works, as --json wants it.
        tell: what the facts that tasks set on the controller say to a person, by their key in the record.
        looked_at: what those facts say of blades that are not asked themselves, by inventory name: '' for one that the
            controller looked at, else why it did not.
        recorded: whether it leaves a record of its own; a part of a longer run leaves none.
    """

    plan: Plan
    plan_file: Path
    blades: Sequence[str]
    playbook: str
    options: Options = field(default_factory=Options)
    quiet: bool = False
    tell: Callable[[Mapping[str, Any]], Mapping[str, str]] = _nothing
    looked_at: Callable[[Mapping[str, Any]], Mapping[str, str]] = _nothing
    recorded: bool = True


@dataclass(frozen=True)
class RunnerCall:
    """What is handed to ansible-runner.

    `limit` holds inventory names; `site` is the folder whose group_vars and host_vars apply; `environment` is the whole
    environment of Ansible, and `left_out` names the caller's settings that are not in it.
    """

    playbook: Path
    inventory: Mapping[str, Any]
    limit: tuple[str, ...]
    site: Path
    options: Options
    environment: Mapping[str, str]
    left_out: tuple[str, ...] = ()


def runner_call(
    asked: PlaybookRun,
    assets: Path,
    ssh_key: Path | None = None,
    known_hosts: Path | None = None,
    announced: Mapping[str, str] | None = None,
    host_ca: HostCa | None = None,
) -> RunnerCall:
    """The call that runs what is asked for.

    Args:
        assets: folder of `playbooks/` and `roles/`.
        ssh_key, known_hosts, announced, host_ca: see `inventory`.
    """
    chosen = dict.fromkeys([asked.plan.cluster.controller, *asked.blades])
    return RunnerCall(
        playbook=assets / "playbooks" / asked.playbook,
        inventory=inventory(asked.plan, ssh_key, known_hosts, announced, accounts_beside(asked.plan_file), host_ca),
        limit=tuple(host_name(name) for name in chosen),
        site=asked.plan_file.resolve().parent,
        options=asked.options,
        environment=run_environment(os.environ, assets),
        left_out=tuple(left_out(os.environ)),
    )
