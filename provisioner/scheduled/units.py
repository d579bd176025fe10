"""The systemd units of a timer: one for the plan, one for a run, one for what follows a run. Pure."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from provisioner.errors import ExitCode, UsageError
from provisioner.scheduled.every import Every

MARK = "# Written by `provision timer install`"
"""How a unit begins that is ours."""
KEPT = ("HOME", "XDG_STATE_HOME", "GNUPGHOME", "ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_BECOME_PASSWORD_FILE")
"""What a run takes from the environment of the person who installs its timer."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_HOURS = 6
"""A run that takes longer hangs, and would keep all later ones away."""

# What neither ssh nor Ansible needs on this machine. These work in a service manager of a person, too.
_SANDBOX = (
    "LockPersonality=yes", "NoNewPrivileges=yes", "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "RestrictNamespaces=yes", "RestrictRealtime=yes", "RestrictSUIDSGID=yes", "SystemCallArchitectures=native",
    "SystemCallErrorNumber=EPERM", "SystemCallFilter=@system-service",
)  # fmt: skip
# Root reads a plan and keys wherever they are, and writes into the state folder alone.
_SYSTEM_SANDBOX = (
    "CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH", "PrivateDevices=yes",
    "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHome=read-only", "ProtectHostname=yes",
    "ProtectKernelLogs=yes", "ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectSystem=strict",
)  # fmt: skip


@dataclass(frozen=True)
class Timer:
    """A timer of one plan on this machine.

    Args:
        plan: absolute path of the plan.
        program: the words that start this provision, the first an absolute path.
        system: whether root's service manager runs it, and not that of the account.
        environment: what KEPT names and this machine has.
        state: the folder that runs write to.
        backups: the folder for backups, which may be elsewhere.
    """

    plan: Path
    program: Sequence[str]
    every: Every
    system: bool
    environment: Mapping[str, str]
    state: Path
    backups: Path

    @property
    def name(self) -> str:
        """What its units are called, without suffix."""
        return unit_name(self.plan)


def plan_id(plan: Path) -> str:
    """A word for the plan at an absolute path, the same each time: its folder's name, and a digest of the path."""
    digest = hashlib.sha256(os.fsencode(plan)).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", plan.parent.name.lower()).strip("-")[:24]
    return f"{slug}-{digest}" if slug else digest


def unit_name(plan: Path) -> str:
    """What the units of the plan at an absolute path are called; nothing in it has a meaning for systemd."""
    return f"provision-{plan_id(plan)}"


def unit_files(timer: Timer) -> dict[str, str]:
    """The text of each unit by file name.

    Raises:
        UsageError: a path has a character that no unit can hold.
    """
    for path in (str(timer.plan), *timer.program, *timer.environment.values(), str(timer.state), str(timer.backups)):
        if not _is_plain(path):
            raise UsageError("a path has a line break or another control character", "rename that file or folder")
    name = timer.name
    return {
        f"{name}.service": _text(_run_unit(timer)),
        # Two, since systemd tells a unit that has both what became of neither.
        f"{name}-notify.service": _text(_notify_unit(timer)),
        f"{name}-failed.service": _text(_notify_unit(timer)),
        f"{name}.timer": _text(_timer_unit(timer)),
    }


def _timer_unit(timer: Timer) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description=Scheduled runs over {_specifiers(str(timer.plan))}"
    yield ""
    yield "[Timer]"
    yield f"OnCalendar={timer.every.calendar}"
    yield f"RandomizedDelaySec={timer.every.delay}"
    yield "FixedRandomDelay=yes"
    yield "AccuracySec=5s"
    yield "# What was missed while this machine was off is made up at once."
    yield "Persistent=yes"
    yield ""
    yield "[Install]"
    yield "WantedBy=timers.target"


def _run_unit(timer: Timer) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description=A scheduled run over {_specifiers(str(timer.plan))}"
    if timer.system:
        yield "Wants=network-online.target"
        yield "After=network-online.target"
    yield f"OnSuccess={timer.name}-notify.service"
    yield f"OnFailure={timer.name}-failed.service"
    yield ""
    yield "[Service]"
    yield "Type=oneshot"
    yield f"ExecStart={_command(timer, 'slurm', '--scheduled')}"
    yield f"# {int(ExitCode.BUSY)}: another run works on the cluster; {int(ExitCode.STOPPED)}: somebody stopped it."
    yield f"SuccessExitStatus={int(ExitCode.BUSY)} {int(ExitCode.STOPPED)}"
    yield f"TimeoutStartSec={_MOST_HOURS}h"
    yield "# A run that is to end takes along what it started."
    yield "KillMode=mixed"
    yield "TimeoutStopSec=2min"
    yield "Nice=5"
    yield "UMask=0077"
    yield from _environment(timer)
    yield "Environment=PROVISION_TIMER=1"
    yield from _SANDBOX
    if timer.system:
        yield from _SYSTEM_SANDBOX
        for folder in dict.fromkeys((timer.state, timer.backups)):
            yield f"ReadWritePaths={_word(f'-{folder}')}"
        yield from _temporary(timer)


def _temporary(timer: Timer) -> Iterator[str]:
    """A /tmp of its own, unless the run would miss there what it needs."""
    needed = (str(timer.plan), *timer.program, *timer.environment.values(), str(timer.state), str(timer.backups))
    if any(path.startswith(("/tmp/", "/var/tmp/")) for path in needed):
        yield "ReadWritePaths=/tmp /var/tmp"
    else:
        yield "PrivateTmp=yes"


def _notify_unit(timer: Timer) -> Iterator[str]:
    yield "[Unit]"
    yield f"Description=What follows a scheduled run over {_specifiers(str(timer.plan))}"
    yield ""
    yield "[Service]"
    yield "# No sandbox: the command of the site may be a mail program."
    yield "Type=oneshot"
    yield f"ExecStart={_command(timer, 'timer', 'notify')}"
    yield "TimeoutStartSec=15min"
    yield "# A mail program may still be at work once its command has ended."
    yield "KillMode=process"
    yield "UMask=0077"
    yield from _environment(timer)


def _environment(timer: Timer) -> Iterator[str]:
    for name, value in {"PATH": PATH, **timer.environment}.items():
        yield f"Environment={_word(f'{name}={value}')}"


def _command(timer: Timer, *words: str) -> str:
    # Only behind the program a dollar sign begins a variable.
    program, *rest = timer.program
    later = [*rest, *words, f"--plan={timer.plan}"]
    return " ".join([_word(program), *(_word(word).replace("$", "$$") for word in later)])


def _text(lines: Iterator[str]) -> str:
    head = f"{MARK}; `provision timer remove` takes it away. Changes belong into a drop-in (systemctl edit)."
    return "\n".join([head, *lines]) + "\n"


def _word(text: str) -> str:
    """One word for systemd, whatever is in it."""
    escaped = _specifiers(text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped}"' if re.search(r"[^A-Za-z0-9_/.=:,%+@-]", text) else escaped


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _is_plain(text: str) -> bool:
    return text.isprintable() and not any("\ud800" <= each <= "\udfff" for each in text)
