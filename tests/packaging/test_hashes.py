"""Every package that is installed here is one whose hash stands in the repository."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.packaging.wheel import CHECKOUT

FILES = [CHECKOUT / "constraints.txt", CHECKOUT / "requirements.txt"]
ENTRY = re.compile(r"([A-Za-z0-9._-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)")
# The environment itself, which comes with Python, and the project.
OWN = {"pip", "setuptools", "wheel", "provisioner"}


def pins(file: Path) -> dict[str, tuple[str, int]]:
    """Version and number of hashes by name."""
    found = ENTRY.findall(file.read_text())
    return {canonicalize_name(name): (version, hashes.count("sha256:")) for name, version, hashes in found}


def test_every_installed_package_is_pinned_with_hashes() -> None:
    everything = pins(FILES[0])
    installed = {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}
    assert {name: version for name, version in installed.items() if name not in OWN} == {
        name: version for name, (version, _) in everything.items() if name in installed
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_entry_has_hashes_and_nothing_else_stands_there(file: Path) -> None:
    left = [line for line in ENTRY.sub("", file.read_text()).splitlines() if line and not line.startswith("#")]
    assert left == []
    assert pins(file)
    assert "://" not in file.read_text(), "which index a package comes from is the machine's business"


def test_what_is_compiled_has_a_wheel_for_every_python_and_processor() -> None:
    for name in ("pyyaml", "markupsafe", "cffi"):
        assert pins(FILES[0])[name][1] >= 6, name


def test_what_a_run_needs_is_part_of_everything() -> None:
    everything, needed = (pins(file) for file in FILES)
    assert needed.items() <= everything.items()
    assert {"ansible-core", "hatchling", "editables", "typer"} <= needed.keys()
    assert not {"molecule", "mypy", "pytest"} & needed.keys()


def test_a_package_with_another_hash_is_refused(tmp_path: Path) -> None:
    """Else all of this would prove nothing."""
    forged = re.sub(r"--hash=sha256:[0-9a-f]{64}", f"--hash=sha256:{'0' * 64}", FILES[1].read_text())
    file = tmp_path / "requirements.txt"
    (entry,) = [each[0] for each in ENTRY.finditer(forged) if each[1].lower() == "mdurl"]
    file.write_text(entry + "\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", f"--dest={tmp_path}"]
    done = subprocess.run([*command, f"--requirement={file}"], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "HASH" in done.stdout + done.stderr
