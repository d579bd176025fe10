"""Which files of variables Ansible reads, and for whom; what is no text is one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioner.settings.check import settings_problems
from tests.unit.settings.test_check import PLAN, ROLES, found


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "group_vars/tier_medum.yml",
            "there is no group tier_medum, so nobody reads it; did you mean tier_medium?",
        ),
        ("group_vars/slurm_compute/more.yml", ""),
        ("host_vars/bld-008.yml", ""),
        ("host_vars/BLD-008.yml", "there is no host BLD-008, so nobody reads it; did you mean bld-008"),
        ("group_vars/all.txt", "Ansible does not read a file with this ending"),
        ("group_vars/all/part.yaml", ""),
        ("group_vars/all.json", ""),
        ("group_vars/.all.yml.swp", ""),
        ("group_vars/all.yml~", ""),
        ("group_vars/README.md", ""),
        ("group_vars/all.yml.bak", "Ansible does not read a file with this ending"),
        ("group_vars", "group_vars:1:1: group_vars is a folder for Ansible, and this is none"),
    ],
)
def test_a_file_that_nobody_reads_is_a_problem(tmp_path: Path, name: str, words: str) -> None:
    lines = found(tmp_path, "", name)
    assert lines == [] if not words else [line for line in lines if words in line] == lines != []


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "group_vars"
    place.mkdir()
    (place / "all.yml").write_bytes(b"a: \xff\n")
    assert [str(each) for each in settings_problems(PLAN, tmp_path, ROLES)] == [
        "group_vars/all.yml:1:4: byte 0xff is not UTF-8; save the file as UTF-8"
    ]


@pytest.mark.parametrize("kind", ["link that leads nowhere", "link to itself", "pipe"])
def test_what_is_no_file_is_one_sentence(tmp_path: Path, kind: str) -> None:
    """A pipe would be waited for without an end."""
    place = tmp_path / "group_vars" / "all.yml"
    place.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("nowhere" if kind == "link that leads nowhere" else place.name)
    (problem,) = settings_problems(PLAN, tmp_path, ROLES)
    assert str(problem).startswith("group_vars/all.yml:1:1: this is no file: ")
