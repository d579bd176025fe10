"""Units in each state that systemd has them in, and why one that runs is restarted."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.state.units import is_left_alone, restart_reason
from tests.unit.state.nodes import ABSENT, MASKED, RUNS, Facts, Untouched, lines, node, place

UNIT: dict[str, Any] = {"reads": ["/f", "/k"], "holds": ["/d"]}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "as it should be": ({}, ""),
    "absent": (ABSENT, "absent -> running, enabled"),
    "masked by us": ({**MASKED, "quiet": True}, "masked -> running, enabled"),
    "masked by an admin": (MASKED, ""),
    "masked by an admin while it runs": ({"load": "masked", "enabled": "masked"}, ""),
    "masked by an admin, and systemd was not told": ({"enabled": "masked", "reload_needed": True}, ""),
    "masked until the next boot": ({**MASKED, "enabled": "masked-runtime"}, ""),
    "stopped": ({"active": "inactive"}, "stopped -> running"),
    "failed": ({"active": "failed"}, "failed -> running"),
    "starting over and over": ({"active": "activating"}, "activating -> running"),
    "nothing known": ({"active": ""}, "stopped -> running"),
    "disabled": ({"enabled": "disabled"}, "disabled -> enabled"),
    "enabled until the next boot": ({"enabled": "enabled-runtime"}, "enabled-runtime -> enabled"),
    "not enabled": ({"enabled": ""}, "disabled -> enabled"),
    "stopped and disabled": (
        {"active": "inactive", "enabled": "disabled"},
        "stopped -> running, disabled -> enabled",
    ),
    "changed": ({"reload_needed": True}, "restart: its unit was changed"),
    "changed and stopped": ({"reload_needed": True, "active": "inactive"}, "stopped -> running"),
    "older than what it reads": ({"since": 49.0}, "restart: it runs for longer than /f, /k is there"),
    "older and disabled": (
        {"since": 49.5, "enabled": "disabled"},
        "restart: it runs for longer than /f, /k is there, disabled -> enabled",
    ),
}


def facts(**unit: Any) -> Facts:
    """A node with one unit, whose files are there since 50."""
    paths = {"/f": place("files", {"content": "a"}), "/d": place("folders", {})}
    return node(paths=paths, written={"/f": 50.0, "/k": 50.0, "/d": 9e9}, units={"a.service": {**RUNS, **unit}})


def told(facts: Facts, **options: Any) -> list[str]:
    return lines({"units": {"a.service": options}}, facts)


@pytest.mark.parametrize("case", CASES)
def test_every_state_but_the_right_one_is_told(case: str) -> None:
    unit, what = CASES[case]
    assert told(facts(**unit), **UNIT) == ([f"unit a.service: {what}"] if what else [])


def test_a_unit_that_nobody_asked_about_proves_nothing() -> None:
    assert told(node(), **UNIT) == ["unit a.service: absent -> running, enabled"]


def test_what_was_written_after_the_start_counts_only_where_it_is_read() -> None:
    late = {**facts(), "written": {"/f": 100.5, "/k": 0.0, "/d": 100.5}}
    assert told(late, **UNIT) == ["unit a.service: restart: it runs for longer than /f is there"]
    assert told(late, holds=["/d"]) == [], "a folder is written to by the daemon itself"
    assert told(late, reads=["/nobody asked"]) == []


PUT: dict[str, tuple[dict[str, Any], str, str]] = {
    "a file that it reads": ({"files": {"/f": {"content": "b"}}}, "file /f: content", "/f"),
    "a secret that it reads": ({"secrets": {"/k": {}}}, "secret /k: absent -> made", "/k"),
    "a folder that it holds": ({"folders": {"/d": {"owner": "a"}}}, "folder /d: owner root -> a", "/d"),
    "a link that it reads": ({"links": {"/k": {"to": "x"}}}, "link /k: absent -> link", "/k"),
}


@pytest.mark.parametrize("case", PUT)
def test_what_is_put_in_place_before_restarts_it(case: str) -> None:
    kept, line, path = PUT[case]
    state = {**kept, "units": {"a.service": UNIT}}
    assert lines(state, facts()) == [line, f"unit a.service: restart: it uses {path}"]
    assert lines(state, facts(active="inactive")) == [line, "unit a.service: stopped -> running"]
    assert lines({**kept, "units": {"a.service": {}}}, facts()) == [line], "it uses nothing of that"


def test_what_differs_of_other_kinds_restarts_nothing() -> None:
    state = {"packages": ["/f"], "asks": {"/f": {"wanted": "x"}}, "units": {"a.service": UNIT}}
    assert len(lines(state, facts())) == 2


OUTDATED = "unit a.service: restart: it holds what is not so any more: "


@pytest.mark.parametrize(
    ("outdated", "words"),
    [
        ("", None),
        ([], None),
        ("scratch was mended", "scratch was mended"),
        (["memory 1 -> 2 MiB", "CPUs 1 -> 2"], "memory 1 -> 2 MiB, CPUs 1 -> 2"),
    ],
)
def test_a_daemon_that_holds_old_facts_is_restarted(outdated: Any, words: str | None) -> None:
    assert told(facts(), outdated=outdated) == ([f"{OUTDATED}{words}"] if words else [])
    assert told(facts(active="failed"), outdated=outdated) == ["unit a.service: failed -> running"]


def test_what_it_holds_is_only_asked_for_when_nothing_else_restarts_it() -> None:
    """It costs a look at facts that a node without the daemon does not have."""
    costly = Untouched("outdated", reads=["/f"])
    assert restart_reason(facts(since=1.0), "a.service", costly)
    assert not restart_reason(facts(active=""), "a.service", costly)
    with pytest.raises(AssertionError, match="outdated was touched"):
        restart_reason(facts(), "a.service", costly)


def test_a_role_restarts_its_own_unit_when_it_wants() -> None:
    """Its tasks decide whether a changed unit needs a restart; jobs may hang on it."""
    assert told(facts(reload_needed=True), own=True) == ["unit a.service: changed unit -> read anew"]
    assert told(facts(active="inactive"), own=True) == ["unit a.service: stopped -> running"]
    assert not restart_reason(facts(reload_needed=True), "a.service", {"own": True})


MASKS: dict[str, tuple[dict[str, Any], str]] = {
    "masked": (MASKED, ""),
    "masked and gone": ({**MASKED, "active": ""}, ""),
    "absent": (ABSENT, "absent -> masked"),
    "running": (RUNS, "running -> masked"),
    "stopped": ({**RUNS, "active": "inactive"}, "stopped -> masked"),
    "until the next boot": ({**MASKED, "enabled": "masked-runtime"}, "stopped -> masked"),
    "masked after it was started": ({**MASKED, "active": "active"}, "running -> masked"),
}


@pytest.mark.parametrize("case", MASKS)
def test_a_unit_that_must_never_run_is_masked_and_does_not_run(case: str) -> None:
    unit, what = MASKS[case]
    assert told(facts(**unit), masked=True) == ([f"unit a.service: {what}"] if what else [])


@pytest.mark.parametrize("can", [True, False])
def test_a_unit_that_the_node_cannot_have_is_left_alone(can: bool) -> None:
    """A container shares its host's clock."""
    found = {**node(), "can_set_clock": can}
    assert is_left_alone(found, {"only_if": "can_set_clock"}) is not can
    assert bool(told(found, only_if="can_set_clock")) is can
    assert not is_left_alone(found, {})


def test_what_a_node_says_of_a_unit_is_one_short_line() -> None:
    hostile = "a\nb; next: x" + "A" * 9999
    (line,) = told(facts(active=hostile, enabled=hostile))
    assert line.isprintable()
    assert len(line) < 600
    assert "next:" not in line
