"""A blade whose sudo asks for a password: it stands encrypted beside the plan, opens sudo, and is shown nowhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.labs import Lab

PASSWORD, CANARY = "open sesame", "c4n4ry-of-sudo"
SUDOERS = "/etc/sudoers.d/provision"


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A member whose sudo wants the password of its account."""
    name = cluster.compute[0]
    cluster.inside(name, f"cp -p {SUDOERS} /root/sudoers; echo 'provision:{CANARY}' | chpasswd")
    cluster.inside(name, f"sed -i 's/NOPASSWD: //' {SUDOERS}; echo >> /etc/logrotate.d/slurmd")
    try:
        yield name
    finally:
        cluster.inside(name, f"mv /root/sudoers {SUDOERS}; usermod --lock provision")
        shutil.rmtree(_host_vars(cluster), ignore_errors=True)
        assert cluster.slurm([name]).code == 0


def _host_vars(lab: Lab) -> Path:
    return lab.folder / "host_vars"


def _write(lab: Lab, blade: str, password: str, folder: Path) -> Path:
    """host_vars of the blade with its sudo password, encrypted; returns the file that opens them."""
    opens = folder / "password"
    opens.write_text(PASSWORD)
    command = [str(Path(sys.executable).with_name("ansible-vault")), "encrypt_string", f"--vault-password-file={opens}"]
    said = subprocess.run(
        [*command, "--stdin-name=ansible_become_password"], input=password, capture_output=True, text=True, check=True
    )
    _host_vars(lab).mkdir(exist_ok=True)
    (_host_vars(lab) / f"{blade.lower()}.yml").write_text(said.stdout)
    return opens


def test_an_encrypted_password_opens_sudo_and_is_shown_nowhere(cluster: Lab, blade: str, tmp_path: Path) -> None:
    closed = cluster.slurm([blade])
    assert closed.code in (1, 3), closed.text
    assert "sudo asks for a password" in closed.failure(blade)
    assert "ansible_become_password" in closed.failure(blade)

    opens = _write(cluster, blade, CANARY, tmp_path)
    locked = cluster.slurm([blade])
    assert locked.code == 2, locked.text
    assert f"host_vars/{blade.lower()}.yml" in locked.err

    words = ("slurm", f"--nodes={blade}", "--diff", "-vvv")
    said = cluster.provision(*words, ANSIBLE_VAULT_PASSWORD_FILE=str(opens))
    assert said.code == 0, said.text
    assert "file /etc/logrotate.d/slurmd: content" in said.text
    assert CANARY not in said.text
    kept = [path for path in cluster.state_folder.rglob("*.json") if CANARY in path.read_text(errors="replace")]
    assert kept == []


def test_a_wrong_password_is_one_sentence(cluster: Lab, blade: str, tmp_path: Path) -> None:
    opens = _write(cluster, blade, f"{CANARY}-wrong", tmp_path)
    said = cluster.provision("slurm", f"--nodes={blade}", "--json", ANSIBLE_VAULT_PASSWORD_FILE=str(opens))
    assert "sudo" in said.failure(blade)
    assert CANARY not in said.text
