"""What must be true of a blade before anything on it is touched. Pure; the facts come from `blade_facts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.console_text import their_words
from provisioner.slurm.database import database_mib
from provisioner.slurm.defects import release_problems
from provisioner.slurm.hardware import implausible, parse_slurmd_c
from provisioner.slurm.node_gpus import plan_problems
from provisioner.slurm.registry import read_registry
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from provisioner.slurm.settings import site_problems
from provisioner.state.masks import is_masked, unit_of
from provisioner.state.work import wanted_accounts, wanted_packages

MUNGE_TOLERANCE = 300  # seconds; munge rejects credentials that are older, in either direction
# Against the asking machine; two blades may then differ by twice as much, plus the time of the call.
SKEW_LIMIT = (MUNGE_TOLERANCE - 60) / 2
REGISTRY = "/etc/slurm/nodes.json"
MUNGE_KEY = "/etc/munge/munge.key"
CONTROLLER_UNIT, MUNGE_UNIT = "slurmctld.service", "munge.service"
_RESTORE = (
    "restore /etc/munge/munge.key, /etc/slurm/nodes.json and /var/lib/slurm/slurmctld on the controller from a backup "
    "(`provision restore FILE`), or run over all blades with --new-cluster to start anew"
)
NEEDED_MIB = {"/": 300, "/var": 600}
DATABASE = "mariadb-server"
LOGIN = "login"


def blade_problems(
    blade: Mapping[str, Any], wanted: Mapping[str, Any], controller: Mapping[str, Any] | None
) -> list[str]:
    """Everything that speaks against provisioning this blade, each as `what is wrong; next: what to do`.

    Args:
        blade: its facts.
        wanted: `{"name": inventory name, "controls": whether it runs slurmctld, "states": what its roles
            keep, by role, "new_cluster": bool}`, and where they are known `"gpus"`: `{"count", "type"}` as its
            variables say; for the controller `{"members": facts of the compute blades of this run, "site": what the
            site sets for Slurm, see `site_problems`}`.
        controller: the controller's facts; null while it is unreachable.
    """
    return [
        *system_problems(blade),
        *_release_problems(blade, controller),
        *_space_problems(blade, wanted_packages(wanted["states"], blade["os"]["version_id"])),
        *_clock_problems(float(blade["skew"])),
        *_user_problems(blade, wanted_accounts(wanted["states"])),
        *_hardware_problems(str(blade["slurmd_c"])),
        *_file_problems(blade),
        *(plan_problems(wanted["gpus"]["count"], wanted["gpus"]["type"]) if "gpus" in wanted else []),
        *(_mask_problems(blade) if wanted["controls"] else []),
        *_cluster_problems(blade, wanted, controller),
        *(_site_problems(blade, wanted["site"]) if wanted["controls"] and "site" in wanted else []),
    ]


def system_problems(blade: Mapping[str, Any]) -> list[str]:
    """What speaks against the system itself: another one than Debian 12 or 13, no systemd, nowhere to write."""
    system = blade["os"]
    problems = []
    if system["id"] != "debian" or system["version_id"] not in SLURM_OF_DEBIAN:
        name = their_words(system["pretty_name"]) or "an unknown system"
        problems.append(f"it runs {name}, which is not supported; next: image it with Debian 12 or Debian 13")
    if blade["init"] != "systemd":
        problems.append(f"its init is {their_words(blade['init'])}, not systemd; next: image it with a plain Debian")
    if not blade["machine_id"]:
        problems.append("it has no machine-id; next: run systemd-machine-id-setup on it")
    if blade["read_only"]:
        problems.append(
            "its root filesystem is read-only; next: look at dmesg for disk errors, then remount or reimage it"
        )
    return problems


def _release_problems(blade: Mapping[str, Any], controller: Mapping[str, Any] | None) -> list[str]:
    if controller is None:
        return []
    own = SLURM_OF_DEBIAN.get(blade["os"]["version_id"])
    its = SLURM_OF_DEBIAN.get(controller["os"]["version_id"])
    if own is None or its is None or own == its:
        return []
    return [
        f"it runs Debian {blade['os']['version_id']} (Slurm {own}) and the controller Debian "
        f"{controller['os']['version_id']} (Slurm {its}), which do not understand each other; next: "
        f"image it with Debian {controller['os']['version_id']}"
    ]


def _space_problems(blade: Mapping[str, Any], packages: Iterable[str]) -> list[str]:
    """Room for packages; a member that has them all is not stopped by a full disk."""
    missing = [name for name in packages if not blade["packages"].get(name)]
    if not missing:
        return []
    database = {"/var": database_mib(int(blade["memory_mib"]))} if DATABASE in missing else {}
    wanted = {path: least + database.get(path, 0) for path, least in NEEDED_MIB.items()}
    return [
        f"only {blade['free_mib'][path]} MiB are free on {path}, {needed} are needed; next: make room there"
        for path, needed in wanted.items()
        if blade["free_mib"].get(path, needed) < needed
    ]


def _hardware_problems(slurmd_c: str) -> list[str]:
    """Without a whole line there would be no record; a blade that has no slurmd yet is asked again once it has."""
    try:
        problem = implausible(parse_slurmd_c(slurmd_c)) if slurmd_c else ""
    except ValueError as error:
        problem = their_words(error)
    else:
        problem = problem and f"slurmd -C says what no machine has: {problem}"
    return [f"{problem}; next: run `slurmd -C` on it and look at what it says"] if problem else []


def _file_problems(blade: Mapping[str, Any]) -> list[str]:
    """A file whose text did not fit into the facts: to go by an empty text would throw it away."""
    return [
        f"its {path} has {state['too_big'] // 2**20} MiB; next: look at it, and move it away or restore it"
        for path, state in blade["paths"].items()
        if state.get("too_big")
    ]


def _mask_problems(blade: Mapping[str, Any]) -> list[str]:
    """An admin's mask on the controller without which nothing of the cluster can be changed."""
    masked = [CONTROLLER_UNIT] if is_masked(blade, CONTROLLER_UNIT) else []
    if is_masked(blade, MUNGE_UNIT) and unit_of(blade, MUNGE_UNIT)["active"] != "active":
        masked.append(MUNGE_UNIT)
    return [
        f"an admin masked {name} on the controller, so the cluster is left as it is; next: `systemctl unmask {name}` "
        "there and run again"
        for name in masked
    ]


