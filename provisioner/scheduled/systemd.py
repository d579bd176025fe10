"""What is asked and told of systemd; the only place that calls systemctl on this machine."""

from __future__ import annotations

import json
import os
import pwd
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provisioner.console_text import one_line
from provisioner.errors import ProvisionError

_PATIENCE = 60
"""Seconds for an answer of systemd."""
LINGER = "sudo loginctl enable-linger"


def this_account() -> str:
    """The name of this account as systemd has it, whatever its environment says; its number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def unit_folder(system: bool, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the units of an admin are, or those of this account."""
    if system:
        return Path("/etc/systemd/system")
    base = environment.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "systemd" / "user"


def stamp(system: bool, timer: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Where systemd remembers when a timer with `Persistent=` fired last."""
    base = Path("/var/lib" if system else environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "systemd" / "timers" / f"stamp-{timer}"


def systemctl(system: bool, *words: str) -> str:
    """What systemctl prints.

    Raises:
        ProvisionError: it does not work; with its words.
    """
    scope = "--system" if system else "--user"
    command = ["systemctl", scope, "--no-pager", "--no-ask-password", *words]
    # Its words and times are read here.
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    if not system and "XDG_RUNTIME_DIR" not in environment:
        environment["XDG_RUNTIME_DIR"] = f"/run/user/{os.getuid()}"
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=_PATIENCE, errors="replace",
        )  # fmt: skip
    except FileNotFoundError:
        raise ProvisionError("this machine has no systemctl", "use cron instead, as the README shows") from None
    except subprocess.TimeoutExpired:
        raise ProvisionError(
            f"systemd does not answer within {_PATIENCE} s", "look at this machine, then try again"
        ) from None
    if done.returncode:
        words_of_it = one_line(done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}", 400)
        raise ProvisionError(f"systemctl {words[0]}: {words_of_it}", _step(system, done.stderr))
    return done.stdout


def _step(system: bool, said: str) -> str:
    # Debian 13 says which bus it means.
    if re.search(r"Failed to connect to .*\bbus\b|not been booted with systemd", said):
        if system:
            return "use cron instead, as the README shows, since systemd does not run here"
        return f"`{LINGER} {this_account()}`, so that its systemd runs without a login, or use --system as root"
    return "see `systemctl status`, then try again"


def properties(system: bool, unit: str, *names: str) -> dict[str, str]:
    """Properties of a unit as systemd has them, whether it is there or not."""
    said = systemctl(system, "show", unit, *(f"--property={name}" for name in names))
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def times(system: bool, timer: str) -> tuple[float | None, float | None]:
    """When a timer fires next and when it fired last, in seconds since 1970; None for never."""
    try:
        rows: Any = json.loads(systemctl(system, "list-timers", "--all", "--output=json", timer) or "[]")
    except ValueError:
        return None, None
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    return _seconds(row.get("next")), _seconds(row.get("last"))


def _seconds(value: Any) -> float | None:
    # In microseconds; systemd says 0 or the largest number for never.
    return value / 1e6 if isinstance(value, int) and 0 < value < 1 << 63 else None
