"""The project as a user gets it: a wheel, installed into an environment that knows no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Installed:
    """A wheel and the environment it was installed into; `home` is an empty folder to run in."""

    wheel: Path
    environment: Path
    home: Path

    def program(self, name: str) -> Path:
        """A command of the environment, such as `provision`."""
        return self.environment / "bin" / name

    def run(self, name: str, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a command of the environment far from the checkout, and without its variables."""
        environment = {
            "PATH": f"{self.environment / 'bin'}:{os.defpath}:/usr/sbin:/sbin",
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
        }
        return subprocess.run(
            [str(self.program(name)), *map(str, arguments)],
            cwd=cwd or self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def build_wheel(folder: Path) -> Path:
    """Builds the wheel of this checkout into the folder, with the build backend of this environment; returns it."""
    _python(
        Path(sys.executable), "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, CHECKOUT
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def install_wheel(folder: Path) -> Installed:
    """Builds the wheel and installs it with its dependencies, by their hashes; takes about a minute."""
    installed = Installed(build_wheel(folder / "dist"), folder / "environment", folder / "home")
    installed.home.mkdir()
    _python(Path(sys.executable), "-m", "venv", installed.environment)
    python, needed = installed.program("python"), CHECKOUT / "requirements.txt"
    _python(python, "-m", "pip", "install", "--require-hashes", "-r", needed)
    _python(python, "-m", "pip", "install", "--no-deps", installed.wheel)
    return installed


def _python(python: Path, *arguments: str | Path) -> None:
    done = subprocess.run([python, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
