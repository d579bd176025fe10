"""The installed wheel makes the same cluster as the checkout does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster.labs import STATE_HOME, Lab, Said
from tests.packaging.wheel import Installed, install_wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in a fresh environment outside the checkout."""
    return install_wheel(tmp_path_factory.mktemp("wheel"))


def _provision(installed: Installed, lab: Lab, folder: Path, *words: str) -> Said:
    """`provision WORDS` of the wheel, from a folder that has nothing to do with the checkout."""
    environment = {
        "PATH": f"{os.defpath}:/usr/sbin:/sbin",
        "HOME": str(installed.home),
        "XDG_STATE_HOME": str(STATE_HOME),
        "COLUMNS": "200",
        "LC_ALL": "C.UTF-8",
    }
    command = [str(installed.program("provision")), words[0], f"--plan={lab.plan}", *words[1:]]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def test_the_wheel_goes_on_where_the_checkout_stopped(installed: Installed, cluster: Lab, tmp_path: Path) -> None:
    """Nothing to change: its roles and templates write what those of the checkout wrote."""
    said = _provision(installed, cluster, tmp_path, "slurm", f"--nodes={','.join(cluster.compute)}", "--json")
    assert (said.code, said.json["changed"]) == (0, 0), said.text
    assert list(tmp_path.iterdir()) == [], "a run leaves files in the working directory"


def test_the_wheel_makes_a_virgin_blade_a_member(
    installed: Installed, cluster: Lab, virgin: str, tmp_path: Path
) -> None:
    other = cluster.compute[0]
    said = _provision(installed, cluster, tmp_path, "slurm", f"--nodes={other},{virgin}", "--json")
    assert said.code == 0, said.text
    assert said.json["blades"][virgin]["status"] == "changed"

    verified = _provision(installed, cluster, tmp_path, "verify", f"--nodes={other},{virgin}")
    assert verified.code == 0, verified.text
    assert "one job across both nodes" in verified.text
    # the verifying job can be still completing for a moment
    assert (cluster.state(virgin, "idle"), cluster.state(other, "idle")) == ("idle", "idle")
    names = sorted([other.lower(), virgin.lower()])
    ran = cluster.ask(f"srun --nodes=2 --ntasks=2 --nodelist={','.join(names)} hostname | sort").split()
    assert ran == names

    again = cluster.slurm([other, virgin])
    assert (again.code, again.json["changed"]) == (0, 0), again.text
