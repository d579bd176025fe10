from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioner.run.environment import PASSED, is_setting, left_out, run_environment

ASSETS = Path("/share")
HARMFUL = {
    "ANSIBLE_KEEP_REMOTE_FILES": "1",
    "ANSIBLE_DEBUG": "1",
    "ANSIBLE_LOG_PATH": "/tmp/log",
    "ANSIBLE_NO_LOG": "False",
    "ANSIBLE_CACHE_PLUGIN": "jsonfile",
    "ANSIBLE_CALLBACK_PLUGINS": "/tmp",
    "ANSIBLE_ACTION_PLUGINS": "/tmp",
    "ANSIBLE_BECOME_EXE": "/tmp/sudo",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_SSH_COMMON_ARGS": "-o StrictHostKeyChecking=no",
    "ANSIBLE_SOMETHING_OF_NEXT_YEAR": "1",
    "_ANSIBLE_CONNECTION_PATH": "/tmp",
    "RUNNER_OMIT_EVENTS": "true",
    "AWX_LIB_DIRECTORY": "/tmp",
    "AD_HOC_COMMAND_ID": "1",
    "MAX_EVENT_RES": "1",
}


def test_settings_of_the_caller_do_not_count() -> None:
    clean = run_environment({"HOME": "/root"}, ASSETS)
    assert run_environment({"HOME": "/root", **HARMFUL}, ASSETS) == clean
    assert left_out({"HOME": "/root", **HARMFUL}) == sorted(HARMFUL)


def test_what_is_no_setting_of_ansible_stays() -> None:
    kept = run_environment({"HOME": "/root", "SSH_AUTH_SOCK": "/run/agent", "TERM": "dumb", "PATH": "/bin"}, ASSETS)
    assert (kept["HOME"], kept["SSH_AUTH_SOCK"], kept["TERM"]) == ("/root", "/run/agent", "dumb")
    assert kept["PATH"] == f"{Path(sys.executable).parent}:/bin"


@pytest.mark.parametrize("name", sorted(PASSED))
def test_a_vault_and_a_sudo_password_can_be_opened(name: str) -> None:
    assert run_environment({name: "/etc/secret"}, ASSETS)[name] == "/etc/secret"
    assert left_out({name: "/etc/secret"}) == []


def test_a_password_file_is_found_from_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/op")
    given = {"ANSIBLE_VAULT_PASSWORD_FILE": "~/vault", "ANSIBLE_BECOME_PASSWORD_FILE": "sudo.txt"}
    kept = run_environment(given, ASSETS)
    assert kept["ANSIBLE_VAULT_PASSWORD_FILE"] == "/home/op/vault"
    assert kept["ANSIBLE_BECOME_PASSWORD_FILE"] == str(Path.cwd() / "sudo.txt")


def test_every_setting_that_ansible_knows_is_one_for_us(tmp_path: Path) -> None:
    """Asked of the installed Ansible itself, so that a release with other names is noticed."""
    program = Path(sys.executable).parent / "ansible-config"
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path)}
    done = subprocess.run(
        [program, "list", "--format", "json"], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    settings = json.loads(done.stdout).values()
    names = {each["name"] for setting in settings for each in setting.get("env") or []}
    assert len(names) > 150
    # Which editor, which pager, no colours: nothing that a run prints or does.
    assert {name for name in names if not is_setting(name)} == {"EDITOR", "PAGER", "NO_COLOR"}
