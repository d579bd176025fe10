"""Where the blade is looked at: device nodes, /sys, /proc, and programs that are run."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Output:
    """What a program said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Machine:
    """The folders of one machine. Tests give folders of their own."""

    dev: Path = Path("/dev")
    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    fstab: Path = Path("/etc/fstab")
    journal: Path = Path("/var/lib/provision/scratch/journal.json")

    def run(self, command: Sequence[str]) -> Output:
        """Run a program without a shell, in English, with no input; a missing one has code 127."""
        env = {**os.environ, "LC_ALL": "C", "PATH": PATH}
        try:
            done = subprocess.run(
                list(command), capture_output=True, text=True, stdin=subprocess.DEVNULL, env=env,
                errors="replace", check=False,
            )  # fmt: skip
        except FileNotFoundError:
            return Output(127, "", f"{command[0]}: command not found")
        return Output(done.returncode, done.stdout, done.stderr)


def device_number(path: str | Path) -> str | None:
    """Major and minor number of a block device node, such as `8:16`; None if it is none."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    if not stat.S_ISBLK(status.st_mode):
        return None
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


def read_text(path: Path) -> str:
    """A small text file of the kernel, stripped; '' if it is not there."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
