"""`srun --pty bash` as a person has it: on a pseudo-terminal, typed into and read from."""

from __future__ import annotations

import fcntl
import os
import pty
import pwd
import select
import struct
import subprocess
import termios
import time

from ansible.module_utils.deep_jobs import Busy, Failed, Stopped
from ansible.module_utils.slurm_commands import plain_environment
from ansible.module_utils.slurm_jobs import works_as

# Rows and columns that no terminal has by default.
_SIZE = (31, 97)
# Typed in; what bash makes of it is not what it echoes.
_TYPED = "test -t 0 && echo provision-$((6 * 7))-$(stty size | tr ' ' x); exit 7\n"
_SEEN = f"provision-42-{_SIZE[0]}x{_SIZE[1]}"
_MOST = 65536


def terminal(asker):
    """An interactive shell on a node, its size and its exit code."""
    command = ["srun", *asker.options(), "--ntasks=1", "--mem=64M", "--mpi=none", "--pty", "bash", "--norc"]
    works_as(asker.account)
    code, said = _talk(command, asker)
    if "queued and waiting" in said and "has been allocated" not in said:
        raise Busy
    if _SEEN not in said:
        how = "did not answer" if code is None else f"ended with {code}"
        raise Failed(f"bash on {asker.node} is no terminal of {_SIZE[0]} lines: srun {how}", said)
    if code != 7:
        raise Failed(f"`exit 7` in that shell became {'no end' if code is None else code}", said)
    return f"a shell on {asker.node} with its size and its exit code"


def _talk(command, asker):
    """Exit code (None for none in time) and everything that was said."""
    account = pwd.getpwnam(asker.account)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *_SIZE, 0, 0))
    try:
        process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs,
            env={**plain_environment(account.pw_name), "TERM": "dumb"}, user=account.pw_uid, group=account.pw_gid,
            extra_groups=[], cwd="/", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        os.close(ours)
        raise Failed(f"srun cannot be run: {error.strerror}") from error
    finally:
        os.close(theirs)
    try:
        os.write(ours, _TYPED.encode())
        said = _heard(ours, process, asker)
        try:
            return process.wait(timeout=5), said
        except subprocess.TimeoutExpired:
            return None, said
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


def _heard(ours, process, asker):
    """What comes until nobody has the terminal any more, or the time is over."""
    said, end = b"", time.monotonic() + asker.patience
    while time.monotonic() < end and len(said) < _MOST:
        if asker.is_over():
            raise Stopped
        if not select.select([ours], [], [], 0.3)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    return said.decode(errors="replace").replace("\r\n", "\n")
