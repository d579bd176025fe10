"""Writes docs/check.md anew: what `--check` says of a damaged cluster, and the run after it, on both releases.

    python docs/check.py

brings up the lab of the demo (`provision lab up --nodes BLD-006,BLD-008,BLD-011`) once for each release.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "check.md"
RELEASES = {"bookworm": "Debian 12, Slurm 22.05", "trixie": "Debian 13, Slurm 24.11"}
NODES = "BLD-008,BLD-011"
DAMAGE = {
    "BLD-006": ["systemctl stop slurmctld", "echo MessageTimeout=11 >> /etc/slurm/slurm.conf"],
    "BLD-008": [
        "systemctl stop slurmd",
        "systemctl disable --quiet munge",
        "hostname other",
        "echo 10.9.9.9 bld-006 >> /etc/hosts",
    ],
    "BLD-011": [
        "echo of another cluster > /etc/munge/munge.key",
        "chmod 0755 /etc/default/slurmd",
        "DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0 purge chrony 2>/dev/null",
    ],
}
INTRODUCTION = """\
# What `--check` says, and the run after it

`provision slurm --check` touches nothing and prints what a run would change, a line for each thing; the run prints the
same lines. `tests/cluster/test_tampered.py` compares the two for everything that a role keeps. Here is one cluster of
the lab that was damaged by hand. `python docs/check.py` does it again and writes this page.
"""


def printed(command: str, environment: Mapping[str, str]) -> str:
    """What a command prints, which has to work."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"{command}: exit code {done.returncode}: {done.stdout}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def transcript(release: str, state: str) -> list[str]:
    """Commands and what they print, on a lab of this release that is removed again."""
    environment = {
        **os.environ,
        "PROVISION_PLAN": str(ROOT / "inventories" / "asgard" / "plan.yml"),
        "XDG_STATE_HOME": state,
        "COLUMNS": "110",
    }
    harms = [
        f"provision lab ssh {blade} -- \"sudo sh -c '{line}'\"" for blade, lines in DAMAGE.items() for line in lines
    ]
    runs = [f"provision slurm --nodes {NODES}{more}" for more in (" --check", "", "")]
    try:
        printed(f"provision lab up --os={release} --nodes=BLD-006,{NODES}", environment)
        printed(f"provision slurm --nodes {NODES}", environment)
        return [f"$ {command}\n{printed(command, environment)}".rstrip() for command in (*harms, *runs)]
    finally:
        printed("provision lab down", environment)


def main() -> None:
    """Writes the page."""
    parts = [INTRODUCTION]
    for release, name in RELEASES.items():
        with tempfile.TemporaryDirectory() as state:
            said = "\n".join(transcript(release, state))
        parts.append(f"## {name}\n\n```text\n{said}\n```\n")
    PAGE.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
