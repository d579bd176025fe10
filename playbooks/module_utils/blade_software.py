"""What runs on a blade: packages, units, accounts."""

from __future__ import annotations

import os
import pwd
import subprocess
from datetime import datetime, timezone

# Where units are masked by hand, and what a mask of ours links to: nothing, like every mask, but not in the words of
# `systemctl mask`. So it is known as ours without a note that a kill could lose, and `systemctl mask` does not take it
# for its own.
UNITS, QUIET = "/etc/systemd/system", "/../dev/null"

APT_LOCKS = (
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/lib/apt/lists/lock",
    "/var/cache/apt/archives/lock",
)


def run(*command, limit=30):
    """The output of a command, '' when it is missing, fails, or takes more than `limit` seconds."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, env={**os.environ, "LC_ALL": "C"})
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def run_twice(*command):
    """The output of a command that now and then crashes, as `slurmd -C` of Slurm 24.11.5; '' when it does so again."""
    return run(*command) or run(*command)


def package_versions(names):
    """Installed version per package; '' for a package that is absent or only half installed."""
    versions = dict.fromkeys(names, "")
    # dpkg-query exits 1 as soon as one name is unknown, and still prints the others.
    form = "${Package}\t${db:Status-Status}\t${Version}\n"
    try:
        done = subprocess.run(["dpkg-query", "-W", "-f", form, *names], capture_output=True, text=True)
    except OSError:
        return versions
    for line in done.stdout.splitlines():
        name, status, version = line.split("\t")
        if status == "installed" and name in versions:
            versions[name] = version
    return versions


def is_locked(files, locks="/proc/locks"):
    """Whether any process may hold a lock of one of these files: a file elsewhere may have the same inode number."""
    inodes = {str(os.stat(file).st_ino) for file in files if os.path.exists(file)}
    try:
        with open(locks) as lines:
            # `1: POSIX  ADVISORY  WRITE 812 fe:00:262217 0 EOF`
            return any(line.split()[5].rpartition(":")[2] in inodes for line in lines if line.count(":") > 2)
    except OSError:
        return True


def unit_states(names):
    """`{"load", "active", "enabled", "since", "reload_needed", "quiet"}` per unit, named with its suffix.

    Since is an epoch, 0 when the unit is not active; quiet is a mask that a run of ours put there.
    """
    keys = "Id,LoadState,ActiveState,UnitFileState,ActiveEnterTimestamp,NeedDaemonReload"
    blocks = run("systemctl", "show", "--timestamp=us+utc", "--property", keys, *names).split("\n\n") if names else []
    states = {}
    for block in blocks:
        pairs = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        states[pairs.get("Id", "")] = {
            "load": pairs.get("LoadState", ""),
            "active": pairs.get("ActiveState", ""),
            "enabled": pairs.get("UnitFileState", ""),
            "since": epoch(pairs.get("ActiveEnterTimestamp", "")),
            "reload_needed": pairs.get("NeedDaemonReload") == "yes",
        }
    absent = {"load": "not-found", "active": "", "enabled": "", "since": 0.0, "reload_needed": False}
    return {name: {**states.get(name, absent), "quiet": is_quiet(name)} for name in names}


def is_quiet(name, folder=UNITS):
    """Whether a unit is masked by a run of ours."""
    try:
        return os.readlink(os.path.join(folder, name)) == QUIET
    except OSError:
        return False


def epoch(words):
    """Seconds since 1970 of systemd's `Mon 2026-11-23 05:57:40.123456 UTC`; 0 for anything else."""
    try:
        moment = datetime.strptime(words, "%a %Y-%m-%d %H:%M:%S.%f UTC")
    except ValueError:
        return 0.0
    return moment.replace(tzinfo=timezone.utc).timestamp()


def user_ids(names):
    """`{"uid", "gid"}` per account, null for one that does not exist."""
    found = dict.fromkeys(names)
    for name in names:
        try:
            entry = pwd.getpwnam(name)
            found[name] = {"uid": entry.pw_uid, "gid": entry.pw_gid}
        except KeyError:
            continue
    return found
