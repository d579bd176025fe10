"""Secrets are told apart by digest, and what they hold is never shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.state.files import secret_difference
from tests.unit.state.nodes import SALT, digest, lines, node

CANARY = "c4n4ry"
MUNGE = {"owner": "munge", "group": "munge", "mode": "0400"}


def has(content: str | None, place: str = "munge:munge:0400", salt: str = SALT) -> dict[str, Any]:
    """A node with a secret, or without."""
    return node(secrets={"/k": "" if content is None else f"{digest(content, salt)}:{place}"})


def told(facts: dict[str, Any], their: dict[str, Any] | None = None, **options: Any) -> list[str]:
    return lines({"secrets": {"/k": {**MUNGE, **options}}}, facts, their=their, host="bld-008")


AS_ON = {"as_on": "bld-006"}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], Any, str]] = {
    # what is said of it, what is there, what the other host has, what is told
    "absent, with content": ({"content": CANARY}, has(None), None, "absent -> made"),
    "absent, made by its role": ({"own": True}, has(None), None, "absent -> made"),
    "nobody asked about it": ({"content": CANARY}, node(), None, "absent -> made"),
    "absent, as on another": (AS_ON, has(None), {"bld-006": has(CANARY)}, "absent -> as on bld-006"),
    "absent, as on one that did not answer": (AS_ON, has(None), None, "absent -> as on bld-006"),
    "absent on the host that has it": ({"as_on": "bld-008"}, has(None), None, "absent -> made"),
    "the same": (AS_ON, has(CANARY), {"bld-006": has(CANARY)}, ""),
    "the same with another owner there": (AS_ON, has(CANARY), {"bld-006": has(CANARY, "x:y:0777")}, ""),
    "another than there": (AS_ON, has("other"), {"bld-006": has(CANARY)}, "content"),
    "gone there": (AS_ON, has(CANARY), {"bld-006": has(None)}, "content"),
    "of another run's salt": (AS_ON, has(CANARY, salt="old"), {"bld-006": has(CANARY)}, "content"),
    "no answer from there": (AS_ON, has(CANARY), {}, "not compared: bld-006 did not answer"),
    "itself the host that has it": ({"as_on": "bld-008"}, has(CANARY), {}, ""),
    "its own content": ({"content": CANARY}, has(CANARY), None, ""),
    "not its content": ({"content": CANARY}, has("other"), None, "content"),
    "any content of a role's own": ({"own": True}, has("whatever"), None, ""),
    "other owner": (AS_ON, has(CANARY, "nobody:munge:0400"), {"bld-006": has(CANARY)}, "owner nobody -> munge"),
    "other group": ({"content": CANARY}, has(CANARY, "munge:1234:0400"), None, "group 1234 -> munge"),
    "other mode": ({"own": True}, has(CANARY, "munge:munge:0444"), None, "mode 0444 -> 0400"),
    "all of it": (
        AS_ON,
        has("other", "a:b:0644"),
        {"bld-006": has(CANARY)},
        "content, mode 0644 -> 0400, owner a -> munge, group b -> munge",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_secret_is_told_by_what_differs(case: str) -> None:
    options, facts, their, what = CASES[case]
    assert told(facts, their, **options) == ([f"secret /k: {what}"] if what else [])


def test_nobody_else_reads_a_secret_unless_the_role_says_so() -> None:
    assert lines({"secrets": {"/k": {"content": CANARY}}}, has(CANARY, "root:root:0600")) == []


@pytest.mark.parametrize("case", CASES)
def test_what_it_holds_is_in_no_line(case: str) -> None:
    options, facts, their, _ = CASES[case]
    for line in told(facts, their, **options):
        assert CANARY not in line
        assert digest(CANARY) not in line


contents = st.text(min_size=6, max_size=12)
answers = st.text(max_size=30) | st.builds(lambda content, rest: f"{digest(content)}:{rest}", contents, st.text())


@given(contents, answers, answers, st.booleans())
def test_whatever_a_node_answers_is_compared_and_shows_no_digest(
    content: str, here: str, there: str, with_source: bool
) -> None:
    options = {**MUNGE, **(AS_ON if with_source else {"content": content})}
    others = {"bld-006": node(secrets={"/k": there})}
    what = secret_difference(node(secrets={"/k": here}), "/k", options, others, "bld-008", SALT)
    assert digest(content) not in what
    assert what.isprintable()
    same = there if with_source else f"{digest(content)}:munge:munge:0400"
    assert secret_difference(node(secrets={"/k": same}), "/k", options, others, "bld-008", SALT).count("content") == 0
