from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.host_certificate import (
    UNSIGNED,
    certificate_notes,
    host_keys,
    lacks,
    parse_certificate,
    wanted,
)
from provisioner.hostca import HostCa, sign

NAMES = ["bld-008", "10.60.0.108"]
DAY = 86400


def made(folder: Path, name: str, kind: str = "ed25519") -> HostCa:
    """A key pair, as a CA or as that of a host."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", folder / name], check=True)
    return HostCa(folder / name, " ".join((folder / f"{name}.pub").read_text().split()[:2]))


class Keys:
    """Two CAs and the host keys of a node, made by ssh-keygen itself."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.other = made(folder, "ours"), made(folder, "other")
        self.ed25519, self.rsa = (made(folder, kind, kind).public for kind in ("ed25519", "rsa"))
        self.good = sign(self.ours, "bld-008", self.ed25519, NAMES)
        self.now = parse_certificate(self.good).begin + 300


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_certificate_of_ssh_keygen_is_read(keys: Keys, kind: str) -> None:
    key = getattr(keys, kind)
    found = parse_certificate(sign(keys.ours, "bld-008", key, NAMES, days=7))
    assert (found.key, found.signer, found.names) == (key, keys.ours.public, tuple(NAMES))
    assert 7 * DAY <= found.end - found.begin <= 7 * DAY + 400


def test_what_is_no_host_certificate_is_refused(keys: Keys, tmp_path: Path) -> None:
    user = tmp_path / "user.pub"
    user.write_text(f"{keys.ed25519} somebody\n")
    subprocess.run(["ssh-keygen", "-q", "-s", keys.ours.file, "-I", "x", "-n", "root", user], check=True)
    with pytest.raises(ValueError, match="no certificate of a host"):
        parse_certificate((tmp_path / "user-cert.pub").read_text())
    kind, blob, *_ = keys.good.split()
    for text in (
        "",
        "x",
        keys.ed25519,
        kind,
        f"{kind} ?",
        f"{kind} {blob[:80]}",
        f"ssh-rsa-cert-v01@openssh.com {blob}",
    ):
        with pytest.raises(ValueError, match="it "):
            parse_certificate(text)


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert host_keys(text) == {}
    assert lacks(text, "k", "s", NAMES, 0, 1)


@given(st.binary(max_size=400), st.sampled_from(["ssh-ed25519", "ssh-rsa"]))
def test_no_bytes_break_the_reader(blob: bytes, kind: str) -> None:
    import base64

    encoded = base64.b64encode(kind.encode().rjust(15, b"\0") + blob).decode()
    assert lacks(f"{kind}-cert-v01@openssh.com {encoded}", "k", "s", NAMES, 0, 1)


def test_a_good_one_stays_until_a_third_of_its_time_is_left(keys: Keys) -> None:
    def why(
        text: str, later: float = 0, key: str = keys.ed25519, ca: str = keys.ours.public, names: list[str] = NAMES
    ) -> str:
        return lacks(text, key, ca, names, keys.now + later, 365)

    assert why(keys.good) == ""
    assert why(keys.good, 240 * DAY) == ""
    assert why(keys.good, 250 * DAY) == "it ends soon"
    assert why(keys.good, -DAY) == "it is not good yet"
    assert why("") == "it has none"
    assert why("what") == "it is no certificate of a host key"
    assert why(keys.good, key=keys.rsa) == "it is of another key"
    assert why(keys.good, ca=keys.other.public) == "another CA signed it"
    assert why(keys.good, names=["bld-009"]) == "it is for other names"


def test_what_is_not_good_is_to_be_signed(keys: Keys) -> None:
    both = [keys.ed25519, keys.rsa, "ecdsa-sha2-nistp256 AAAA", "what"]

    def now(there: dict[str, str], later: float = 0, replace: bool = False) -> dict[str, str]:
        return wanted(both, there, keys.ours.public, NAMES, keys.now + later, 365, replace)

    assert now({}) == {"ed25519": UNSIGNED, "rsa": UNSIGNED}
    assert now({"ed25519": keys.good}) == {"ed25519": keys.good, "rsa": UNSIGNED}
    foreign = sign(keys.other, "bld-008", keys.ed25519, NAMES)
    assert now({"ed25519": foreign})["ed25519"] == foreign
    assert now({"ed25519": foreign}, replace=True)["ed25519"] == UNSIGNED
    assert now({"ed25519": foreign}, 366 * DAY)["ed25519"] == UNSIGNED
    assert wanted([], {}, keys.ours.public, NAMES, keys.now, 365, False) == {}


def test_a_person_hears_whose_certificates_stay(keys: Keys) -> None:
    def notes(there: str, others: str = "", ca: str = keys.ours.public, replace: bool = False) -> str:
        return " ".join(certificate_notes([keys.ed25519], {"ed25519": there}, ca, others, keys.now, replace))

    foreign = sign(keys.other, "bld-008", keys.ed25519, NAMES)
    assert notes(keys.good) == ""
    assert "another CA has signed its host key (ed25519)" in notes(foreign)
    assert notes(foreign, replace=True) == ""
    assert "an admin made" in notes("", "HostCertificate /etc/ssh/own-cert.pub")
    assert notes(foreign, "x", ca="") == ""


def test_host_keys_are_told_by_kind(keys: Keys) -> None:
    text = f"{keys.rsa} root@x\n{keys.ed25519}\n{keys.ed25519[:-8]}\nssh-rsa {keys.ed25519.split()[1]}\nssh-ed25519\n"
    assert host_keys(text) == {"rsa": keys.rsa, "ed25519": keys.ed25519}
