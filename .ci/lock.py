"""Writes the hashes of all wheels into constraints.txt (everything) and requirements.txt (what a run needs), and those
of the programs that tests/programs runs on a cluster into the requirements.txt there.

    .venv/bin/python .ci/lock.py

The versions are those that stand there: change them there first, or take them from `pip freeze` of a new environment.
pip is asked once per Python and processor; nothing is installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
PROCESSORS = ("x86_64", "aarch64")
PROGRAMS = "tests/programs/requirements.txt"
# Those of the blades' Debian.
BLADE_PYTHONS = ("3.11", "3.13")
# What a program needs and PyPI has no wheel of.
SOURCES = ("connection_pool",)
# As pip prefers them, newest glibc first; Debian 12 has 2.36.
PLATFORMS = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010",
             "manylinux_2_5", "manylinux1")  # fmt: skip
HEAD = {
    "constraints.txt": "# The versions all of this was tested with, and the hashes of their wheels, tools of the tests "
    "included.\n# Written by .ci/lock.py, which keeps the versions that stand here.\n",
    "requirements.txt": "# What a run needs, and the build backend: pip install --require-hashes -r requirements.txt\n"
    "# Written by .ci/lock.py from constraints.txt.\n",
    PROGRAMS: "# What a user of the cluster installs for docs/programs.md; nothing of the project needs it.\n"
    "# Written by .ci/lock.py, which keeps the versions that stand here.\n",
}
Package = dict[str, Any]


def main() -> None:
    """Asks pip for every target, and writes the files."""
    pins = pins_of("constraints.txt")
    found = reports(pins, PYTHONS)
    hashes = hashes_of(found.values())
    write("constraints.txt", pins, hashes)
    needed = {name for (python, _), packages in found.items() for name in closure(roots(), packages, python)}
    write("requirements.txt", [pin for pin in pins if name_of(pin) in needed], hashes)
    programs = pins_of(PROGRAMS)
    write(PROGRAMS, programs, hashes_of(reports(programs, BLADE_PYTHONS, SOURCES).values()))


def pins_of(file: str) -> list[str]:
    """The lines name==version of a file."""
    return re.findall(r"^([A-Za-z0-9._-]+==[^\s\\]+)", (TOP / file).read_text(), re.MULTILINE)


def reports(
    pins: Iterable[str], pythons: Iterable[str], sources: Iterable[str] = ()
) -> dict[tuple[str, str], dict[str, Package]]:
    """What pip would install, by Python and processor."""
    targets = [(python, processor) for python in pythons for processor in PROCESSORS]
    return {target: report(pins, *target, sources) for target in targets}


def hashes_of(found: Iterable[Mapping[str, Package]]) -> dict[str, set[str]]:
    """The hashes of each package, of all targets."""
    hashes: dict[str, set[str]] = {}
    for packages in found:
        for name, package in packages.items():
            hashes.setdefault(name, set()).add(package["download_info"]["archive_info"]["hashes"]["sha256"])
    return hashes


def report(pins: Iterable[str], python: str, processor: str, sources: Iterable[str]) -> dict[str, Package]:
    """What pip would install there, by name; a wheel of everything but the sources."""
    platforms = [f"--platform={platform}_{processor}" for platform in PLATFORMS]
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "pins.txt"
        asked.write_text("\n".join(pins))
        command = [
            sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps",
            "--only-binary=:all:", *(f"--no-binary={name}" for name in sources), f"--target={folder}/target",
            "--implementation=cp", f"--python-version={python}", *platforms,
            f"--report={folder}/report.json", f"--requirement={asked}",
        ]  # fmt: skip
        subprocess.run(command, check=True)
        installed = json.loads((Path(folder) / "report.json").read_text())["install"]
    return {name_of(each["metadata"]["name"]): each for each in installed}


def roots() -> list[str]:
    """What pyproject.toml asks for: at run time, and to build the project. hatchling asks for editables by itself."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())
    return [*project["project"]["dependencies"], *project["build-system"]["requires"], "editables"]


def closure(wanted: Iterable[str], packages: Mapping[str, Package], python: str) -> set[str]:
    """The names of what is wanted, and of all that it needs on this Python."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    environment |= {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    names: set[str] = set()
    left = [Requirement(each) for each in wanted]
    while left:
        requirement = left.pop()
        name = name_of(requirement.name)
        if name in names or (requirement.marker and not requirement.marker.evaluate(environment)):
            continue
        names.add(name)
        left += [Requirement(each) for each in packages[name]["metadata"].get("requires_dist", [])]
    return names


def name_of(pin: str) -> str:
    """The name as pip compares it."""
    return str(canonicalize_name(pin.partition("==")[0]))


def write(file: str, pins: Iterable[str], hashes: Mapping[str, set[str]]) -> None:
    """A package per entry, a hash per line."""
    entries = [
        " \\\n    ".join([pin, *(f"--hash=sha256:{digest}" for digest in sorted(hashes[name_of(pin)]))]) for pin in pins
    ]
    (TOP / file).write_text(HEAD[file] + "\n".join(entries) + "\n")


if __name__ == "__main__":
    main()
