"""Tamper cases of the nodes of a lab, derived from what their roles keep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from provisioner.run.environment import run_environment
from provisioner.state.tampering import Case
from tests.cluster.labs import Lab

VERSION = {"bookworm": "12", "trixie": "13"}
ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "derived"


def cases_of(lab: Lab, blade: str, project: Path = ROOT) -> list[Case]:
    """Every case of every role of a blade of the lab, as the project in this folder has them."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **run_environment(os.environ, project),
            "PYTHONPATH": str(project),
            "ANSIBLE_FILTER_PLUGINS": f"{project}/playbooks/filter_plugins:{HERE}/filter_plugins",
            "ANSIBLE_LOCAL_TEMP": f"{folder}/tmp",
        }
        hosts = Path(folder) / "hosts"
        hosts.write_text(f'#!/bin/sh\nexec {sys.executable} -m provisioner inventory --plan={lab.plan} "$@"\n')
        hosts.chmod(0o755)
        extra = {
            "cases_folder": folder,
            "cases_release": VERSION[lab.release],
            "cases_states": f"{project}/playbooks/tasks/states.yml",
        }
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "--inventory", str(hosts)]
        options = ["--limit", blade.lower(), "--extra-vars", json.dumps(extra)]
        done = subprocess.run(
            [*command, *options, str(HERE / "cases.yml")],
            capture_output=True, text=True, cwd=project, env=environment, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return [Case(**found) for found in json.loads((Path(folder) / f"{blade.lower()}.json").read_text())]
