"""The page about defects of Slurm keeps its word: what it says is set is set, what it says is refused is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from provisioner.slurm.config import CGROUP_SETTINGS, slurm_config
from provisioner.slurm.defects import release_problems
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from provisioner.slurm.settings import site_problems
from tests.contracts.ansible_files import ROOT

PAGE = (ROOT / "docs" / "known-defects.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
# As clusters with accounts have it, the fullest of all.
CLUSTER = {
    "name": "demo",
    "controller": "bld-006",
    "address": "10.20.0.106",
    "tmp_fs": "/scratch",
    "accounting": "10.20.0.106",
    "accounts": True,
    "mpi": True,
}
UNITS = "".join(path.read_text() for path in sorted(ROOT.glob("roles/*/vars/main.yml")))


def versions(section: str) -> list[str]:
    """The releases of Slurm that a section is about."""
    return [version for version in SLURM_OF_DEBIAN.values() if version in section] or list(SLURM_OF_DEBIAN.values())


def rows() -> Iterator[tuple[str, str]]:
    """Section and last cell of each row."""
    for section, text in SECTIONS.items():
        for row in text.splitlines():
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            if (
                row.startswith("|")
                and len(cells) == 3
                and not set(cells[2]) <= set("- ")
                and cells[0] != "what you see"
            ):
                yield section, cells[2]


def settings(cell: str, word: str) -> list[tuple[str, str]]:
    """The settings that follow a word up to the end of its clause."""
    clauses = re.findall(rf"\b{word}: ((?:`[^`]+`(?:, )?)+)", cell)
    return [
        (key, value) for code in re.findall(r"`([^`]+)`", " ".join(clauses)) for key, _, value in [code.partition("=")]
    ]


SET = [(section, *each) for section, cell in rows() for each in settings(cell, "set")]
REFUSED = [(section, *each) for section, cell in rows() for each in settings(cell, "refused")]


def test_the_page_has_all_parts() -> None:
    assert list(SECTIONS) == ["Debian 12: Slurm 22.05.8", "Debian 13: Slurm 24.11.5", "Both"]
    assert len(list(rows())) > 30
    assert len(SET) > 10
    assert len(REFUSED) >= 3
    assert "docs/known-defects.md" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("section", "key", "value"), SET)
def test_what_is_said_to_be_set_is_set(section: str, key: str, value: str) -> None:
    for version in versions(section):
        ours = slurm_config({**CLUSTER, "version": version}, {}, [], {})["settings"] | CGROUP_SETTINGS
        assert str(ours.get(key)) == value or re.search(rf"^ +{key}={re.escape(value)}$", UNITS, re.MULTILINE)


@pytest.mark.parametrize(("section", "key", "value"), REFUSED)
def test_what_is_said_to_be_refused_is_refused(section: str, key: str, value: str) -> None:
    assert site_problems({"slurmctld_config": {key: value}})


@pytest.mark.parametrize(
    ("version", "name", "key"),
    [
        ("22.05", "slurmctld_config", "MaxBatchRequeue"),
        ("22.05", "slurmctld_config", "PreemptParameters"),
        ("24.11", "slurmctld_cgroup_config", "ConstrainKmemSpace"),
    ],
)
def test_a_key_that_the_page_says_a_release_lacks_is_refused_there(version: str, name: str, key: str) -> None:
    (section,) = (text for title, text in SECTIONS.items() if version in title)
    assert f"`{key}`" in section
    (problem,) = release_problems({name: {key: "1"}}, version)
    assert problem.startswith(f"{name}: {key} is no key of")
