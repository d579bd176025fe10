"""A file that is managed openly is shown: in differences, by --diff, in facts under -vvv. It holds nothing secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.contracts.ansible_files import KEEPERS, ROOT, read, role_files

SIGNS = (
    re.compile(r"(?i)\w*(?:password|passwd|passphrase|secret|token|credential|(?:api|private|signing)[_-]?key)\w*"),
    # Slurm's own: StoragePass, AccountingStoragePass, and the key of its tokens.
    re.compile(r"(?i)\w*pass\s*[=:]\s*\S+"),
    re.compile(r"(?i)AuthAlt\w+\s*=\s*\S*jwt\S*|\bjwt\w*\s*=\s*\S+"),
    re.compile(r"-----BEGIN [A-Z ]+-----"),
    re.compile(r"\b[0-9a-fA-F]{32,}\b"),
    # A path is long too: key material has small and large letters and digits.
    re.compile(r"(?=[A-Za-z+/]*[0-9])(?=[a-z0-9+/]*[A-Z])(?=[A-Z0-9+/]*[a-z])[A-Za-z0-9+/]{32,}={0,2}"),
)


def secret_looking(text: str) -> list[str]:
    """What in a text looks like a secret, or like the name of a variable with one."""
    return [found[0] for sign in SIGNS for found in sign.finditer(text)]


def shown(role: Path) -> Iterator[tuple[str, str]]:
    """All that a role says about files besides its `secrets`, and all its templates."""
    variables = read(role / "vars" / "main.yml")
    state = {kind: its for kind, its in variables[f"{role.name}_state"].items() if kind != "secrets"}
    yield "vars/main.yml", yaml.safe_dump({**variables, f"{role.name}_state": state}, width=10000)
    yield from ((path.name, path.read_text()) for path in role.glob("templates/**/*") if path.is_file())


@pytest.mark.parametrize("role", KEEPERS)
def test_nothing_secret_is_shown(role: str) -> None:
    for name, text in shown(ROOT / "roles" / role):
        assert secret_looking(text) == [], f"{role}: {name}; next: keep the file among the secrets of the state"


def test_templates_are_looked_at() -> None:
    assert [name for role in KEEPERS for name, _ in shown(ROOT / "roles" / role) if name.endswith(".j2")]
    assert [role for role in KEEPERS if role_files(role, "templates")]


@pytest.mark.parametrize(
    "planted",
    [
        "StoragePass=hunter2",
        "AccountingStoragePass=/run/munge/x",
        "DbdHost=x\nStoragePass = {{ it }}",
        "AuthAltTypes=auth/jwt\nAuthAltParameters=jwt_key=/var/spool/jwt.key",
        "password: {{ slurmdbd_password }}",
        "IDENTIFIED BY '{{ mysql_passwd }}'",
        "Environment=API_TOKEN=x",
        "client_secret = x",
        "-----BEGIN RSA PRIVATE KEY-----\nx",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "key = 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "Key=dGhpcyBpcyBub3QgYSBzZWNyZXQgYnV0IGxvb2tzIDEyMw==",
    ],
)
@pytest.mark.parametrize("place", ["vars", "template"])
def test_a_planted_secret_is_noticed(planted: str, place: str, tmp_path: Path) -> None:
    role = tmp_path / "role"
    contents = {"/etc/x.conf": {"content": planted if place == "vars" else "plain"}}
    variables = {"role_state": {"files": contents, "secrets": {"/etc/y": {"content": "{{ its_password }}"}}}}
    for folder in ("vars", "templates"):
        (role / folder).mkdir(parents=True)
    (role / "vars" / "main.yml").write_text(yaml.safe_dump(variables))
    (role / "templates" / "x.j2").write_text(planted if place == "template" else "plain")
    named = {"vars": "vars/main.yml", "template": "x.j2"}[place]
    assert [name for name, text in shown(role) if secret_looking(text)] == [named]


@pytest.mark.parametrize(
    "plain",
    [
        'SLURMD_OPTIONS="--conf-server 10.60.0.106:6817"',
        "/etc/systemd/system/slurmctld.service.d/provision.conf",
        "systemctl kill --signal=USR2 --kill-whom=main slurmctld.service 2>/dev/null || true",
        "# Puts the key of the cluster in place; bypass",
    ],
)
def test_plain_text_is_not_blamed(plain: str) -> None:
    assert secret_looking(plain) == []
