"""Whatever is changed behind our back is found by the next run and mended, and `--full` then finds nothing more.

The comparison of a usual run goes by what one look at the blade showed; `--full` runs every task of every role. So
wherever the look was blinder than the roles, `--full` has something left to change.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.labs import Lab, Said

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Tampering:
    """What is done to a blade as root, what is true there once it is mended, and whether it is the controller."""

    script: str
    mended: str
    controller: bool = False


# Debian 13 knows the library by another name and lists both.
PMIX = "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' 'libpmix2*' | awk '$2 == \"installed\" { print $1 }'"

# An upgrade of these packages gives folders back to slurm.
POSTINST = "/var/lib/dpkg/info/{0}.postinst configure $(dpkg-query -W -f '${{Version}}' {0})"

TAMPERINGS = {
    "edited file": Tampering(
        "sed -i s/6817/6899/ /etc/default/slurmd",
        "grep -q 6817 /etc/default/slurmd && systemctl is-active slurmd",
    ),
    "edited hosts": Tampering("sed -i /bld-001/d /etc/hosts", "grep -q bld-001 /etc/hosts"),
    "removed file": Tampering("rm /etc/logrotate.d/slurmd", "test -s /etc/logrotate.d/slurmd"),
    "changed mode": Tampering("chmod 666 /etc/hosts", "test $(stat -c %a /etc/hosts) = 644"),
    "changed owner": Tampering("chown nobody /var/log/slurm", "test $(stat -c %U /var/log/slurm) = root"),
    "readable key": Tampering("chmod 444 /etc/munge/munge.key", "test $(stat -c %a /etc/munge/munge.key) = 400"),
    "other key": Tampering(
        "dd if=/dev/urandom of=/etc/munge/munge.key bs=128 count=1 2>/dev/null && systemctl restart munge",
        "munge -n | unmunge > /dev/null",
    ),
    "stopped munge": Tampering("systemctl stop munge", "systemctl is-active munge"),
    "disabled munge": Tampering("systemctl disable munge", "systemctl is-enabled munge"),
    "stopped slurmd": Tampering("systemctl stop slurmd", "systemctl is-active slurmd"),
    "disabled slurmd": Tampering("systemctl disable slurmd", "systemctl is-enabled slurmd"),
    "masked slurmd": Tampering(
        "systemctl stop slurmd && ln -sf /dev/null /etc/systemd/system/slurmd.service && systemctl daemon-reload",
        "systemctl is-active slurmd && systemctl is-enabled slurmd",
    ),
    "removed package": Tampering("apt-get -qq remove slurmd > /dev/null", "systemctl is-active slurmd"),
    "removed library": Tampering(f"dpkg --remove --force-depends $({PMIX}) > /dev/null", f'test -n "$({PMIX})"'),
    "missing mount": Tampering("umount /scratch", "mountpoint -q /scratch"),
    "mount lost at boot": Tampering("sed -i /PROV-SCR-1/d /etc/fstab", "grep -q PROV-SCR-1 /etc/fstab"),
    "lost account": Tampering("sed -i /^slurm:/d /etc/passwd /etc/group", "test $(id -u slurm) = 64030"),
    "other host name": Tampering("hostname somebody", "test $(hostname) = bld-002"),
    "edited slurm.conf": Tampering(
        "echo MessageTimeout=11 >> /etc/slurm/slurm.conf && scontrol reconfigure",
        "scontrol show config | grep -q 'MessageTimeout *= 20 '",
        controller=True,
    ),
    "stopped slurmctld": Tampering("systemctl stop slurmctld", "systemctl is-active slurmctld", controller=True),
    "disabled slurmctld": Tampering("systemctl disable slurmctld", "systemctl is-enabled slurmctld", controller=True),
    "upgraded slurmd": Tampering(
        POSTINST.format("slurmd") + "; test $(stat -c %U /var/lib/slurm) = slurm",
        "test $(stat -c %U /var/lib/slurm /var/lib/slurm/slurmd /var/log/slurm | sort -u) = root",
    ),
    "upgraded slurmctld": Tampering(
        POSTINST.format("slurmctld") + "; test $(stat -c %U /var/lib/slurm) = slurm",
        "test $(stat -c %U /var/lib/slurm) = root",
        controller=True,
    ),
    "readable last configuration": Tampering(
        "chmod 755 /var/lib/provision", "test $(stat -c %a /var/lib/provision) = 700", controller=True
    ),
    "state of all": Tampering(
        "chmod 755 /var/lib/slurm/slurmctld", "test $(stat -c %a /var/lib/slurm/slurmctld) = 700", controller=True
    ),
}


def changed(said: Said) -> dict[str, list[str]]:
    """What changed, by blade, of a run that converged."""
    assert said.code == 0, said.text
    return {name: blade["changed"] for name, blade in said.json["blades"].items() if blade["changed"]}


def run(lab: Lab, *words: str) -> dict[str, list[str]]:
    """What a run over the controller and the first compute blade changed."""
    return changed(lab.slurm([lab.compute[0]], *words))


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampering_is_mended_and_nothing_is_overlooked(cluster: Lab, name: str) -> None:
    tampering = TAMPERINGS[name]
    blade = cluster.controller if tampering.controller else cluster.compute[0]
    cluster.inside(blade, tampering.script)

    assert set(run(cluster)) == {blade}

    cluster.inside(blade, tampering.mended)
    assert run(cluster, "--full") == {}
    assert cluster.state(cluster.compute[0], "idle") == "idle"


def test_a_changed_variable_is_found(cluster: Lab) -> None:
    """One that the inventory hands to a role, one of the site's packages, and one of slurm.conf."""
    wanted = {"base_extra_packages": ["tree"], "slurmctld_config": {"MinJobAge": 301}}
    with cluster.variables_of_the_site(**wanted):
        assert set(run(cluster)) == {cluster.controller, cluster.compute[0]}
        assert cluster.inside(cluster.compute[0], "command -v tree")
        assert "301 sec" in cluster.ask("scontrol show config | grep MinJobAge")
        assert run(cluster, "--full") == {}
    assert set(run(cluster)) == {cluster.controller}


def test_a_changed_role_is_found(cluster: Lab, tmp_path: Path) -> None:
    """A new release of this project: what it wants is compared, not what an older one remembered."""
    for folder in ("provisioner", "playbooks", "roles"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    wants = tmp_path / "roles" / "slurmd" / "vars" / "main.yml"
    wants.write_text(wants.read_text().replace("RestartSec=5", "RestartSec=6"))

    assert set(changed(_run_from(tmp_path, cluster))) == {cluster.compute[0]}

    assert "6s" in cluster.inside(cluster.compute[0], "systemctl show --property=RestartUSec slurmd")
    assert changed(_run_from(tmp_path, cluster, "--full")) == {}
    assert set(run(cluster)) == {cluster.compute[0]}
    assert run(cluster, "--full") == {}


def _run_from(folder: Path, lab: Lab, *words: str) -> Said:
    """`provision slurm` of the project in this folder: Python takes the package from where it starts."""
    command: Sequence[str] = lab.command("slurm", f"--nodes={lab.compute[0]}", "--json", *words)
    assert command[:3] == [sys.executable, "-m", "provisioner"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=lab.variables())
    return Said(done.returncode, done.stdout, done.stderr)