def _site_problems(blade: Mapping[str, Any], site: Mapping[str, Any]) -> list[str]:
    """What the site or the registry would put into slurm.conf and must not; before anything is touched."""
    release = SLURM_OF_DEBIAN.get(blade["os"]["version_id"])
    problems = site_problems(site) + (release_problems(site, release) if release else [])
    try:
        read_registry(_text(blade, REGISTRY), site["slurmctld_cluster"]["name"])
    except (ValueError, KeyError, TypeError) as error:
        problems.append(f"{their_words(error)}; next: {_RESTORE}")
    return problems


def _clock_problems(seconds: float) -> list[str]:
    skew = round(seconds)
    if abs(skew) < SKEW_LIMIT:
        return []
    word = "ahead" if skew > 0 else "behind"
    return [
        f"its clock is {abs(skew)} s {word} of this machine's, and munge breaks when two blades differ by "
        f"{MUNGE_TOLERANCE} s; next: set it with date --set or let chrony step it (chronyc makestep)"
    ]


def _cluster_problems(
    blade: Mapping[str, Any], wanted: Mapping[str, Any], controller: Mapping[str, Any] | None
) -> list[str]:
    """A cluster that lives is not replaced in silence: not by a reimaged controller, not by a changed plan."""
    if controller is None or wanted["new_cluster"]:
        return []
    if wanted["controls"]:
        lost = _has_no_registry(blade) and any(was_member(member) for member in wanted["members"])
        return [f"it has lost the registry of a cluster that blades still belong to; next: {_RESTORE}"] if lost else []
    problems = []
    if blade["units"][CONTROLLER_UNIT]["active"] == "active":
        problems.append(
            "it runs slurmctld although the plan says otherwise; next: name it as controller in the plan, or move "
            "/etc/munge/munge.key, /etc/slurm/nodes.json and /var/lib/slurm/slurmctld to the new controller and run "
            "`systemctl disable --now slurmctld` here"
        )
    on_record = f'"{wanted["name"]}"' in _text(controller, REGISTRY)
    if on_record and LOGIN in wanted["states"]:
        problems.append(
            "it is a compute node on record, where jobs may run, and a login node by the plan; next: take it out of "
            f"the cluster with `provision release {wanted['name']}`, then run again"
        )
    if was_member(blade) and not on_record and not _has_key_of(controller, blade):
        problems.append(
            f"it belongs to a cluster whose controller has lost its registry, or to another one; next: {_RESTORE}"
        )
    return problems


def _has_no_registry(controller: Mapping[str, Any]) -> bool:
    return not _text(controller, REGISTRY).strip()


def was_member(blade: Mapping[str, Any]) -> bool:
    """Whether it has our options of slurmd, which come last, when the registry has had the node for long."""
    return "Written by provision" in _text(blade, "/etc/default/slurmd")


def _has_key_of(controller: Mapping[str, Any], blade: Mapping[str, Any]) -> bool:
    """The same munge key: it was taken out of this very cluster (`--forget`), and may come back."""
    digests = [str(each.get("secrets", {}).get(MUNGE_KEY, "")).split(":")[0] for each in (controller, blade)]
    return digests[0] != "" and digests[0] == digests[1]


def _text(blade: Mapping[str, Any], path: str) -> str:
    return str(blade["paths"].get(path, {}).get("content", ""))


def _user_problems(blade: Mapping[str, Any], users: Mapping[str, int]) -> list[str]:
    problems = []
    for name, number in users.items():
        found = blade["users"].get(name)
        if found is not None and (found["uid"], found["gid"]) != (number, number):
            problems.append(
                f"user {name} has uid {found['uid']} and gid {found['gid']} here, {number} everywhere else; next: "
                f"run `systemctl stop {name}*; groupmod -g {number} {name}; usermod -u {number} -g {number} {name}; "
                f"chown -R {name}: /etc/{name} /var/lib/{name} /var/log/{name}` on it, or image it without them"
            )
    return problems
