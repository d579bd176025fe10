"""The variables that a site may set: the public options of the roles, as their argument specs declare them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from provisioner.plan.syntax import LOADER

Option = Mapping[str, Any]
"""One option of an argument spec: `type`, `elements`, `choices`, `options`, `required`, ..."""

KNOBS: dict[str, Option] = {
    "provision_deep_mpi": {"type": "bool", "description": "Whether `provision verify --deep` tries MPI as well."},
    "provision_deep_patience": {
        "type": "int",
        "description": "Seconds that a job of `provision verify --deep` waits for a node at most.",
    },
    "provision_deep_user": {"type": "str", "description": "The account that `provision verify --deep` works as."},
    "provision_lock_silence": {"type": "int", "description": "Seconds until another run may have the lock."},
    "provision_look_patience": {
        "type": "int",
        "description": "Seconds for one answer of a blade to a question, until it is given up as hung.",
    },
    "provision_trial_patience": {
        "type": "int",
        "description": "Seconds until a node takes back what could lock everybody out and is not confirmed.",
    },
}
"""What the playbooks read besides, such as knobs of the run."""

CONNECTION = (
    "ansible_async_dir", "ansible_become", "ansible_become_exe", "ansible_become_flags",
    "ansible_become_method", "ansible_become_pass", "ansible_become_password", "ansible_become_user",
    "ansible_common_remote_group", "ansible_connection", "ansible_control_path", "ansible_control_path_dir",
    "ansible_host", "ansible_host_key_checking", "ansible_module_compression", "ansible_no_target_syslog",
    "ansible_password", "ansible_pipelining", "ansible_port", "ansible_private_key", "ansible_private_key_file",
    "ansible_private_key_passphrase", "ansible_python_interpreter", "ansible_remote_tmp",
    "ansible_scp_executable", "ansible_scp_extra_args", "ansible_sftp_batch_mode", "ansible_sftp_executable",
    "ansible_sftp_extra_args", "ansible_shell_allow_world_readable_temp", "ansible_shell_executable",
    "ansible_shell_type", "ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_executable",
    "ansible_ssh_extra_args", "ansible_ssh_host", "ansible_ssh_host_key_checking", "ansible_ssh_pass",
    "ansible_ssh_password", "ansible_ssh_password_mechanism", "ansible_ssh_pipelining",
    "ansible_ssh_pkcs11_provider", "ansible_ssh_port", "ansible_ssh_private_key",
    "ansible_ssh_private_key_file", "ansible_ssh_private_key_passphrase", "ansible_ssh_retries",
    "ansible_ssh_timeout", "ansible_ssh_transfer_method", "ansible_ssh_use_tty", "ansible_ssh_user",
    "ansible_ssh_verbosity", "ansible_sshpass_prompt", "ansible_su_exe", "ansible_su_flags", "ansible_su_pass",
    "ansible_su_prompt_l10n", "ansible_su_user", "ansible_sudo_chdir", "ansible_sudo_exe", "ansible_sudo_flags",
    "ansible_sudo_pass", "ansible_sudo_user", "ansible_system_tmpdirs", "ansible_timeout", "ansible_user",
)  # fmt: skip
"""Names that Ansible itself reads, for what a person may have meant; others of its names are taken too."""

INTERNAL = "state"
"""The role whose options are the project's own business."""


@cache
def known_options(roles: Path) -> dict[str, Option]:
    """Each variable that some role takes from a site, and what its spec says of it.

    Args:
        roles: the folder of the roles.
    """
    found: dict[str, Option] = dict(KNOBS)
    for path in sorted(roles.glob("*/meta/argument_specs.yml")):
        if path.parents[1].name == INTERNAL:
            continue
        for entry in yaml.load(path.read_text(), Loader=LOADER)["argument_specs"].values():
            found |= entry.get("options") or {}
    return found


def prefixes(known: Mapping[str, Option]) -> set[str]:
    """What names of the roles' variables begin with, such as `slurmctld_`; a site's own have other beginnings."""
    return {f"{name.partition('_')[0]}_" for name in known}
