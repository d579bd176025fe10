"""What a site may say in slurm.conf and cgroup.conf, checked as Slurm would read it. Pure.

Slurm takes a line for a list of `Key=Value` pairs: a blank ends a value and begins the next key, a line break the next
line, `#` a comment, a backslash goes on in the line below. A value with one of these would set another key, or define
a node, so it never gets into the file. What a setting means is the site's: `Prolog`, `PluginDir` or `MailProg` name
programs that run as root or as slurm, and group_vars beside the plan are trusted as much as root is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from provisioner.slurm.access import access_problems
from provisioner.slurm.defects import defect_problems
from provisioner.slurm.forms import HOST, NEXT, WORD, odd, shown
from provisioner.slurm.line_settings import node_problems, partition_problems, preemption_problems, switch_problems
from provisioner.slurm.ports import port_problems
from provisioner.slurm.times import TIME
from provisioner.slurm.unit_limits import limit_problems

_PLAN = "the plan and the registry say it"
_RELIED_ON = "units, ports and folders of the roles go with it"
# Keys that open a line of their own kind; in slurm.conf the plan and the registry say all of them.
_LINES = (
    "nodename", "nodeset", "downnodes", "frontendname", "partitionname", "switchname", "include", "nodeaddr",
    "nodehostname",
)  # fmt: skip
_OWNED = {
    **dict.fromkeys(
        (*_LINES, "clustername", "slurmctldhost", "controlmachine", "controladdr", "backupcontroller", "backupaddr",
         "slurmctldaddr", "tmpfs"),
        _PLAN,
    ),
    **dict.fromkeys(
        ("slurmctldport", "slurmdport", "slurmuser", "slurmduser", "authtype", "statesavelocation", "slurmdspooldir",
         "slurmctldlogfile", "slurmdlogfile", "slurmctldpidfile", "slurmdpidfile"),
        _RELIED_ON,
    ),
}  # fmt: skip
_OWNED_BY_FILE = {
    "slurmctld_config": _OWNED,
    "slurmctld_cgroup_config": dict.fromkeys(_LINES, _PLAN),
    "slurmdbd_config": dict.fromkeys(
        ("include", "authtype", "dbdaddr", "dbdhost", "dbdport", "logfile", "pidfile", "slurmuser", "storagehost",
         "storageloc", "storagepass", "storageport", "storagetype", "storageuser"),
        _RELIED_ON,
    ),
    "mariadb_config": dict.fromkeys(
        ("skip_networking", "bind_address", "port", "socket", "datadir", "user", "pid_file"), _RELIED_ON
    ),
}  # fmt: skip
KEYED = frozenset(_OWNED_BY_FILE)
"""The variables whose keys get into a file of Slurm or MariaDB."""
# What slurm.conf says once the plan has said it, by the variable that it is in.
_SAID = {
    "slurmctld_accounting": (
        "accountingstoragetype", "accountingstoragehost", "accountingstorageport", "accountingstoragepass",
    ),
    "slurmctld_preemption": ("preempttype", "preemptmode", "preemptexempttime"),
}  # fmt: skip

LONGEST = 4000
"""Characters of one value; Slurm's own buffers for a line were 4096 for long."""
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
# A plain value ends at a blank; one in quotes may have some.
_VALUE = re.compile(r"[!$-\[\]-~]*|\"[ !$-\[\]-~]*\"")
_BLADE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
_DOMAIN = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)?")
_ADDRESS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}")
_SOURCE = re.compile(r"([A-Za-z0-9][A-Za-z0-9.:-]{0,251})?")
_HIGHEST_ID = 2**32 - 1
_HOST_KEYS = ("name", "id", "address")
_TIME = re.compile(TIME)
_FOLDER = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*)+")


