from __future__ import annotations

from pathlib import Path

from provisioner.knownhosts import announce, forget, known_name, replaced

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
