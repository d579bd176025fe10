"""What is asked of systemd; a program of the test stands for a systemctl that does not answer."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from provisioner.errors import ProvisionError
from provisioner.scheduled.every import parse_every
from provisioner.scheduled.here import this_timer
from provisioner.scheduled.systemd import stamp, systemctl, this_account


# As Debian 12 and Debian 13 say it.
@pytest.mark.parametrize("bus", ["bus", "user scope bus via local transport"])
def test_an_account_without_its_systemd_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bus: str
) -> None:
    program = tmp_path / "systemctl"
    program.write_text(f"#!/bin/sh\necho 'Failed to connect to {bus}: No such file or directory' >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ProvisionError, match=f"Failed to connect to {bus}") as error:
        systemctl(False, "show", "x.timer")
    assert f"`sudo loginctl enable-linger {this_account()}`" in error.value.next_step


def test_an_account_has_the_name_that_systemd_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert this_account() == pwd.getpwuid(os.getuid()).pw_name


def test_what_systemd_remembers_of_a_timer_is_where_it_keeps_it() -> None:
    assert stamp(True, "a.timer") == Path("/var/lib/systemd/timers/stamp-a.timer")
    assert stamp(False, "a.timer", {"XDG_DATA_HOME": "/d"}) == Path("/d/systemd/timers/stamp-a.timer")
    assert stamp(False, "a.timer", {}) == Path.home() / ".local/share/systemd/timers/stamp-a.timer"


def test_a_keyring_elsewhere_is_that_of_the_timer_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNUPGHOME", str(tmp_path))
    made = this_timer(tmp_path / "plan.yml", parse_every("1h"), True, tmp_path / "backups")
    assert made.environment["GNUPGHOME"] == str(tmp_path)
