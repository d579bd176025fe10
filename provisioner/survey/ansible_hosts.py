"""The machines of an Ansible inventory, as `ansible-inventory` itself reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioner.console_text import one_line
from provisioner.errors import UsageError
from provisioner.survey.targets import Target, parse_scan

_SECONDS = 60
_STEP = "see it with `ansible-inventory -i {file} --list`, or name the machines with --scan"


def read_inventory(file: Path, environment: Mapping[str, str]) -> list[Target]:
    """The hosts of an inventory with the address, account, port and key that Ansible would use.

    Args:
        environment: that of a run, so that no plugin of the caller is loaded.

    Raises:
        UsageError: it cannot be read, or has no host that can be used.
    """
    step = _STEP.format(file=file)
    if not file.exists():
        raise UsageError(f"there is no inventory {file}", "name one with -i FILE")
    # ansible-inventory stands beside this Python, and in an environment that nobody activated not in PATH.
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(file.absolute()), "--list"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
            env={**environment, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True"}, timeout=_SECONDS,
            # An ansible.cfg of the folder that a person happens to be in may read other forms of inventory only.
            cwd="/",
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UsageError(f"ansible-inventory took more than {_SECONDS} s to read {file}", step) from None
    if done.returncode != 0:
        words = next((line for line in done.stderr.splitlines() if "ERROR" in line), done.stderr)
        raise UsageError(f"Ansible cannot read {file}: {one_line(words, 300)}", step)
    try:
        hosts = json.loads(done.stdout)["_meta"]["hostvars"]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"ansible-inventory did not say which hosts {file} has", step) from None
    return inventory_targets(hosts, step)


def inventory_targets(hosts: Mapping[str, Mapping[str, Any]], step: str = "") -> list[Target]:
    """The targets of `--list`'s variables of hosts; hosts that Ansible reaches without ssh are none.

    Raises:
        UsageError: there is none, or the variables of one are no address, account or port.
    """
    found = []
    for name, variables in hosts.items():
        if variables.get("ansible_connection", "ssh") not in ("ssh", "smart", "paramiko"):
            continue
        host = str(variables.get("ansible_host", name))
        user, port = variables.get("ansible_user"), variables.get("ansible_port")
        word = f"{user}@" if user else ""
        word += f"[{host}]" if ":" in host else host
        word += f":{port}" if port else ""
        try:
            (target,) = parse_scan(word)
        except (UsageError, ValueError) as error:
            why = error.message.removeprefix("--scan: ") if isinstance(error, UsageError) else f"{word} is a set"
            raise UsageError(f"host {one_line(name, 60)} of the inventory: {one_line(why, 200)}", step) from None
        key = variables.get("ansible_ssh_private_key_file")
        called = parse_scan(name)[0].name if _is_name(name) else target.name
        found.append(Target(target.host, called, target.user, target.port, str(key) if key else None))
    if not found:
        raise UsageError("the inventory has no host that Ansible reaches over ssh", step)
    return found


def _is_name(word: str) -> bool:
    try:
        return len(parse_scan(word)) == 1
    except UsageError:
        return False
