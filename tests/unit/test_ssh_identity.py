from __future__ import annotations

from pathlib import Path

from provisioner.lab.settings import LabFiles
from provisioner.ssh_identity import blades_folder, ssh_identity


def test_key_and_host_keys_are_the_labs_only_while_there_is_one(tmp_path: Path) -> None:
    assert ssh_identity(tmp_path) == (None, tmp_path / "known_hosts")
    lab = LabFiles(tmp_path)
    lab.folder.mkdir()
    assert blades_folder(tmp_path) == tmp_path, "a lab that is half removed has no blades"
    lab.key.write_text("key")
    assert ssh_identity(tmp_path) == (lab.key, lab.known_hosts)
    assert blades_folder(tmp_path) == lab.folder != tmp_path
    lab.key.unlink()
    assert ssh_identity(tmp_path) == (None, tmp_path / "known_hosts")
