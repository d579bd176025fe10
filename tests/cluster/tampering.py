"""Tamper cases of the nodes of a lab, derived from what their roles keep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from provisioner.inventory import inventory, static_form
from provisioner.paths import assets
from provisioner.plan.load import load_plan
from provisioner.run.environment import run_environment
from provisioner.state.tampering import Case
from tests.cluster.labs import Lab

VERSION = {"bookworm": "12", "trixie": "13"}
HERE = Path(__file__).parent / "derived"


def cases_of(lab: Lab, blade: str) -> list[Case]:
    """Every case of every role of a blade of the lab."""
    plan = load_plan(lab.plan)
    with tempfile.TemporaryDirectory() as folder:
        hosts = Path(folder) / "hosts.json"
        hosts.write_text(json.dumps(static_form(inventory(plan))))
        environment = {
            **run_environment(os.environ, assets()),
            "ANSIBLE_FILTER_PLUGINS": f"{assets()}/playbooks/filter_plugins:{HERE}/filter_plugins",
            "ANSIBLE_LIBRARY": str(assets() / "playbooks" / "library"),
            "ANSIBLE_LOCAL_TEMP": f"{folder}/tmp",
        }
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(hosts), "--limit", blade.lower()]
        extra = json.dumps({"cases_folder": folder, "cases_release": VERSION[lab.release]})
        done = subprocess.run(
            [*command, "--extra-vars", extra, str(HERE / "cases.yml")],
            capture_output=True, text=True, env=environment, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return [Case(**found) for found in json.loads((Path(folder) / f"{blade.lower()}.json").read_text())]
