"""Whether ssh can use the private key that the plan names; it says so itself only when a blade is asked for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from provisioner.errors import UsageError

_OPENED_BY_ALL = 0o077
_SECONDS = 10


def key_file(named: str) -> Path:
    """The file that `ssh: {key: ...}` of a plan means.

    Raises:
        UsageError: it begins with `~name`, and this machine has no such account.
    """
    try:
        return Path(named).expanduser()
    except RuntimeError:
        account = named.split("/")[0].removeprefix("~")
        raise UsageError(
            f"the SSH key {named} of the plan is in the home of {account}, and this machine has no such account",
            "correct `key:` under `ssh:` in the plan",
        ) from None


def refuse_unusable(key: Path) -> None:
    """Stops before any blade is asked when ssh would leave the key out in silence.

    Raises:
        UsageError: the key is not there, is no key, is open to others, or has a passphrase that no agent knows.
    """
    if not key.exists():
        raise _refused(key, "is not there", "make one with `ssh-keygen -t ed25519`, or correct `key:` in the plan")
    if key.is_dir():
        raise _refused(key, "is a directory", "name the private key in it as `key:` in the plan")
    if not os.access(key, os.R_OK):
        raise _refused(key, "may not be read by this account", "run as its owner, or name another key")
    if key.stat().st_uid == os.getuid() and key.stat().st_mode & _OPENED_BY_ALL:
        raise _refused(key, "may be read by others, so ssh refuses it", f"chmod 600 {key}")
    # ssh-keygen asks for no passphrase when one is given, here an empty one.
    command = ["ssh-keygen", "-y", "-P", "", "-f", str(key)]
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_SECONDS, check=False
    )
    if done.returncode == 0:
        return
    if "passphrase" not in done.stderr:
        raise _refused(key, "is no private key", "name the private one as `key:` in the plan, without .pub")
    if not _agent_has(key):
        raise _refused(key, "is locked by a passphrase", f"eval $(ssh-agent) && ssh-add {key}")


def _agent_has(key: Path) -> bool:
    """Whether the agent of this session holds the key whose public half stands beside it."""
    public = key.with_name(f"{key.name}.pub")
    if "SSH_AUTH_SOCK" not in os.environ:
        return False
    done = subprocess.run(["ssh-add", "-L"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    held = {" ".join(line.split()[:2]) for line in done.stdout.splitlines()}
    # Without the public half nobody can tell which one it is: an agent with any key is believed.
    return bool(held) if not public.is_file() else " ".join(public.read_text().split()[:2]) in held


def _refused(key: Path, what: str, step: str) -> UsageError:
    return UsageError(f"the SSH key {key} of the plan {what}", step)
