"""The folder of the campaigns of this machine: what a killed one left in it is given back before the next begins."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from playbooks.module_utils.blade_disks.tree import unescape
from tests.campaign.cluster import NAME
from tests.campaign.full_disk import make_room
from tests.cluster.labs import STATE_HOME

# Beside that of another checkout, whose lab has another name too.
FOLDER = STATE_HOME / "campaign" / NAME


def clear(folder: Path) -> None:
    """Unmounts what is mounted below a folder, detaches the loop devices of its files, removes it."""
    for row in reversed(Path("/proc/mounts").read_text().splitlines()):
        point = unescape(row.split()[1])
        if point.startswith(f"{folder}/"):
            subprocess.run(["umount", point], check=True)
    listed = subprocess.run(["losetup", "--list", "--json"], capture_output=True, text=True, check=True).stdout
    for loop in json.loads(listed)["loopdevices"] if listed else []:
        if str(loop["back-file"]).startswith(f"{folder}/"):
            subprocess.run(["losetup", "--detach", loop["name"]], check=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def campaign_folder() -> Iterator[Path]:
    """An empty folder, gone afterwards.

    Raises:
        SystemExit: another campaign is at work in it.
    """
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(FOLDER.with_suffix(".lock"), timeout=0):
            make_room(STATE_HOME / "provision" / NAME)
            clear(FOLDER)
            FOLDER.mkdir()
            try:
                yield FOLDER
            finally:
                clear(FOLDER)
    except Timeout:
        raise SystemExit(f"another campaign uses {FOLDER}") from None
