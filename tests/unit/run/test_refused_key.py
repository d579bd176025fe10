from __future__ import annotations

import pytest

from provisioner.run.hostkeys import HostKeys
from provisioner.run.refused_key import refused_key

OLD, NEW, PIN = (letter * 43 for letter in "ONP")
# OpenSSH 9.2 and 10.0, as Ansible hands it on.
CHANGED = f"""\
Task failed: Failed to connect to the host via ssh: @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
The fingerprint for the ED25519 key sent by the remote host is
SHA256:{NEW}.
Please contact your system administrator.
Host key for 10.20.0.108 has changed and you have requested strict checking.
Host key verification failed."""
UNKNOWN = "No ED25519 host key is known for 10.20.0.108, strict checking.\r\nHost key verification failed."
RECORDED = {"bld-008": [f"ED25519 SHA256:{OLD}"]}
PINS = {"bld-008": [f"SHA256:{PIN}"]}


def test_the_key_of_a_jump_host_is_not_the_blades() -> None:
    assert refused_key(f"{CHANGED}\nConnection closed by UNKNOWN port 65535", "bld-008", HostKeys(RECORDED)) is None


def test_a_changed_key_is_shown_with_the_one_on_record() -> None:
    found = refused_key(CHANGED, "bld-008", HostKeys(RECORDED))
    assert found is not None
    assert f"offers ED25519 SHA256:{NEW}, on record is ED25519 SHA256:{OLD}" in found.message
    assert "provision reimaged BLD-008" in found.step_for("BLD-008")


def test_a_pinned_key_that_changed_is_a_matter_of_the_plan() -> None:
    found = refused_key(CHANGED, "bld-008", HostKeys({"bld-008": [f"ED25519 SHA256:{PIN}"]}, PINS))
    assert found is not None
    assert f"offers ED25519 SHA256:{NEW}, the plan has SHA256:{PIN}" in found.message
    assert "host_key of BLD-008" in found.step_for("BLD-008")


def test_a_first_key_that_no_pin_allows_names_what_was_offered() -> None:
    offered = {"bld-008": [f"ED25519 SHA256:{NEW}", f"RSA SHA256:{OLD}"]}
    found = refused_key(UNKNOWN, "bld-008", HostKeys(pins=PINS, offered=offered))
    assert found is not None
    assert f"offers ED25519 SHA256:{NEW} and RSA SHA256:{OLD}, the plan has SHA256:{PIN}" in found.message


def test_a_pinned_blade_that_woke_up_meanwhile_is_tried_again() -> None:
    found = refused_key(UNKNOWN, "bld-008", HostKeys(pins=PINS))
    assert found is not None
    assert found.next_step.startswith("run again")


def test_without_fingerprints_the_sentence_is_whole_all_the_same() -> None:
    found = refused_key("Host key verification failed.", "bld-008", HostKeys())
    assert found is not None
    assert found.message == "its SSH host key is not the one on record"


@pytest.mark.parametrize("words", ["", "Connection refused", "Permission denied (publickey)."])
def test_any_other_failure_is_not_about_keys(words: str) -> None:
    assert refused_key(words, "bld-008", HostKeys(RECORDED, PINS)) is None


REVOKED = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@       WARNING: REVOKED HOST KEY DETECTED!               @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
The ED25519 host key for 10.20.0.108 is marked as revoked.
This could mean that a stolen key is being used to impersonate this host.
Host key verification failed."""


def test_a_revoked_key_is_one_of_before() -> None:
    found = refused_key(REVOKED, "bld-008", HostKeys(RECORDED))
    assert found is not None
    assert "had before it was reimaged" in found.message
    assert "provision reimaged BLD-008" in found.step_for("BLD-008")


def test_an_unsigned_first_key_is_told_where_a_signed_one_is_wanted() -> None:
    found = refused_key(UNKNOWN, "bld-008", HostKeys())
    assert found is not None
    assert found.message == "it shows no certificate of the host CA"
    assert "provision reimaged BLD-008" in found.step_for("BLD-008")
