"""What roles keep is data: of known kinds, with one owner, and nothing is done to a node beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from provisioner.plan.load import load_plan
from provisioner.roles import ROLES as KNOWN
from provisioner.roles import roles_of
from provisioner.state.kinds import OPTIONS, StateError, all_things, things
from provisioner.state.owners import refuse_contradictions
from provisioner.state.questions import questions
from tests.contracts.ansible_files import (
    INTERNAL,
    KEEPERS,
    ROLES,
    ROOT,
    Task,
    all_plays,
    module_of,
    playbook_files,
    read,
    role_files,
    state_of,
    tasks_in,
    tasks_of_play,
)

STATES = {role: state_of(role) for role in KEEPERS}
# What file_set may be given besides entries with paths of their own: all of it is made of states.
MADE_OF_STATES = re.compile(
    r"{{ (__state_files|__state_secrets \| state_secret_entries\(.*\)"
    r"|{'(\w+)': \2_state} \| state_own_entries\(__\2_files, ansible_facts\['blade'\](, __\2_edited)?\)) }}"
)
# What makes an answer of a program another one changes something each time: only where it differs.
ONLY_WHERE_IT_DIFFERS = {"programs.yml"}


def plan_roles() -> list[list[str]]:
    """The sets of roles that nodes of a plan have."""
    plan = load_plan(ROOT / "inventories" / "asgard" / "plan.yml")
    return [list(names) for names in dict.fromkeys(tuple(roles_of(plan, blade)) for blade in plan.blades) if names]


PAIRS = sorted({pair for roles in plan_roles() for pair in combinations(roles, 2)})


def tasks_of(role: str) -> Iterator[Task]:
    for path in role_files(role, "tasks"):
        yield from tasks_in(read(path))


@pytest.mark.parametrize("role", KEEPERS)
def test_a_role_says_what_it_keeps(role: str) -> None:
    """In words that there are; what is a template as a whole is looked at by test_lazy_states."""
    state = read(ROOT / "roles" / role / "vars" / "main.yml")[f"{role}_state"]
    assert state
    assert set(state) <= set(OPTIONS)
    for kind in STATES[role]:
        assert list(things(role, STATES[role], kind))


def test_only_the_internal_role_keeps_nothing() -> None:
    assert set(ROLES) - set(KEEPERS) == {INTERNAL}
    assert f"{INTERNAL}_state" not in read(ROOT / "roles" / INTERNAL / "vars" / "main.yml")


@pytest.mark.parametrize(
    "wrong",
    [
        {"services": {"x.service": {}}},
        {"units": {"x.service": {"restart": True}}},
        {"files": ["/etc/x"]},
        {"accounts": {"x": None}},
    ],
)
def test_another_kind_or_option_names_the_role(wrong: dict[str, Any]) -> None:
    with pytest.raises(StateError, match="role base: "):
        questions({"base": {**STATES["base"], **wrong}})


def test_a_secret_comes_from_one_place() -> None:
    """Without one it would be made empty, and with two one of them would be ignored."""
    found = list(all_things(STATES, "secrets"))
    assert found
    for role, path, options in found:
        assert len({"content", "as_on", "own"} & set(options)) == 1, f"{role}: {path}"


def test_every_role_of_a_node_is_seen_by_the_plays() -> None:
    """A role is a folder, a line in provisioner/roles.py and an entry in states.yml."""
    imported = [
        task["ansible.builtin.import_role"]["name"]
        for task in read(ROOT / "playbooks" / "tasks" / "states.yml")
        if task["ansible.builtin.import_role"]["public"] and task["tags"] == ["never"]
    ]
    assert imported == [*KNOWN, INTERNAL]
    assert set(KNOWN) == set(KEEPERS)


def test_there_are_roles_side_by_side() -> None:
    assert {("base", "slurmctld"), ("base", "slurmd"), ("munge", "slurmd"), ("scratch", "slurmd")} <= set(PAIRS)


@pytest.mark.parametrize("roles", plan_roles(), ids=" ".join)
def test_the_roles_of_a_node_do_not_contradict_each_other(roles: list[str]) -> None:
    refuse_contradictions({role: STATES[role] for role in roles})


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_what_two_roles_keep_is_refused(one: str, other: str) -> None:
    """Whatever the one keeps, the other may not; packages they may share, and that something is not there."""
    for kind in STATES[one]:
        for name, options in things(one, STATES[one], kind):
            both = {**STATES[other], kind: {**dict(things(other, STATES[other], kind)), name: options}}
            states = {one: STATES[one], other: both}
            if kind in ("packages", "strays"):
                refuse_contradictions(states)
            else:
                with pytest.raises(StateError, match=f"{one} and {other}|{other} and {one}"):
                    refuse_contradictions(states)


def files_given(task: Task) -> list[Any]:
    """What a task gives to `file_set`, entry by entry."""
    files = task["file_set"]["files"]
    return files if isinstance(files, list) else [files]


def beside_the_state(role: str, task: Task) -> list[Any]:
    """Entries of a task that no state has: they would be written once, and never looked at again."""
    own = {path for path, options in STATES.get(role, {}).get("files", {}).items() if options.get("own")}
    return [
        entry
        for entry in files_given(task)
        if not (entry["path"] in own if isinstance(entry, dict) else MADE_OF_STATES.fullmatch(entry))
    ]


@pytest.mark.parametrize("role", ROLES)
def test_no_file_is_written_beside_the_states(role: str) -> None:
    for task in tasks_of(role):
        if module_of(task) == "file_set":
            assert beside_the_state(role, task) == [], task["name"]


def test_there_are_files() -> None:
    found = [role for role in ROLES for task in tasks_of(role) if module_of(task) == "file_set"]
    assert set(found) == {"slurmctld", "state"}
    assert not [path for path in playbook_files() for task in tasks_in(read(path)) if module_of(task) == "file_set"]


@pytest.mark.parametrize(
    "files",
    [
        [{"path": "/etc/x", "content": "y"}],
        [{"path": "/etc/logrotate.d/slurmctld", "content": "y"}],
        "{{ __slurmctld_more }}",
        ["{{ __state_files | first }}"],
    ],
)
def test_a_file_beside_the_state_is_noticed(files: Any) -> None:
    assert beside_the_state("slurmctld", {"name": "x", "file_set": {"files": files}})


def conditions(task: Task) -> list[str]:
    given = task.get("when", [])
    return [str(each) for each in (given if isinstance(given, list) else [given])]


def leaves_out(condition: str, variables: dict[str, Any]) -> bool:
    """Whether a condition goes by what differs, and would leave a part out where everything is to run."""
    words = re.sub(r"\b__\w+", lambda name: f"{name[0]} {variables.get(name[0], '')}", condition)
    by_differences = re.search(
        r"state_pending \||state_concerns|__state_(?!full)\w+|_(lines|told)\b|\['blade'\]", words
    )
    full = re.search(r"\['full'\] or|__state_full|__all\b", words)
    return bool(by_differences) and not full and "ansible_check_mode" not in condition


@pytest.mark.parametrize("role", ROLES)
def test_a_part_is_left_out_only_where_not_everything_is_to_run(role: str) -> None:
    """`--full` has to reach every task file that a glance at the differences would leave out."""
    variables = read(ROOT / "roles" / role / "vars" / "main.yml")
    for task in read(ROOT / "roles" / role / "tasks" / "main.yml"):
        if module_of(task) == "tell" or set(map(str, task.values())) & ONLY_WHERE_IT_DIFFERS:
            continue
        assert [each for each in conditions(task) if leaves_out(each, variables)] == [], task["name"]


def test_a_node_is_left_out_only_where_not_everything_is_to_run() -> None:
    """The same for the plays, which end for nodes that are in sync."""
    seen = 0
    for play in all_plays(ROOT / "playbooks" / "slurm.yml"):
        variables = play.get("vars") or {}
        for task in tasks_of_play(play):
            found = conditions(task) if module_of(task) in ("meta", "import_role", "include_role") else []
            seen += any("state_" in each for each in found)
            assert [each for each in found if leaves_out(each, variables)] == [], task["name"]
    assert seen >= 4


@pytest.mark.parametrize(
    ("condition", "wrong"),
    [
        ("ansible_facts['blade']['packages']['x'] | length == 0", True),
        ("state_pending | state_concerns(['base'])", True),
        ("__x_lines | length > 0", True),
        ("ansible_facts['blade']['full'] or state_pending | state_concerns(['base'])", False),
        ("__x_wanted", False),
        ("scratch_disks | length > 0", False),
    ],
)
def test_a_condition_that_leaves_out_is_noticed(condition: str, wrong: bool) -> None:
    variables = {"__x_wanted": "{{ ansible_facts['blade']['full'] or state_pending | state_concerns(['x']) }}"}
    assert leaves_out(condition, variables) is wrong
