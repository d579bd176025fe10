"""What roles keep on the blades of a plan, as Ansible itself renders it; no host is talked to.

The states are data, but some of their values are templates over the variables of a blade.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provisioner.names import host_name
from provisioner.run.environment import run_environment

ROOT = Path(__file__).parents[1]
PLAYBOOK = Path(__file__).with_suffix(".yml")


def rendered(
    plan_file: Path, blades: Sequence[str], asked: str, project: Path = ROOT, filters: Sequence[Path] = ()
) -> dict[str, Any]:
    """Blade -> what an expression such as `state_wanted | state_packages('12')` gives there.

    Args:
        plan_file: the plan of the blades.
        blades: members of the cluster.
        asked: a Jinja expression; `state_wanted` has the states of the blade's roles.
        project: the folder of the project whose roles and filters are taken.
        filters: folders of more filter plugins.

    Raises:
        RuntimeError: Ansible could not render it.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hosts = folder / "hosts"
        hosts.write_text(
            f'#!/bin/sh\nexec {sys.executable} -m provisioner inventory --plan={plan_file.resolve()} "$@"\n'
        )
        hosts.chmod(0o700)
        environment = {
            **run_environment(os.environ, project),
            "PYTHONPATH": str(project),
            "ANSIBLE_FILTER_PLUGINS": os.pathsep.join(map(str, [project / "playbooks" / "filter_plugins", *filters])),
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        }
        extra = {
            "states_asked": f"{{{{ {asked} }}}}",
            "states_file": str(folder / "answer.json"),
            "states_tasks": str(project / "playbooks" / "tasks" / "states.yml"),
        }
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            f"--inventory={hosts}", f"--limit={','.join(map(host_name, blades))}",
            f"--extra-vars={json.dumps(extra)}", str(PLAYBOOK),
        ]  # fmt: skip
        # Python takes the package from where it starts.
        done = subprocess.run(command, capture_output=True, text=True, cwd=project, env=environment, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the states are not to be rendered: {done.stdout}{done.stderr}")
        found = json.loads((folder / "answer.json").read_text())
        return {blade: found[host_name(blade)] for blade in blades}
