"""What a role keeps secret is in no output, however much of it a person asks for; role and run are real."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.contracts.ansible_files import INTERNAL, ROOT

TASKS = [
    {
        "name": "Keep its state",
        "ansible.builtin.include_role": {"name": INTERNAL, "rolespec_validate": False},
        "vars": {"state_roles": ["keeper"]},
    }
]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A role beside ours that keeps a secret of its own and one that is the same as on a host, and its playbook."""
    kept = tmp_path / "kept"
    role = tmp_path / "roles" / "keeper"
    state = {
        "folders": {str(kept): {"mode": "0700"}},
        "files": {f"{kept}/open": {"content": "for everybody\n"}},
        "secrets": {f"{kept}/own": {"content": "{{ word }}"}, f"{kept}/as": {"as_on": "here"}},
    }
    for folder, content in (("vars", {"keeper_state": state}), ("tasks", TASKS)):
        (role / folder).mkdir(parents=True)
        (role / folder / "main.yml").write_text(yaml.safe_dump(content))
    (tmp_path / "keep.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "roles": ["keeper"]}]))
    kept.mkdir()
    return tmp_path


def keep(site: Path, word: str, *words: str) -> str:
    """Everything that a run of the playbook says."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "word": word}
    (site / "hosts.json").write_text(json.dumps({"all": {"hosts": {"here": local}}}))
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(site / "tmp"),
        "ANSIBLE_ROLES_PATH": os.pathsep.join([str(site / "roles"), str(ROOT / "roles")]),
        "PYTHONPATH": str(ROOT),
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-vvv", "--diff", *words]
    command += [f"--inventory={site / 'hosts.json'}", str(site / "keep.yml")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_secret_is_put_in_place_unseen(site: Path) -> None:
    own, other = secrets.token_hex(16), secrets.token_hex(16)
    (site / "kept" / "as").write_text(other)

    said = keep(site, own, "--check") + keep(site, own)

    assert (site / "kept" / "own").read_text() == own
    assert oct((site / "kept" / "as").stat().st_mode) == "0o100600"
    for word in (own, other):
        for form in (word, base64.b64encode(word.encode()).decode()[:40], word.encode().hex()):
            assert form not in said
    assert "for everybody" in said, "what is no secret is shown"
    assert f"secret {site}/kept/own: absent -> made" in said
    assert "changed=0 " in keep(site, own)
