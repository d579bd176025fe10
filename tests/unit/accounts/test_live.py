"""What sacctmgr answers is anybody's words until it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.accounts.limits import ASSOCIATION, QOS
from provisioner.accounts.live import LiveError, parse_live, reads
from provisioner.accounts.policy import Key


def row(*names: str, **columns: str) -> str:
    """A row of associations with these names and columns."""
    return "|".join([*names, *(columns.get(setting.name, "") for setting in ASSOCIATION)])


def test_three_questions_ask_by_position() -> None:
    asked = reads("demo")
    assert len(asked) == 3
    assert all(
        words[0] == "sacctmgr" and "--parsable2" in words and words[-1].startswith("format=")
        for words in asked.values()
    )
    assert len(asked["qos"][-1].split(",")) == 1 + len(QOS)
    assert "cluster=demo" in asked["associations"]
    assert "cluster=demo" in asked["users"]


def test_roots_own_is_nobodys_business() -> None:
    rows = [row("root", "", "", "", Fairshare="1"), row("root", "root", "", ""), row("root", "ada", "", "")]
    found = parse_live({"associations": "\n".join(rows), "users": "root|Administrator|root|", "qos": ""})
    assert list(found.policy.associations) == [Key("root", "ada")]
    assert found.policy.users == {}


@pytest.mark.parametrize(
    "odd",
    [
        row("Big", "", "", "root"), row("a b", "", "", "root"), row("a", "$(id)", "", ""), row("a", "ada", "x;y", ""),
        row("a", "", "", "ro ot"), row("a", "", "", "root", MaxJobs="many"), row("a", "", "", "root", QOS="x y"),
        row("a", "", "", "root", MaxWall="\x1b[2J"), "a|b", "we", row("a", "", "", "root") + "|more",
        row("-rf", "", "", ""),
    ],
)  # fmt: skip
def test_what_nothing_here_would_name_is_left_alone_and_named(odd: str) -> None:
    found = parse_live({"associations": odd, "users": "", "qos": ""})
    assert found.policy.associations == {}
    assert len(found.strange) == 1
    assert found.strange[0].isprintable()


@pytest.mark.parametrize("what", ["associations", "users", "qos"])
def test_a_thing_that_is_there_twice_is_refused(what: str) -> None:
    qos = "|".join(["high", *["" for _ in QOS]])
    twice = {"associations": row("a", "ada", "", ""), "users": "ada|None|a|", "qos": qos}[what]
    with pytest.raises(LiveError, match="twice"):
        parse_live({what: f"{twice}\n{twice}"})


@given(st.dictionaries(st.sampled_from(["associations", "users", "qos"]), st.text()))
def test_no_answer_is_a_traceback(answers: dict[str, str]) -> None:
    try:
        found = parse_live(answers)
    except LiveError:
        return
    assert all(name.isprintable() for name in found.strange)


@given(st.lists(st.text(alphabet="ab1,=-:|.\n", max_size=12), min_size=21, max_size=21))
def test_no_row_is_a_traceback(cells: list[str]) -> None:
    test_no_answer_is_a_traceback.hypothesis.inner_test({"associations": "|".join(cells)})  # type: ignore[attr-defined]
