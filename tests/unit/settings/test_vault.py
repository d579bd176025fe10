"""Encrypted variables are opened, checked and never shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.settings.test_check import ROOT

PASSWORD, CANARY = "open sesame", "c4n4ry-of-the-site"


def encrypt(text: str, folder: Path) -> str:
    password = folder / "password"
    password.write_text(PASSWORD)
    command = [str(Path(sys.executable).with_name("ansible-vault")), "encrypt", f"--vault-password-file={password}"]
    done = subprocess.run([*command, "--output=-"], input=text, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    ("password", "words"),
    [(PASSWORD, ""), ("other", "is encrypted with another password"), (None, "is encrypted, and no password is given")],
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_encrypted_is_opened_and_never_shown(
    tmp_path: Path, whole: bool, password: str | None, words: str
) -> None:
    """With the password that a run would have; in a process of its own, since Ansible asks for it only once."""
    secret = encrypt(f"base_domain: [{CANARY}]\n" if whole else CANARY, tmp_path)
    text = secret if whole else "my_words: !vault |\n" + "".join(f"  {line}\n" for line in secret.splitlines())
    shutil.copy(ROOT / "inventories" / "asgard" / "plan.yml", tmp_path)
    found_file = tmp_path / "group_vars" / "all.yml"
    found_file.parent.mkdir()
    found_file.write_text(text)
    given = tmp_path / "given"
    given.write_text(password or "")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    if password:
        environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(given)

    command = [sys.executable, "-m", "provisioner", "check", f"--plan={tmp_path / 'plan.yml'}", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)

    said = json.loads(done.stdout)
    assert CANARY not in done.stdout + done.stderr
    told = [each["wrong"] for each in said["problems"]]
    expected = [words] if words else ["base_domain: a list, where text is wanted"] if whole else []
    assert len(told) == len(expected), told
    assert all(want in have for want, have in zip(expected, told, strict=True)), told
    assert done.returncode == (2 if expected else 0)


@pytest.mark.parametrize(
    "surroundings",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "xx_YY.UTF-8"},
        {"LANG": "de_DE.UTF-8"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
    ],
    ids=str,
)
@pytest.mark.parametrize("variable", ["ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_VAULT_IDENTITY_LIST"])
def test_secrets_are_opened_whatever_the_locale(tmp_path: Path, surroundings: dict[str, str], variable: str) -> None:
    """ssh forwards the locale of a person, which this machine may not have; Ansible by itself would end there."""
    secret = encrypt("base_domain: [x]\nmy_word: K\u00e4se\n", tmp_path)
    shutil.copy(ROOT / "inventories" / "asgard" / "plan.yml", tmp_path)
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text(secret)
    kept = ("PATH", "HOME", "PYTHONPATH", "ANSIBLE_LOCAL_TEMP", "XDG_STATE_HOME")
    password = str(tmp_path / "password")
    given = {variable: password if variable.endswith("FILE") else f"site@{password}"}
    environment = {name: os.environ[name] for name in kept if name in os.environ} | surroundings | given
    command = [sys.executable, "-m", "provisioner", "check", f"--plan={tmp_path / 'plan.yml'}", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2, done.stderr
    assert [each["wrong"] for each in json.loads(done.stdout)["problems"]] == [
        "base_domain: a list, where text is wanted"
    ]
