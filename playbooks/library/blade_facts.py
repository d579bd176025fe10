#!/usr/bin/python
"""Everything a run wants to know about a blade, in one remote call."""

from __future__ import annotations

DOCUMENTATION = r"""
module: blade_facts
short_description: Facts of a blade that the roles of this project decide on
description:
  - Reads, in one call, the state of everything that the roles manage; they compare it with what they want.
  - Changes nothing. Sets C(ansible_facts['blade']).
options:
  packages:
    description: Names of packages to report the installed version of ('' when not installed).
    type: list
    elements: str
    default: []
  units:
    description: systemd units to report the state of.
    type: list
    elements: str
    default: []
  users:
    description: Accounts to report uid and gid of.
    type: list
    elements: str
    default: []
  paths:
    description: Files, links and folders to report the state of, with the text of files.
    type: list
    elements: str
    default: []
  secrets:
    description: Secret files to return a salted digest with owner and mode of, by a name of the caller.
    type: dict
    default: {}
  scratch:
    description: C(disks), C(layout) and C(mount_point) as the module scratch takes them; whether all of it is right.
    type: dict
    default: {}
  full:
    description: Handed on; tells the roles to run all their tasks, whatever these facts say.
    type: bool
    default: false
  asked:
    description: The clock of the asking machine (epoch) at the time of asking; the skew is reported against it.
    type: float
    default: 0
  salt:
    description: Random text of this run; makes digests of O(secrets) worthless after it.
    type: str
    default: ''
author: the provisioner project
"""

import hashlib
import hmac
import os
import pwd
import shutil
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.blade_disks.machine import Machine
from ansible.module_utils.blade_disks.model import Refusal, Wanted
from ansible.module_utils.blade_disks.scratch import converge
from ansible.module_utils.file_states import state


def run(*command):
    """The output of a command, '' when it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env={**os.environ, "LC_ALL": "C"})
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def text(path):
    """The content of a file, '' when it cannot be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def os_release():
    """ID, VERSION_ID and PRETTY_NAME of /etc/os-release, by lower-case key."""
    pairs = (line.split("=", 1) for line in text("/etc/os-release").splitlines() if "=" in line)
    found = {key.lower(): value.strip('"') for key, value in pairs}
    return {key: found.get(key, "") for key in ("id", "version_id", "pretty_name")}


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


def unit_states(names):
    """`{"load", "active", "enabled", "since", "reload_needed"}` per unit; since is an epoch, 0 when not active."""
    keys = "Id,LoadState,ActiveState,UnitFileState,ActiveEnterTimestamp,NeedDaemonReload"
    units = [name + ".service" for name in names]
    blocks = run("systemctl", "show", "--timestamp=us+utc", "--property", keys, *units).split("\n\n") if units else []
    states = {}
    for block in blocks:
        pairs = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        states[pairs.get("Id", "").replace(".service", "")] = {
            "load": pairs.get("LoadState", ""),
            "active": pairs.get("ActiveState", ""),
            "enabled": pairs.get("UnitFileState", ""),
            "since": epoch(pairs.get("ActiveEnterTimestamp", "")),
            "reload_needed": pairs.get("NeedDaemonReload") == "yes",
        }
    absent = {"load": "not-found", "active": "", "enabled": "", "since": 0.0, "reload_needed": False}
    return {name: states.get(name, absent) for name in names}


def epoch(words):
    """Seconds since 1970 of systemd's `Mon 2026-11-23 05:57:40.123456 UTC`; 0 for anything else."""
    try:
        moment = datetime.strptime(words, "%a %Y-%m-%d %H:%M:%S.%f UTC")
    except ValueError:
        return 0.0
    return moment.replace(tzinfo=timezone.utc).timestamp()


def written(paths):
    """When what is at a path was last put there or changed (epoch), 0 where there is nothing.

    A daemon that has run for longer still holds what was there before: a run was killed in between.
    """
    times = {}
    for name, path in paths.items():
        try:
            times[name] = os.lstat(path).st_ctime
        except OSError:
            times[name] = 0.0
    return times


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


