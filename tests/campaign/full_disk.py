"""Folders without room: what stands in them stays, nothing more fits, and later they have room again.

A small filesystem in memory lies over the folder meanwhile. A folder that has to stay as it is, with images of disks
or sockets of daemons, is none to choose, or is left `apart`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.campaign.cluster import Cluster

# Where the controller keeps what is its own, and a node what a verb brings; jobs have sockets in /var/lib of a node.
OF_CONTROLLER = ("/etc/munge", "/etc/slurm", "/var/lib")
OF_NODE = ("/etc/munge", "/etc/slurm", "/var/lib/provision")
_UNDER = "/run/campaign-full"
_LARGE = "2g"
_LAB = "lab"
# What is below stays in sight at another place, where no later mount reaches it. A run of before may have left it full.
_FILL = """
fill() {
  test -d "$1" || return 0
  under="%(under)s$1"
  ! mountpoint --quiet "$under" || return 0
  mkdir -p "$under"
  mount --bind "$1" "$under"
  mount --make-private "$under"
  mount -t tmpfs -o "size=%(large)s,mode=$(stat -c %%a "$1"),uid=$(stat -c %%u "$1"),gid=$(stat -c %%g "$1")" none "$1"
  tar -C "$under" ${2:+--exclude="./$2"} --acls --xattrs -c . | tar -C "$1" --acls --xattrs -x
  test -z "$2" || { mkdir "$1/$2"; mount --bind "$under/$2" "$1/$2"; }
  mount -o "remount,size=$(df --output=used -k "$1" | tail -n 1 | tr -d ' ')k" "$1"
}
"""
_EMPTY = """
empty() {
  under="%(under)s$1"
  mountpoint --quiet "$under" || return 0
  mount -o "remount,size=%(large)s" "$1"
  test -z "$2" || umount --lazy "$1/$2"
  find "$under" -mindepth 1 -maxdepth 1 ${2:+! -name "$2"} -exec rm -rf {} +
  tar -C "$1" ${2:+--exclude="./$2"} --acls --xattrs -c . | tar -C "$under" --acls --xattrs -x
  umount --lazy "$1"
  umount "$under"
  rmdir --parents --ignore-fail-on-non-empty "$under" 2> /dev/null || true
}
"""
_WORDS = {"under": _UNDER, "large": _LARGE}


def filling(folders: Sequence[str], apart: str = "") -> str:
    """A script that leaves no room in these folders; whichever is not there stays so."""
    return "\n".join(["set -e", _FILL % _WORDS, *(f"fill '{folder}' '{apart}'" for folder in folders)])


def emptying(folders: Sequence[str], apart: str = "") -> str:
    """A script that makes room in them again; what was written there meanwhile stays."""
    return "\n".join(["set -e", _EMPTY % _WORDS, *(f"empty '{folder}' '{apart}'" for folder in folders)])


def fill_blade(cluster: Cluster, blade: str) -> None:
    """No room on a blade."""
    cluster.lab.inside(blade, filling(_of(cluster, blade)))


def empty_blade(cluster: Cluster, blade: str) -> None:
    """Room again on a blade."""
    cluster.lab.inside(blade, emptying(_of(cluster, blade)))


def fill_state(cluster: Cluster, blade: str) -> None:
    """No room in the state folder of this machine; the disks and keys of the lab stay as they are."""
    _here(filling([str(cluster.lab.state_folder)], _LAB))


def empty_state(cluster: Cluster, blade: str) -> None:
    """Room again in the state folder."""
    make_room(cluster.lab.state_folder)


def fill_folder(folder: Path) -> None:
    """No room in a folder of this machine."""
    _here(filling([str(folder)]))


def empty_folder(folder: Path) -> None:
    """Room in it again."""
    _here(emptying([str(folder)]))


def make_room(state_folder: Path) -> None:
    """Room again in a state folder, which a campaign that was killed may have left full."""
    _here(emptying([str(state_folder)], _LAB))


def _of(cluster: Cluster, blade: str) -> tuple[str, ...]:
    return OF_CONTROLLER if blade == cluster.lab.controller else OF_NODE


def _here(script: str) -> None:
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, cwd=Path("/"))
    assert done.returncode == 0, done.stderr
