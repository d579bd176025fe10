from __future__ import annotations

import subprocess
from pathlib import Path

from provisioner.knownhosts import announce, fingerprint, forget, keys_of, known_name, pinned, replaced

OLD = """\
# the site
10.77.0.101 ssh-rsa OLD1
10.77.0.10 ssh-rsa OTHER
10.77.0.101 ssh-ed25519 OLD2
@cert-authority *.example ssh-ed25519 CA
"""


def test_only_the_lines_of_that_address_are_replaced() -> None:
    assert replaced(OLD, "10.77.0.101", ["ssh-ed25519 NEW"]) == (
        "# the site\n10.77.0.10 ssh-rsa OTHER\n@cert-authority *.example ssh-ed25519 CA\n10.77.0.101 ssh-ed25519 NEW\n"
    )


def test_an_odd_port_has_its_own_name() -> None:
    assert known_name("10.77.0.101", 22) == "10.77.0.101"
    assert known_name("10.77.0.101", 2222) == "[10.77.0.101]:2222"


def test_the_file_is_private_and_goes_when_nothing_is_left(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    announce(file, "10.77.0.101", ["ssh-ed25519 NEW"])
    assert file.stat().st_mode & 0o777 == 0o600
    forget(file, ["10.77.0.102"])
    assert file.exists()
    forget(file, ["10.77.0.101"])
    assert list(tmp_path.iterdir()) == []
    forget(file, ["10.77.0.101"])


def test_a_fingerprint_is_that_of_ssh_keygen(tmp_path: Path) -> None:
    for kind, name in {"ed25519": "ED25519", "ecdsa": "ECDSA", "rsa": "RSA"}.items():
        key = tmp_path / kind
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(key)], check=True)
        public = key.with_suffix(".pub").read_text()
        said = subprocess.run(["ssh-keygen", "-lf", str(key)], check=True, capture_output=True, text=True).stdout
        assert fingerprint(" ".join(public.split()[:2])) == f"{name} {said.split()[1]}"
        assert pinned(" ".join(public.split()[:2]), [said.split()[1]])
        assert not pinned(" ".join(public.split()[:2]), ["SHA256:" + "A" * 43])


def test_what_is_no_key_has_no_fingerprint_and_is_never_pinned() -> None:
    for text in ("", "ssh-ed25519", "ssh-ed25519 not*base64"):
        assert not pinned(text, ["SHA256:" + "A" * 43])
    assert fingerprint("ssh-ed25519 not*base64") == ""


def test_the_keys_of_one_host_alone() -> None:
    assert keys_of(OLD, "10.77.0.101") == ["ssh-rsa OLD1", "ssh-ed25519 OLD2"]
    assert keys_of(OLD, "10.77.0.1") == []
