"""Only whoever has the key opens a backup; gpg and age are the real ones."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.backup.cipher import cipher_of, opened, sealed
from provisioner.errors import ProvisionError, UsageError

CANARY = b"canary of a munge key " * 4000


def gpg(*words: str) -> str:
    done = subprocess.run(["gpg", "--batch", "--quiet", *words], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The fingerprint of a key of this test alone."""
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    gpg("--passphrase", "", "--quick-generate-key", "site@example.org", "future-default", "default", "never")
    listed = gpg("--list-keys", "--with-colons")
    yield next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
    subprocess.run(["gpgconf", "--kill", "all"], check=True)


def seal(file: Path, recipients: list[str]) -> None:
    with file.open("wb") as target, sealed(target, recipients) as plain:
        plain.write(CANARY)


def test_the_key_opens_it_and_nothing_is_readable(key: str, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gpg"
    seal(file, [key])
    assert b"canary" not in file.read_bytes()
    with opened(file, None) as stream:
        assert stream.read() == CANARY


def test_without_the_key_it_stays_closed(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "b.tar.gpg"
    seal(file, [key])
    other = tmp_path / "o"
    other.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(other))
    with pytest.raises(UsageError, match="gpg does not open"), opened(file, None) as stream:
        stream.read()
    subprocess.run(["gpgconf", "--kill", "all"], check=True)


def age_key(file: Path) -> str:
    """A new key of age; whom to encrypt for."""
    subprocess.run(["age-keygen", "--output", file], check=True, capture_output=True)
    return subprocess.run(["age-keygen", "-y", file], check=True, capture_output=True, text=True).stdout.strip()


def test_age_opens_what_is_for_its_key_and_nothing_else(tmp_path: Path) -> None:
    file, own, other = tmp_path / "b.tar.age", tmp_path / "own", tmp_path / "other"
    seal(file, [age_key(own)])
    age_key(other)
    assert b"canary" not in file.read_bytes()
    with opened(file, own) as stream:
        assert stream.read() == CANARY
    with pytest.raises(UsageError, match="age does not open"), opened(file, other) as stream:
        stream.read()
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(UsageError, match="age does not open"), opened(file, own) as stream:
        stream.read()


@pytest.mark.parametrize("harm", ["cut off", "changed"])
def test_one_that_is_damaged_is_refused(key: str, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "b.tar.gpg"
    seal(file, [key])
    raw = file.read_bytes()
    place = len(raw) - 60
    file.write_bytes(raw[:-40] if harm == "cut off" else raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
    with pytest.raises(UsageError), opened(file, None) as stream:
        stream.read()


def test_a_reader_that_refuses_has_the_last_word(key: str, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gpg"
    seal(file, [key])

    def refuse() -> None:
        with opened(file, None) as stream:
            stream.read(10)
            raise UsageError("my own reason")

    with pytest.raises(UsageError, match="my own reason"):
        refuse()


def test_a_recipient_that_gpg_does_not_know_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match=f"gpg does not encrypt: gpg: {'0' * 40}: skipped: ") as error:
        seal(tmp_path / "b", [key, "0" * 40])
    assert "gpg --list-keys" in error.value.next_step


@pytest.mark.parametrize(
    "recipients", [["eve@example.org"], ["--output=x"], ["0" * 39], ["age1" + "q" * 58, "0" * 40], ["\x1b[2J"]]
)
def test_what_is_no_recipient_is_refused(recipients: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        cipher_of(recipients)
    assert error.value.message.isprintable()


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="there is no age") as error:
        cipher_of(["age1" + "q" * 58])
    assert error.value.next_step == "install it: `apt install age`"


def test_without_recipients_it_is_plain(tmp_path: Path) -> None:
    seal(tmp_path / "plain", [])
    assert (tmp_path / "plain").read_bytes() == CANARY
