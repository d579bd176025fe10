"""Runs Slurm's and munge's commands, each with a limit of its own."""

from __future__ import annotations

import os
import pwd
import subprocess

# What a command that is not root's is given of the environment: the caller's may hold anything.
_PLAIN = ("PATH", "LANG", "SLURM_CONF")


def run(*command, extra=None, text=None, limit=20, account=None):
    """Exit code, output and errors of a command; 124 when it took too long, with what it had said until then.

    Args:
        extra: more variables of its environment.
        text: its input.
        limit: seconds.
        account: name of the account that runs it, with that account's own group only; by default the caller.
    """
    environment, user = {**os.environ, "LC_ALL": "C"}, None
    if account is not None:
        try:
            user = pwd.getpwnam(account)
        except KeyError:
            return 127, "", f"there is no account {account}"
        environment = plain_environment(account)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment | (extra or {}),
            input=text,
            timeout=limit,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=user and [],
            cwd=user and "/",
        )
    except subprocess.TimeoutExpired as late:
        said = (late.stderr or b"").decode(errors="replace").strip()
        words = f"{command[0]} did not end within {limit:g} s"
        return 124, (late.stdout or b"").decode(errors="replace"), f"{said}\n{words}" if said else words
    except OSError as error:
        return 127, "", f"{command[0]}: {error.strerror}"
    return done.returncode, done.stdout, done.stderr


def plain_environment(account):
    """The environment of a command that is not root's."""
    kept = {key: value for key, value in os.environ.items() if key in _PLAIN}
    return {**kept, "LC_ALL": "C", "HOME": "/", "USER": account}
