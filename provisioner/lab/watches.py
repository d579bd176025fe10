"""Whether the kernel has inotify instances left for more blades: without them systemd boots only half."""

from __future__ import annotations

import os
from pathlib import Path

from provisioner.console_text import counted
from provisioner.errors import UsageError

# What root holds on an idle blade, 5 to 6 on Debian 12 and 13; all blades count together with root's own programs,
# other users such as the bus have a limit of their own.
PER_BLADE = 6
LIMIT = "proc/sys/fs/inotify/max_user_instances"


def require_watches(blades: int, root: Path = Path("/")) -> None:
    """Stops before blades are started that could not boot; `root` is there for tests.

    Raises:
        UsageError: root's inotify instances do not suffice for so many more blades.
    """
    allowed = int((root / LIMIT).read_text())
    needed = used(root) + blades * PER_BLADE
    if blades and needed > allowed:
        raise UsageError(
            f"{counted(blades, 'more blade')} need about {needed} inotify instances, and the kernel allows {allowed}",
            f"run: sysctl -w fs.inotify.max_user_instances={needed * 2} (or take another lab down)",
        )


def used(root: Path = Path("/")) -> int:
    """The inotify instances that processes of this user hold; a lab's user is root."""
    found = 0
    for process in (root / "proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == os.getuid():
                found += sum(str(file.readlink()) == "anon_inode:inotify" for file in (process / "fd").iterdir())
        except OSError:
            continue  # it has ended meanwhile
    return found