def site_problems(given: Mapping[str, Any]) -> list[str]:
    """Everything of the site that must not get into the files of Slurm or /etc/hosts, each with its next step.

    Args:
        given: `slurmctld_config`, `slurmctld_cgroup_config`, `slurmctld_accounting`, `slurmctld_cluster`,
            `slurmctld_partitions`, `slurmctld_preemption`, `slurmctld_default_time`, `slurmctld_nodes`,
            `slurmctld_switches`, `slurmctld_tmp_fs`, `slurmctld_logins`, `slurmdbd_config`, `mariadb_config`,
            `slurmd_limits`, `slurmrestd_port`, `adopt_ssh`, `adopt_admins`, `adopt_users`, `scratch_mount_point`,
            `jobtmp_mount_point`,
            `base_cluster`, `base_domain`, `base_hosts`, `base_users` and `base_time_source` as the play has them; those
            that are missing are not looked at.
    """
    problems = [problem for name in _OWNED_BY_FILE if name in given for problem in settings_problems(given[name], name)]
    if isinstance(site := given.get("slurmctld_config"), Mapping):
        said = {key for name, keys in _SAID.items() if given.get(name) for key in keys}
        taken = [key for key in site if str(key).lower() in said]
        problems += [f"slurmctld_config may not set {key}: {_PLAN}; {NEXT}" for key in taken]
    if not _TIME.fullmatch(str(given.get("slurmctld_default_time", "90"))):
        problems.append(f"slurmctld_default_time is no time such as 1-00:00:00, or minutes; {NEXT}")
    if "slurmctld_cluster" in given:
        forms = {"name": WORD, "controller": HOST, "address": _ADDRESS}
        problems += odd("slurmctld_cluster", given["slurmctld_cluster"], forms)
    problems += partition_problems(given.get("slurmctld_partitions", []))
    problems += preemption_problems(given.get("slurmctld_preemption", {}))
    problems += node_problems(given.get("slurmctld_nodes", {}))
    problems += switch_problems(given.get("slurmctld_switches", {}))
    problems += limit_problems(given.get("slurmd_limits", {}))
    problems += access_problems(given, _ADDRESS)
    problems += port_problems(given)
    problems += _hosts_problems(given)
    for name in ("scratch_mount_point", "slurmctld_tmp_fs", "jobtmp_mount_point"):
        folder = given.get(name, "/scratch")
        if not isinstance(folder, str) or len(folder) > 200 or not _FOLDER.fullmatch(folder):
            problems.append(f"{name} is no folder of plain letters such as /scratch; {NEXT}")
    return problems


def _hosts_problems(given: Mapping[str, Any]) -> list[str]:
    """What would put other lines than the cluster's into /etc/hosts and chrony.conf, or make root of an account."""
    problems = []
    if not _DOMAIN.fullmatch(str(given.get("base_domain", ""))):
        problems.append(f"base_domain is no domain such as cluster.example; {NEXT}")
    if not WORD.fullmatch(str(given.get("base_cluster", "slurm"))):
        problems.append(f"base_cluster is no name of a cluster; {NEXT}")
    if not _SOURCE.fullmatch(str(given.get("base_time_source", ""))):
        problems.append(f"base_time_source is no address or name of a time server; {NEXT}")
    for name, number in dict(given.get("base_users", {})).items():
        if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < _HIGHEST_ID:
            problems.append(f"base_users: {shown(name)} needs a number from 1 to {_HIGHEST_ID - 1}; {NEXT}")
    for host in given.get("base_hosts", []):
        forms = {"name": HOST, "id": _BLADE, "address": _ADDRESS, "ipv6": _ADDRESS, "domain": _DOMAIN}
        its = {key: form for key, form in forms.items() if key in _HOST_KEYS or key in host}
        problems += odd("base_hosts", host, its)
    return problems


def settings_problems(site: Any, name: str = "slurmctld_config") -> list[str]:
    """What is wrong with the site's keys of one file, [] when all is well.

    Args:
        site: the keys.
        name: the variable that they stand in.
    """
    if not isinstance(site, Mapping):
        return [f"{name} has to be keys with values, such as {{MessageTimeout: 60}}; {NEXT}"]
    odd = sorted(shown(key) for key in site if not isinstance(key, str) or not KEY.fullmatch(key))
    if odd:
        return [f"{name} has keys that are none of Slurm's: {', '.join(odd)}; {NEXT}"]
    owned = _OWNED_BY_FILE[name]
    taken = [key for key in site if key.lower() in owned]
    reasons = sorted({owned[key.lower()] for key in taken})
    twice = sorted(key for key, count in Counter(key.lower() for key in site).items() if count > 1)
    problems = []
    if taken:
        step = "next: take it out of group_vars beside the plan"
        problems.append(f"{name} may not set {', '.join(taken)}: {' and '.join(reasons)}; {step}")
    if twice:
        problems.append(f"{name} sets {', '.join(twice)} twice, since Slurm reads keys whatever their case; {NEXT}")
    problems += [f"{name}: {key} {trouble}; {NEXT}" for key in site if (trouble := value_trouble(site[key]))]
    return problems + (defect_problems(site) if name == "slurmctld_config" else [])


def value_trouble(value: Any) -> str:
    """What is wrong with a value, '' when nothing is."""
    if value is None or isinstance(value, bool | int):
        return ""
    text = str(value)
    if isinstance(value, float) and re.fullmatch(r"[0-9.]+", text):
        return ""
    if not isinstance(value, str):
        return "is no text and no number; write a list as Slurm does, with commas"
    if len(text) > LONGEST:
        return f"has more than {LONGEST} characters"
    if not text.isascii() or not text.isprintable():
        return "has a line break, or another character that Slurm would not read as it stands"
    if not _VALUE.fullmatch(text):
        return "has a blank, a quote, # or a backslash, where Slurm ends it; blanks need quotes around the whole value"
    return ""
