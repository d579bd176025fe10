from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from provisioner.inventory import inventory
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.roles import ROLES, roles_of

FOLDER = Path(__file__).parents[2]
PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-006}
tiers:
  fat: {slurm: [controller, compute]}
  thin: {slurm: [compute]}
  "off": {slurm: []}
blades:
  BLD-006: {bay: 6, address: 10.20.0.106, tier: fat, ram: 16}
  BLD-010: {bay: 10, address: 10.20.0.110, tier: fat, ram: 16}
  BLD-011: {bay: 11, address: 10.20.0.111, tier: thin, ram: 16}
  BLD-016: {bay: 16, address: 10.20.0.116, tier: "off", ram: 16}
"""
CASES = {
    "BLD-006": ["base", "munge", "users", "mariadb", "slurmdbd", "slurmctld", "mpi", "adopt"],
    "BLD-010": ["base", "munge", "users", "scratch", "jobtmp", "health", "slurmd", "mpi", "adopt"],
    "BLD-011": ["base", "munge", "users", "scratch", "jobtmp", "health", "slurmd", "mpi", "adopt"],
    "BLD-016": [],
}


def plan_that_says(said: str, folder: Path) -> Plan:
    """The plan above with more at its left margin."""
    path = folder / "plan.yml"
    path.write_text(PLAN + said)
    return load_plan(path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_that_says("", tmp_path_factory.mktemp("roles"))


@pytest.mark.parametrize("blade", CASES)
def test_what_a_blade_does_says_which_roles_it_has(site: Plan, blade: str) -> None:
    """Of a tier that may do both, one blade is the controller, and it computes nothing."""
    assert roles_of(site, blade) == CASES[blade]


@pytest.mark.parametrize(
    ("said", "blades"),
    [("true", ["BLD-006"]), ("false", []), ("{host: BLD-010}", ["BLD-010"])],
    ids=["on", "off", "there"],
)
def test_the_plan_says_who_keeps_the_database(said: str, blades: list[str], tmp_path: Path) -> None:
    plan = plan_that_says(f"accounting: {said}\n", tmp_path)
    for role in ("mariadb", "slurmdbd"):
        assert [name for name in plan.blades if role in roles_of(plan, name)] == blades
    order = roles_of(plan, "BLD-010")
    assert order == sorted(order, key=list(ROLES).index)


@pytest.mark.parametrize(("said", "there"), [("", True), ("health: true\n", True), ("health: false\n", False)])
def test_the_plan_says_whether_nodes_are_watched(said: str, there: bool, tmp_path: Path) -> None:
    plan = plan_that_says(said, tmp_path)
    watched = [name for name in plan.blades if "health" in roles_of(plan, name)]
    assert watched == (["BLD-010", "BLD-011"] if there else [])


@pytest.mark.parametrize(("said", "there"), [("", False), ("metrics: true\n", True)])
def test_the_plan_says_whether_members_are_measured(said: str, there: bool, tmp_path: Path) -> None:
    plan = plan_that_says(said, tmp_path)
    measured = {role: [name for name in plan.blades if role in roles_of(plan, name)] for role in ROLES}
    assert measured["metrics"] == (["BLD-006", "BLD-010", "BLD-011"] if there else [])
    assert measured["slurm_metrics"] == (["BLD-006"] if there else [])


@pytest.mark.parametrize(
    ("said", "serving", "knowing"),
    [
        ("rest: false", [], []),
        ("rest: true", ["BLD-006"], ["BLD-006"]),
        ("rest: {listen: network}", ["BLD-006"], ["BLD-006"]),
        ("rest: true\naccounting: {host: BLD-010}", ["BLD-006"], ["BLD-006", "BLD-010"]),
        ("rest: true\naccounting: {host: BLD-016}", ["BLD-006"], ["BLD-006", "BLD-016"]),
        ("rest: true\naccounting: false", ["BLD-006"], ["BLD-006"]),
    ],
)
def test_the_plan_says_who_has_the_rest_interface_and_the_key_of_tokens(
    said: str, serving: list[str], knowing: list[str], tmp_path: Path
) -> None:
    plan = plan_that_says(f"{said}\n", tmp_path)
    assert [name for name in plan.blades if "slurmrestd" in roles_of(plan, name)] == serving
    assert [name for name in plan.blades if "jwt" in roles_of(plan, name)] == knowing


@pytest.mark.parametrize("said", ["BLD-010", "[BLD-010]", "[BLD-006, BLD-010]"])
def test_a_login_node_computes_nothing(said: str, tmp_path: Path) -> None:
    plan = plan_that_says(f"login: {said}\n", tmp_path)
    assert roles_of(plan, "BLD-010") == ["base", "munge", "users", "login", "mpi", "adopt"]
    assert roles_of(plan, "BLD-006") == CASES["BLD-006"]
    assert roles_of(plan, "BLD-011") == CASES["BLD-011"]


def test_a_blade_of_no_tier_that_computes_may_be_one(tmp_path: Path) -> None:
    plan = plan_that_says("login: BLD-016\n", tmp_path)
    assert roles_of(plan, "BLD-016") == ["base", "munge", "users", "login", "mpi", "adopt"]


def test_roles_are_worked_on_in_one_order(site: Plan) -> None:
    for blade in site.blades:
        places = [list(ROLES).index(role) for role in roles_of(site, blade)]
        assert places == sorted(places)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_seen_by_the_plays_and_says_what_it_keeps(role: str) -> None:
    seen = yaml.safe_load((FOLDER / "playbooks" / "tasks" / "states.yml").read_text())
    assert role in [task["ansible.builtin.import_role"]["name"] for task in seen]
    assert f"{role}_state" in yaml.safe_load((FOLDER / "roles" / role / "vars" / "main.yml").read_text())


@pytest.mark.parametrize(
    ("said", "runtime", "compilers"),
    [
        ("true", ["BLD-006", "BLD-010", "BLD-011"], ["BLD-006"]),
        ("false", [], []),
        ("{}", ["BLD-006", "BLD-010", "BLD-011"], ["BLD-006"]),
        ("{compilers: none}", ["BLD-010", "BLD-011"], []),
        ("{compilers: all}", ["BLD-006", "BLD-010", "BLD-011"], ["BLD-006", "BLD-010", "BLD-011"]),
    ],
)
def test_the_plan_says_who_runs_and_who_compiles_mpi(
    said: str, runtime: list[str], compilers: list[str], tmp_path: Path
) -> None:
    plan = plan_that_says(f"mpi: {said}\n", tmp_path)
    assert [name for name in plan.blades if "mpi" in roles_of(plan, name)] == runtime
    told = inventory(plan)
    by_host = told["_meta"]["hostvars"]
    assert [name for name in plan.blades if "mpi_compilers" in by_host[name.lower()]] == compilers
    assert told["all"]["vars"].get("slurmctld_mpi", False) == (said != "false")
    assert ("mpi_network" in told["all"]["vars"]) == (said != "false")
