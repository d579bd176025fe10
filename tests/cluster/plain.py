"""Runs with plain Ansible: the plan is the inventory, and nothing of ours is around the playbook."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.background import Background, processes, running
from tests.cluster.labs import Lab

ROOT = Path(__file__).parents[2]


@contextmanager
def plain(
    cluster: Lab, *words: str, playbook: str = "slurm.yml", blades: Sequence[str] | None = None
) -> Iterator[Background]:
    """`ansible-playbook` over blades; by default over the controller and the first compute blade."""
    inventory = cluster.folder / "site" / "plan.yml"
    inventory.parent.mkdir(exist_ok=True)
    inventory.write_text(f'#!/bin/sh\nexec {sys.executable} -m provisioner inventory --plan {cluster.plan} "$@"\n')
    inventory.chmod(0o755)
    chosen = [cluster.controller, cluster.compute[0]] if blades is None else blades
    ansible = Path(sys.executable).with_name("ansible-playbook")
    limit = f"--limit={','.join(name.lower() for name in chosen)}"
    command = [str(ansible), "-i", str(inventory), str(ROOT / "playbooks" / playbook), limit, *words]
    with running(cluster, command, ANSIBLE_CONFIG=str(ROOT / "ansible.cfg")) as run:
        try:
            yield run
        finally:
            signal_connections(str(run.temporary), signal.SIGKILL)


def signal_connections(sockets: str, number: signal.Signals) -> int:
    """Signals the ssh connections of a plain run, which outlive it; how many there were."""
    found = [each.pid for each in processes() if f"{sockets}/" in each.line and "[mux]" in each.line]
    for pid in found:
        os.kill(pid, number)
    return len(found)
