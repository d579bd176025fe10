"""A blade whose kernel tells of other hardware: files over those of its own, which are back afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from tests.cluster.labs import Lab

_PLACE = "/run/kernel-files"
_WRITABLE = ("/sys/class/", "/sys/devices/system/edac/", "/dev/")
# Nobody can make a folder in these, so each is shown from elsewhere, with all that it has.
_OPEN = f"""
mkdir -p {_PLACE}/class {_PLACE}/system
# Links alone: who reads a file there may make a device.
cd /sys/class
find . -mindepth 1 -maxdepth 2 -type l -exec cp --no-dereference --parents --target-directory={_PLACE}/class {{}} +
rm -rf {_PLACE}/class/dmi; mkdir -p {_PLACE}/class/dmi/id
for each in /sys/devices/system/*; do
  own="{_PLACE}/system/${{each##*/}}"
  if [ -d "$each" ]; then mkdir "$own"; mount --bind "$each" "$own"; fi
done
mkdir -p {_PLACE}/system/edac
mount --rbind {_PLACE}/system /sys/devices/system
mount -t tmpfs tmpfs /sys/devices/system/edac
mount --bind {_PLACE}/class /sys/class
"""
_CLOSE = f"""
[ -d {_PLACE} ] || exit 0
if [ -f /dev/kmsg ]; then rm /dev/kmsg; fi
ours='^({_PLACE}|/sys/class$|/sys/devices/system|/proc/cpuinfo$)'
mounted() {{ awk -v ours="$ours" '$5 ~ ours {{print $5}}' /proc/self/mountinfo; }}
while [ -n "$(mounted)" ]; do umount --lazy "$(mounted | tail -n 1)" || exit 1; done
rm -rf {_PLACE}
"""


def kernel_says(lab: Lab, blade: str, files: Mapping[str, str]) -> None:
    """Gives files of the kernel other texts, by path, until `kernel_says_the_truth`.

    In _WRITABLE they may be new ones; elsewhere a file is mounted over the kernel's own.
    """
    lab.inside(blade, f"[ -d {_PLACE} ] || {{ set -e; {_OPEN} }}")
    for path, text in files.items():
        written = f"mkdir -p {path.rpartition('/')[0]}; cat > {path}"
        mounted = f"file=$(mktemp -p {_PLACE}); cat > $file; chmod 444 $file; mount --bind $file {path}"
        _write(lab, blade, f"set -e; {written if path.startswith(_WRITABLE) else mounted}", text)


def kernel_says_the_truth(lab: Lab, blade: str) -> None:
    """Takes all of that away."""
    lab.inside(blade, _CLOSE)


def _write(lab: Lab, blade: str, script: str, text: str) -> None:
    container = lab.container(blade)
    done = subprocess.run(
        ["podman", "exec", "-i", container, "sh", "-c", script], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
