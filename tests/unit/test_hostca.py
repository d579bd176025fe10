from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provisioner.errors import ProvisionError, UsageError
from provisioner.hostca import HostCa, ca_file, ensure_ca, read_ca, sign
from provisioner.ssh_identity import lab_key


def test_it_is_made_once_and_for_this_account_alone(tmp_path: Path) -> None:
    assert read_ca(tmp_path) is None
    made = ensure_ca(tmp_path, "asgard")
    assert made.public.startswith("ssh-ed25519 ")
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    before = made.file.read_bytes()
    assert ensure_ca(tmp_path, "asgard") == made == read_ca(tmp_path)
    assert made.file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".host_ca.lock", "host_ca"]


def test_two_at_once_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len({ca.public for ca in pool.map(lambda _: ensure_ca(tmp_path, "asgard"), range(4))}) == 1


def test_a_lab_has_its_own(tmp_path: Path) -> None:
    real = ensure_ca(tmp_path, "asgard")
    lab_key(tmp_path).parent.mkdir()
    lab_key(tmp_path).touch()
    assert ca_file(tmp_path) == tmp_path / "lab" / "host_ca"
    assert ensure_ca(tmp_path, "asgard").public != real.public


def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = ensure_ca(tmp_path, "asgard").file
    file.chmod(0o640)
    with pytest.raises(UsageError, match="may be read by others") as caught:
        ensure_ca(tmp_path, "asgard")
    assert caught.value.next_step == f"chmod 600 {file}"


@pytest.mark.parametrize("text", ["", "nonsense"])
def test_a_damaged_one_is_refused_and_never_replaced(tmp_path: Path, text: str) -> None:
    file = ca_file(tmp_path)
    file.touch(mode=0o600)
    file.write_text(text)
    with pytest.raises(UsageError, match="cannot be used"):
        ensure_ca(tmp_path, "asgard")
    assert file.read_text() == text


def test_nothing_is_signed_for_nobody_and_nothing_that_is_no_host_key(tmp_path: Path) -> None:
    ca = ensure_ca(tmp_path, "asgard")
    with pytest.raises(ProvisionError, match="no name"):
        sign(ca, "bld-008", ca.public, [])
    with pytest.raises(ProvisionError, match="no host key"):
        sign(ca, "bld-008", "ssh-ed25519 AAAA", ["bld-008"])


def test_without_its_key_nothing_is_signed(tmp_path: Path) -> None:
    key = ensure_ca(tmp_path, "asgard").public
    with pytest.raises(ProvisionError, match="the host key of bld-008 cannot be signed: "):
        sign(HostCa(tmp_path / "gone", ""), "bld-008", key, ["bld-008"])
