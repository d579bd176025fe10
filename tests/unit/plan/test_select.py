"""Which blades `--nodes` means."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.inventory import inventory
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.plan.select import select_for_run, select_forgotten, select_nodes
from provisioner.roles import roles_of

MEMBERS = ["BLD-011", "BLD-006", "BLD-008", "BLD-010"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (None, MEMBERS),
        ("@all", MEMBERS),
        ("BLD-008,BLD-011", ["BLD-011", "BLD-008"]),
        ("bld-008", ["BLD-008"]),
        ("Bld-008 , BLD-008 bld-011", ["BLD-011", "BLD-008"]),
        ("BLD-[008,010-011]", ["BLD-011", "BLD-008", "BLD-010"]),
        ("@medium", ["BLD-011", "BLD-008"]),
        ("@Medium,BLD-006", ["BLD-011", "BLD-006", "BLD-008"]),
        ("@all!BLD-008", ["BLD-011", "BLD-006", "BLD-010"]),
        ("@all ! @medium", ["BLD-006", "BLD-010"]),
        ("bld-01[0-1]", ["BLD-011", "BLD-010"]),
    ],
)
def test_sets_in_the_order_of_the_plan(small_plan: Plan, expression: str | None, expected: list[str]) -> None:
    assert select_nodes(small_plan, expression) == expected


def test_a_blade_that_has_the_database_alone_is_a_member(plan_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.yml"
    path.write_text(f"{plan_file.read_text()}accounting: {{host: BLD-016}}\n")
    plan = load_plan(path)
    assert select_nodes(plan, None) == [*MEMBERS, "BLD-016"]
    assert select_nodes(plan, "BLD-016") == ["BLD-016"]
    assert roles_of(plan, "BLD-016") == ["base", "munge", "users", "mariadb", "slurmdbd", "adopt"]
    told = inventory(plan)
    assert told["slurm_accounting"]["hosts"] == ["bld-016"]
    assert "bld-016" in told["slurm_members"]["hosts"]
    assert "bld-016" not in [*told["slurm_compute"]["hosts"], *told["slurm_spare"]["hosts"]]


@pytest.mark.parametrize(
    ("expression", "message", "next_step"),
    [
        ("BLD-012", "BLD-012 is not in the plan", "BLD-011"),
        ("BLD-008,BLD-01,x", "BLD-01, X are not in the plan", "did you mean"),
        ("BLD-016", "no Slurm role for BLD-016 (tier off)", "leave them out"),
        ("@off", "no Slurm role for BLD-016 (tier off)", "leave them out"),
        ("@mediun", '"@mediun" is no tier', "did you mean @medium?"),
        ("@empty", '"@empty" names no blade', "BLD-008"),
        ("", '"" names no blade', "BLD-008"),
        ("  ", '"  " names no blade', "BLD-008"),
        ("@medium!@medium", "names no blade", "BLD-008"),
        ("BLD-[008", "no node set", "BLD-[008-012]"),
        ("BLD-[12-8]", "no node set", "BLD-[008-012]"),
        ("BLD-008!", "no node set", "BLD-[008-012]"),
    ],
)
def test_what_is_refused(small_plan: Plan, expression: str, message: str, next_step: str) -> None:
    with pytest.raises(UsageError) as raised:
        select_nodes(small_plan, expression)
    assert message in raised.value.message
    assert next_step in raised.value.next_step


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("bld-008", ["BLD-008"]),
        ("BLD-099,BLD-008,BLD-011,BLD-098", ["BLD-011", "BLD-008", "BLD-098", "BLD-099"]),
        ("@medium,BLD-016", ["BLD-011", "BLD-008", "BLD-016"]),
    ],
)
def test_a_blade_may_leave_that_the_plan_does_not_have(small_plan: Plan, expression: str, expected: list[str]) -> None:
    assert select_forgotten(small_plan, expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [("", "names no blade"), ("BLD-006", "is the controller"), ("@all", "is the controller"), ("BLD-[", "no node set")],
)
def test_what_cannot_leave(small_plan: Plan, expression: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        select_forgotten(small_plan, expression)


def test_a_run_is_without_those_that_leave(small_plan: Plan) -> None:
    assert select_for_run(small_plan, None, ["BLD-008", "BLD-099"]) == ["BLD-011", "BLD-006", "BLD-010"]
    assert select_for_run(small_plan, "BLD-010", ["BLD-008"]) == ["BLD-010"]
    assert select_for_run(small_plan, "@medium", []) == ["BLD-011", "BLD-008"]


def test_nobody_joins_and_leaves_at_once(small_plan: Plan) -> None:
    with pytest.raises(UsageError, match="BLD-008 in --forget and in --nodes") as raised:
        select_for_run(small_plan, "@medium", ["BLD-008", "BLD-099"])
    assert raised.value.next_step.endswith("--nodes '@medium!BLD-008'")
    assert select_for_run(small_plan, "@medium!BLD-008", ["BLD-008"]) == ["BLD-011"]


@pytest.mark.parametrize(
    "expression",
    [
        "BLD-[1-99999999]",
        "BLD-[1-99999999",
        "BLD-008,x[1-99999999]",
        "a[1-900]b[1-900]",
        "@medium[1-99999999]",
        "BLD-[1-" + "9" * 5000 + "]",
        "BLD-[" + "1-1000," * 500 + "1]",
    ],
)
def test_huge_sets_are_refused_at_once(small_plan: Plan, expression: str) -> None:
    """Written out, most of these would fill the memory."""
    with pytest.raises(UsageError, match="more than 1024 names"):
        select_nodes(small_plan, expression)


@pytest.fixture(scope="module")
def other_site() -> Plan:
    return load_plan(Path(__file__).parents[2] / "plans" / "other-site" / "plan.yml")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("head01", ["Head01"]),
        ("NODE001,Node[002-003]", ["node001", "node002", "node003"]),
        ("gpu-a-*!GPU-A-[02-04]", ["gpu-a-01"]),
        ("@gpu", ["BLD-001", "gpu-a-01", "gpu-a-02", "gpu-a-03", "gpu-a-04"]),
        ("bld-001", ["BLD-001"]),
    ],
)
def test_any_spelling_means_the_plans(other_site: Plan, expression: str, expected: list[str]) -> None:
    assert select_nodes(other_site, expression) == expected


def test_a_name_that_the_plan_does_not_have_is_shown_in_small_letters(other_site: Plan) -> None:
    assert select_forgotten(other_site, "NODE099") == ["node099"]
    with pytest.raises(UsageError, match="node099 is not in the plan"):
        select_nodes(other_site, "NODE099")


SET_PIECES = st.sampled_from(
    [
        "BLD-",
        "008",
        "[",
        "]",
        "@",
        "all",
        "medium",
        ",",
        "!",
        "&",
        "^",
        "-",
        "*",
        "?",
        "/",
        " ",
        "9",
        "{",
        ":",
        "\n",
    ]
)


def selected(plan: Plan, expression: str) -> list[str] | UsageError:
    try:
        return select_nodes(plan, expression)
    except UsageError as error:
        return error


@settings(max_examples=500)
@given(expression=st.one_of(st.text(max_size=30), st.lists(SET_PIECES, max_size=12).map("".join)))
def test_any_text_gives_members_or_a_usage_error(small_plan: Plan, expression: str) -> None:
    chosen = selected(small_plan, expression)
    if isinstance(chosen, UsageError):
        assert chosen.message.isprintable()
        assert chosen.next_step
    else:
        assert chosen
        assert set(chosen) <= set(MEMBERS)


@given(chosen=st.sets(st.sampled_from(MEMBERS), min_size=1))
def test_what_is_named_is_what_comes_back(small_plan: Plan, chosen: set[str]) -> None:
    assert set(select_nodes(small_plan, ",".join(chosen).lower())) == chosen