def readable_state(path):
    """The state of a path with its content as text."""
    found = state(path)
    if found["kind"] == "file":
        found["content"] = found["content"].decode(errors="replace")
    return found


def secret_digests(paths, salt):
    """`digest:owner:mode` per secret; '' for a missing one."""
    found = {}
    for name, path in paths.items():
        try:
            status = os.stat(path)
            digest = hmac.new(salt.encode(), Path(path).read_bytes(), hashlib.sha256).hexdigest()
            found[name] = f"{digest}:{pwd.getpwuid(status.st_uid).pw_name}:{status.st_mode & 0o7777:o}"
        except (OSError, KeyError):
            found[name] = ""
    return found


def scratch_state(wanted):
    """`{"right", "size_mib"}` of the wanted scratch: asked of the very code that would make it.

    A warning, such as a label that nobody wants any more, is for the role to show, so it is not right either.
    """
    if not wanted.get("disks"):
        return {"right": True, "size_mib": 0}
    disks = [Wanted(disk["size_gb"], disk["id"]) for disk in wanted["disks"]]
    try:
        found = converge(Machine(), disks, wanted["layout"], os.path.normpath(wanted["mount_point"]), check=True)
    except Refusal:
        return {"right": False, "size_mib": 0}
    size = found["ansible_facts"]["scratch"]["size_mib"]
    return {"right": not found["actions"] and not found["warnings"], "size_mib": size}


def cpu():
    """Logical CPUs and model as /proc/cpuinfo has them."""
    lines = [line.split(":", 1) for line in text("/proc/cpuinfo").splitlines() if ":" in line]
    pairs = [(key.strip(), value.strip()) for key, value in lines]
    models = [value for key, value in pairs if key == "model name"]
    return {"cpus": sum(1 for key, _ in pairs if key == "processor"), "model": models[0] if models else ""}


def can_set_clock():
    """Whether CAP_SYS_TIME (bit 25) is to be had; a container shares its host's clock."""
    for line in text("/proc/self/status").splitlines():
        if line.startswith("CapBnd:"):
            return bool(int(line.split()[1], 16) >> 25 & 1)
    return True


def memory_mib():
    """MemTotal in MiB."""
    for line in text("/proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return 0


def main():
    """Gathers the facts and prints them."""
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
            "users": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "list", "elements": "str", "default": []},
            "secrets": {"type": "dict", "default": {}, "no_log": False},
            "scratch": {"type": "dict", "default": {}},
            "full": {"type": "bool", "default": False},
            "asked": {"type": "float", "default": 0},
            "salt": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    slurmd = shutil.which("slurmd", path="/usr/sbin:/usr/bin")
    facts = {
        "machine_id": text("/etc/machine-id").strip(),
        "host_name": os.uname().nodename,
        "machine": os.uname().machine,
        "os": os_release(),
        "init": text("/proc/1/comm").strip(),
        "epoch": time.time(),
        "skew": time.time() - wanted["asked"],
        "memory_mib": memory_mib(),
        "cpu": cpu(),
        "free_mib": {path: shutil.disk_usage(path).free // 2**20 for path in ("/", "/var")},
        "can_set_clock": can_set_clock(),
        "read_only": not os.access("/etc", os.W_OK),
        "dpkg_trouble": run("dpkg", "--audit").strip(),
        "packages": package_versions(wanted["packages"]),
        "units": unit_states(wanted["units"]),
        "users": user_ids(wanted["users"]),
        "paths": {path: readable_state(path) for path in wanted["paths"]},
        "written": written({path: path for path in wanted["paths"]} | wanted["secrets"]),
        "secrets": secret_digests(wanted["secrets"], wanted["salt"]),
        "scratch": scratch_state(wanted["scratch"]),
        "full": wanted["full"],
        "slurmd_c": run(slurmd, "-C") if slurmd else "",
    }
    module.exit_json(ansible_facts={"blade": facts})


if __name__ == "__main__":
    main()
