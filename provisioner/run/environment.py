"""The environment of Ansible in a run: ours, and of the caller's settings only those that cannot do harm. Pure."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

# How secrets of group_vars are opened, and how sudo is answered: a person's own business, and no run needs another
# setting. All others are left out, known today or not: they print or keep what is secret (ANSIBLE_DEBUG,
# ANSIBLE_KEEP_REMOTE_FILES, ANSIBLE_LOG_PATH, fact caches, callbacks), load foreign code (plugin paths, libraries),
# or change what the roles rely on (become, strategy, tags, host keys, interpreter, hash behaviour, connection).
PASSED = {
    "ANSIBLE_VAULT_PASSWORD_FILE",
    "ANSIBLE_VAULT_IDENTITY_LIST",
    "ANSIBLE_VAULT_IDENTITY",
    "ANSIBLE_VAULT_ID_MATCH",
    "ANSIBLE_BECOME_PASSWORD_FILE",
}
# Ansible and ansible-runner read every setting of theirs from a name that begins so; NO_COLOR is harmless.
_SETTINGS = ("ANSIBLE_", "_ANSIBLE_", "RUNNER_", "AWX_")
_MORE_SETTINGS = {"AD_HOC_COMMAND_ID", "JOB_ID", "MAX_EVENT_RES", "ORIGINAL_STDOUT_CALLBACK", "PROJECT_UPDATE_ID"}
# Ansible runs in a folder of its own, where a relative path would mean something else.
_FILES = {"ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_BECOME_PASSWORD_FILE"}


def is_setting(name: str) -> bool:
    """Whether a variable is one that Ansible or ansible-runner reads as a setting of theirs."""
    return name.startswith(_SETTINGS) or name in _MORE_SETTINGS


def left_out(caller: Mapping[str, str]) -> list[str]:
    """The names of the caller's settings that do not count in a run."""
    return sorted(name for name in caller if is_setting(name) and name not in PASSED)


def run_environment(caller: Mapping[str, str], assets: Path) -> dict[str, str]:
    """The whole environment of a run: what the caller has besides settings of Ansible, PASSED, and our own."""
    kept = {name: value for name, value in caller.items() if not is_setting(name) or name in PASSED}
    files = {name: str(Path(kept[name]).expanduser().absolute()) for name in _FILES & kept.keys()}
    return {
        **kept,
        **files,
        # Ansible works with UTF-8 only, and with no locale that this machine has not (ssh brings a person's own along).
        # Messages of programs on this machine are in English then, as the diagnosis reads them.
        "LC_ALL": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{caller.get('PATH', os.defpath)}",
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
        "ANSIBLE_NOCOLOR": "True",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        # Above it ansible-runner empties a result, and with it what changed: a thousand nodes are 0.7 MB.
        "MAX_EVENT_RES": "100000000",
    }
