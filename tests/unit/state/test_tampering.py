"""The cases of damage that tests of a cluster try, made of states."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from provisioner.state.kinds import OPTIONS
from provisioner.state.tampering import HARMS, Case, cases

ONE: dict[str, Any] = {
    "accounts": {"slurm": 64030},
    "packages": {"chrony": {}, "dbus": {}, "libpmix2": {"release": "12"}, "libpmix2t64": {"release": "13"}},
    "folders": {"/d": {}},
    "links": {"/usr/lib/{multiarch}/l.so": {"to": "x", "release": "12"}},
    "files": {"/f": {"content": ""}, "/own": {"own": True}},
    "strays": {"/s": {}},
    "secrets": {"/k": {"content": ""}, "/made": {"own": True}},
    "asks": {"host name": {"argv": ["uname"], "wanted": "a b", "run": ["host name", "a b"]}},
    "scratch": {"/scratch": {"disks": [{}]}},
    "units": {
        "a.service": {},
        "own.service": {"own": True},
        "m.service": {"masked": True},
        "c.service": {"only_if": "x"},
    },
    "trials": {"adopt": {}},
}
TWO: dict[str, Any] = {"packages": ["slurmd"], "files": {"/g": {"content": ""}}}


def made(release: str = "12") -> list[Case]:
    return list(cases({"one": ONE, "two": TWO}, release))


def named(harm: str, release: str = "12") -> list[str]:
    return [case.name for case in made(release) if case.harm == harm]


@pytest.mark.parametrize("kind", OPTIONS)
def test_something_can_happen_to_every_kind(kind: str) -> None:
    assert [case for case in made() if case.kind == kind]
    assert [harm for harm, scripts in HARMS.items() if kind in scripts]


@pytest.mark.parametrize("harm", HARMS)
def test_every_harm_comes_to_something(harm: str) -> None:
    assert named(harm)


def test_of_packages_there_is_one_case_for_each_role() -> None:
    """They come and go in one transaction."""
    assert named("package") == ["libpmix2", "slurmd"]
    assert named("package", "13") == ["libpmix2t64", "slurmd"]


def test_each_thing_has_its_cases_once() -> None:
    keys = [(case.harm, case.kind, case.name) for case in made()]
    assert len({*keys}) == len(keys)
    assert named("edited") == ["/f", "/g", "/usr/lib/{multiarch}/l.so"]
    assert named("mode") == ["/f", "/own", "/g", "/d", "/k", "/made"]


def test_contents_that_a_role_writes_by_itself_are_harmed_by_tests_of_its_own() -> None:
    """They depend on more than the state; who may read them does not."""
    assert {case.harm for case in made() if case.name in ("/own", "/made")} == {"mode", "owner"}
    assert named("other secret") == ["/k"]


def test_units_are_harmed_as_they_are_kept() -> None:
    assert named("stopped") == named("disabled") == named("masked by us") == ["a.service", "own.service"]
    assert named("unmasked") == ["m.service"]


def test_things_of_another_release_are_left_out() -> None:
    assert not [case for case in made("13") if case.kind == "links"]


def test_an_answer_is_spoiled_by_the_program_that_mends_it() -> None:
    (case,) = [case for case in made() if case.harm == "answer"]
    assert shlex.split(case.script) == ["host name", "somebody-else"]


@pytest.mark.parametrize("case", made(), ids=lambda case: f"{case.harm} {case.name}")
def test_a_script_is_one_that_a_shell_can_read(case: Case) -> None:
    done = subprocess.run(["sh", "-n", "-c", case.script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "{" not in case.script


SPOILED: dict[str, tuple[str, str]] = {
    "edited": ("first\nlast\n", "first\n"),
    "removed": ("x\n", ""),
}


@pytest.mark.parametrize("harm", SPOILED)
def test_a_file_is_harmed_by_its_script(tmp_path: Path, harm: str) -> None:
    file = tmp_path / "f"
    before, after = SPOILED[harm]
    file.write_text(before)
    script = HARMS[harm]["files"](str(file), {})
    subprocess.run(["sh", "-ec", script], check=True)
    assert (file.read_text() if file.exists() else "") == after


def test_a_mount_is_lost_at_boot_and_the_others_stay(tmp_path: Path) -> None:
    fstab = tmp_path / "fstab"
    fstab.write_text("LABEL=a /scratch xfs noatime 0 0\nLABEL=b /scratch2 xfs noatime 0 0\n")
    script = HARMS["lost at boot"]["scratch"]("/scratch", {}).replace("/etc/fstab", str(fstab))
    subprocess.run(["sh", "-ec", script], check=True)
    assert fstab.read_text() == "LABEL=b /scratch2 xfs noatime 0 0\n"
