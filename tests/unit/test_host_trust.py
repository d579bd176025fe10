from __future__ import annotations

from pathlib import Path

from provisioner import host_trust
from provisioner.host_trust import put_aside, settled, with_ca

CA = "ssh-ed25519 CA"
OLD, NEW = "ssh-ed25519 OLD", "ssh-ed25519 NEW"


def test_the_ca_is_trusted_for_the_named_hosts_alone() -> None:
    text = with_ca("", ["10.60.0.108", "[10.60.0.1]:2222"], CA, "host CA of asgard")
    assert text == "@cert-authority 10.60.0.108,[10.60.0.1]:2222 ssh-ed25519 CA host CA of asgard\n"
    assert with_ca(text, ["10.60.0.111"], "ssh-ed25519 B", "x") == "@cert-authority 10.60.0.111 ssh-ed25519 B x\n"
    assert with_ca(text, [], CA, "x") == with_ca(text, ["a"], "", "x") == ""


def test_what_a_blade_had_before_is_revoked_once_it_shows_another_key() -> None:
    text = put_aside(with_ca("", ["a", "b"], CA, "x"), "a", [OLD])
    assert settled(text, "b", {NEW}) == text
    assert settled(text, "a", {OLD}) == with_ca("", ["a", "b"], CA, "x")
    gone = settled(text, "a", {NEW})
    assert gone.splitlines()[1:] == [f"@revoked a {OLD}"]
    # What is revoked stays so, also when the CA is another one.
    assert with_ca(gone, ["a"], "ssh-ed25519 B", "y").splitlines()[1:] == [f"@revoked a {OLD}"]
    assert settled(gone, "a", {NEW}, [OLD]) == gone


def test_who_is_announced_may_come_back_with_a_key_of_before() -> None:
    gone = settled("", "a", {NEW}, [OLD])
    assert settled(gone, "ab", {NEW}) == gone
    assert put_aside(gone, "ab", []) == gone
    assert put_aside(gone, "a", [NEW]) == f"# before a {NEW}\n"


def test_without_a_line_there_is_no_file(tmp_path: Path) -> None:
    file = host_trust.trust_file(tmp_path / "known_hosts")
    assert (file.name, host_trust.read_trust(file)) == ("known_hosts.ca", "")
    host_trust.change_trust(file, lambda text: f"{text}x\n")
    assert (host_trust.read_trust(file), file.stat().st_mode & 0o777) == ("x\n", 0o600)
    host_trust.change_trust(file, lambda text: "")
    assert not file.exists()
