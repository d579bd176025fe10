"""What Ansible made once is used again: only of texts of the project, and nothing damaged or somebody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provisioner.run.ansible_program import start_text

PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: Ask
      own_module:
        word: "{{ 'asked ' ~ site_word }}"
      register: answer
    - name: Say
      ansible.builtin.debug:
        msg: "{{ answer.said ~ ' twice' }}"
      when: "'asked' in answer.said"
"""
MODULE = """\
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({"word": {"type": "str"}})
module.exit_json(said="WORD " + module.params["word"])
"""
SECRET = "{{ 'of the site' ~ ' only' }}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one playbook and one module, and a site with a template of its own beside it."""
    library = tmp_path / "project" / "playbooks" / "library"
    library.mkdir(parents=True)
    (library.parent / "play.yml").write_text(PLAYBOOK)
    (library / "own_module.py").write_text(MODULE.replace("WORD", "he"))
    (tmp_path / "site.json").write_text(json.dumps({"site_word": SECRET}))
    return tmp_path / "project"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state" / ".kept"


def said(project: Path, home: Path) -> str:
    """What the playbook says in a run of its own."""
    start = project.parent / "start.py"
    start.write_text(start_text(home, project))
    words = ["--inventory=here,", "--connection=local", f"--extra-vars=@{project.parent / 'site.json'}"]
    environment = {
        **os.environ,
        "ANSIBLE_LIBRARY": str(project / "playbooks" / "library"),
        "ANSIBLE_LOCAL_TEMP": str(project.parent / "tmp"),
        "ANSIBLE_NOCOLOR": "True",
    }
    command = [sys.executable, str(start), *words, str(project / "playbooks" / "play.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.split('"msg": "')[1].split('"')[0]


def pieces(home: Path) -> dict[str, tuple[int, int]]:
    """What is kept, with the number of the file and when it was written."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def test_what_was_made_is_used_again(project: Path, home: Path) -> None:
    assert said(project, home) == "he asked of the site only twice"
    first = pieces(home)
    assert any(name.endswith(".module") and "own_module" in name for name in first)
    assert sum(not name.endswith(".module") for name in first) == 3
    assert said(project, home) == "he asked of the site only twice"
    assert pieces(home) == first


@pytest.mark.parametrize("beside", ["inventory", "playbook"])
def test_texts_of_a_site_are_not_kept(project: Path, home: Path, beside: str) -> None:
    if beside == "playbook":
        variables = project / "playbooks" / "group_vars"
        variables.mkdir()
        (project.parent / "site.json").rename(variables / "all.json")
        (project.parent / "site.json").write_text("{}")
    assert said(project, home) == "he asked of the site only twice"
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b" twice" in kept
    assert b"of the site" not in kept


def test_only_this_account_looks_into_it(project: Path, home: Path) -> None:
    said(project, home)
    assert {path.stat().st_mode & 0o777 for path in (home, *home.iterdir())} == {0o700}


def test_another_text_is_another_thing(project: Path, home: Path) -> None:
    said(project, home)
    (project / "playbooks" / "library" / "own_module.py").write_text(MODULE.replace("WORD", "she"))
    play = project / "playbooks" / "play.yml"
    play.write_text(PLAYBOOK.replace("twice", "once"))
    assert said(project, home) == "she asked of the site only once"


@pytest.mark.parametrize("damage", ["empty", "cut off", "other bytes", "a folder"])
def test_what_is_damaged_is_made_anew(project: Path, home: Path, damage: str) -> None:
    said(project, home)
    for path in [path for path in home.rglob("*") if path.is_file()]:
        whole = path.read_bytes()
        path.unlink()
        if damage == "a folder":
            path.mkdir()
        else:
            path.write_bytes({"empty": b"", "cut off": whole[:-3], "other bytes": whole[:-3] + b"abc"}[damage])
    assert said(project, home) == "he asked of the site only twice"


@pytest.mark.parametrize("there", ["a file", "a link", "open to others", "read-only"])
def test_where_nothing_can_be_kept_it_is_made_as_ever(project: Path, home: Path, there: str, tmp_path: Path) -> None:
    home.parent.mkdir()
    if there == "a file":
        home.write_text("")
    elif there == "a link":
        home.symlink_to("/proc")
    else:
        said(project, home)
        (folder,) = home.iterdir()
        folder.chmod(0o755 if there == "open to others" else 0o500)
    assert said(project, home) == "he asked of the site only twice"


def test_work_of_a_release_that_nobody_uses_goes(project: Path, home: Path) -> None:
    for name, days in (("old", 40), ("young", 20)):
        (home / name).mkdir(parents=True)
        os.utime(home / name, times=(time.time() - days * 86400,) * 2)
    said(project, home)
    assert not (home / "old").exists()
    assert (home / "young").exists()
