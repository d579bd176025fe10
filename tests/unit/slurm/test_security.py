from __future__ import annotations

import json

import pytest

from provisioner.debian_version import is_older
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from provisioner.slurm.security import MINIMUM, cluster_security, outdated, security_notes, watched_versions
from tests.unit.slurm.node_makers import record

OLD = {"munge": "0.5.15-2", "slurm-client": "22.05.8-4+deb12u1", "slurmd": "22.05.8-4+deb12u1", "slurmctld": ""}
GOOD = {name: minimum.version for minimum in MINIMUM["12"] for name in minimum.packages}


def test_every_supported_release_has_minimums() -> None:
    assert set(MINIMUM) == set(SLURM_OF_DEBIAN)
    for debian, minimums in MINIMUM.items():
        slurm = next(each for each in minimums if "slurmd" in each.packages)
        assert slurm.version.startswith(SLURM_OF_DEBIAN[debian]), "a minimum never asks for another release of Slurm"


def test_old_packages_are_named_with_what_they_lack() -> None:
    assert outdated("12", OLD) == [
        "slurm-client and slurmd 22.05.8-4+deb12u1: older than 22.05.8-4+deb12u3, which fixes CVE-2025-43904",
        "munge 0.5.15-2: older than 0.5.15-2+deb12u1, which fixes CVE-2026-25506",
    ]


@pytest.mark.parametrize("debian", MINIMUM)
def test_the_minimum_itself_and_what_is_not_installed_are_fine(debian: str) -> None:
    versions = {name: minimum.version for minimum in MINIMUM[debian] for name in minimum.packages}
    assert outdated(debian, versions) == []
    assert outdated(debian, dict.fromkeys(versions, "")) == []
    assert outdated(debian, {}) == []
    assert outdated("99", OLD) == []
    assert not any(is_older(version, version) for version in versions.values())


def test_a_version_that_is_none_is_never_shown() -> None:
    hostile = {"slurmd": "1\nNodeName=evil", "munge": "1\x1b[31m", "slurm-client": "1" * 65}
    assert watched_versions(hostile) == {}
    assert outdated("12", hostile) == []


def test_a_run_says_what_to_do() -> None:
    notes = security_notes({"os": {"version_id": "12"}, "packages": OLD})
    assert len(notes) == 2
    assert all(note.endswith("; next: provision slurm --upgrade") for note in notes)


def answer(debian: str, registry: object) -> str:
    lines = [debian, "installed munge 0.5.15-2", "config-files slurm-client 1", "installed slurmctld 22.05.8-4+deb12u3"]
    return "\n".join([*lines, registry if isinstance(registry, str) else json.dumps(registry, indent=2), ""])


def test_status_knows_the_controller_and_the_nodes_of_the_registry() -> None:
    nodes = {"bld-008": record(packages=OLD), "bld-011": record(packages=GOOD), "bld-012": record()}
    found = cluster_security(answer("12", {"format": 1, "cluster": "demo", "nodes": nodes}), "demo", "bld-006")
    assert set(found["outdated"]) == {"bld-006", "bld-008"}
    assert found["outdated"]["bld-006"] == outdated("12", {"munge": "0.5.15-2"})
    assert "Debian 13" in found["release"]


@pytest.mark.parametrize("registry", ["", "{", '{"format": 9}', "[]"])
def test_status_goes_on_without_a_registry(registry: str) -> None:
    found = cluster_security(answer("13", registry), "demo", "bld-006")
    assert (set(found["outdated"]), found["release"]) == ({"bld-006"}, "")


def test_status_goes_on_without_an_answer() -> None:
    assert cluster_security("", "demo", "bld-006") == {"outdated": {}, "release": ""}
