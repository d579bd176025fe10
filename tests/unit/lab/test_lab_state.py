from __future__ import annotations

from pathlib import Path

from provisioner.lab.record import LabRecord, read_record
from provisioner.lab.settings import Release, lab_ssh_key, ssh_identity


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    assert read_record(file) is None
    LabRecord(Release.TRIXIE).write(file)
    assert read_record(file) == LabRecord(Release.TRIXIE)


def test_key_and_host_keys_are_the_labs_only_while_there_is_one(tmp_path: Path) -> None:
    assert lab_ssh_key(tmp_path) is None
    assert ssh_identity(tmp_path) == (None, tmp_path / "known_hosts")
    key = tmp_path / "lab" / "id_ed25519"
    key.parent.mkdir()
    key.write_text("key")
    assert ssh_identity(tmp_path) == (key, tmp_path / "lab" / "known_hosts")
