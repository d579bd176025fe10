from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.run.diagnose import diagnose
from provisioner.survey.advice import left_out
from provisioner.survey.reach import Reach
from provisioner.survey.targets import Target

WAY = Reach(Target("host1.example.org", "host1"), "10.0.0.11", "admin", 2222)
KNOWN = Path("/state/known_hosts")


@pytest.mark.parametrize(
    ("words", "unreachable", "step"),
    [
        ("admin@10.0.0.11: Permission denied (publickey).", True, "ssh-copy-id -p 2222 admin@host1.example.org"),
        ("Missing sudo password", False, "let admin use sudo without a password"),
        ("sudo: command not found", False, "root@host1.example.org"),
        ("The module interpreter '/usr/bin/python3' was not found.", False, "sudo apt-get install -y python3"),
        ("connect to host 10.0.0.11 port 2222: No route to host", True, "is 10.0.0.11 its address?"),
        ("connect to host 10.0.0.11 port 2222: Connection timed out", True, "is 10.0.0.11 its address?"),
        ("connect to host 10.0.0.11 port 2222: Connection refused", True, "on port 2222?"),
        ("Host key verification failed.", True, "ssh-keygen -R '[10.0.0.11]:2222' -f /state/known_hosts"),
        ("No space left on device", False, "make room"),
        ("something that nobody foresaw", False, "log in and look: ssh -p 2222 admin@host1.example.org"),
    ],
)
def test_a_step_needs_no_plan(words: str, unreachable: bool, step: str) -> None:
    failure = diagnose({"msg": words, "unreachable": unreachable}, "Look at the machine")
    found = left_out(WAY, failure, KNOWN)
    assert (found.label, found.why) == ("host1", failure.message)
    assert step in found.next_step
    assert "plan" not in found.next_step


def test_a_machine_that_gave_no_answer() -> None:
    assert "log in and look: ssh -p 2222 admin@host1.example.org" in left_out(WAY, None, KNOWN).next_step
