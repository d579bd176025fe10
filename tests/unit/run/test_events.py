from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.run.events import BladeState, RunState, facts_in
from tests.unit.run.event_makers import failed, ok, play, start, stats, told, unreachable, waiting

HOSTS = ("bld-006", "bld-008")
KINDS = [
    "error", "verbose", "playbook_on_play_start", "playbook_on_stats", "runner_on_failed", "runner_on_ok",
    "runner_on_start", "runner_on_unreachable", "something_new",
]  # fmt: skip


def run_of(*events: dict[str, Any], clock: Any = None) -> RunState:
    state = RunState({host: BladeState() for host in HOSTS}, **({"clock": clock} if clock else {}))
    for event in events:
        state.take(event)
    return state


def test_counts_tasks_and_time_per_blade() -> None:
    state = run_of(ok("bld-008"), ok("bld-008", changed=True), failed("bld-006"))
    assert (state.blades["bld-008"].tasks, state.blades["bld-008"].seconds) == (2, 1.0)
    assert state.blades["bld-006"].tasks == 1


def modules(*tasks: tuple[str, dict[str, Any]]) -> int:
    """How many module executions these tasks of one blade are, given as action and result."""
    events = [ok("bld-008", **res) for _, res in tasks]
    for event, (action, _) in zip(events, tasks, strict=True):
        event["event_data"]["task_action"] = action
    return run_of(*events).blades["bld-008"].modules


def test_counts_what_ran_on_the_blade() -> None:
    assert modules(("blade_facts", {}), ("ansible.builtin.apt", {"changed": True})) == 2
    assert modules(("ansible.builtin.set_fact", {}), ("debug", {}), ("ansible.builtin.include_tasks", {})) == 0
    assert modules(("tell", {"changed": True})) == 0


def test_counts_items_and_attempts() -> None:
    assert modules(("ansible.builtin.command", {"attempts": 3})) == 3
    items = [{"item": 1}, {"item": 2, "skipped": True}, {"item": 3, "attempts": 2}]
    assert modules(("ansible.builtin.file", {"results": items})) == 3


def test_a_failed_module_ran_and_a_skipped_one_did_not() -> None:
    skipped = {"event": "runner_on_skipped", "event_data": {"host": "bld-008", "task_action": "apt", "res": {}}}
    assert run_of(failed("bld-008", action="apt"), skipped, unreachable("bld-006")).blades["bld-008"].modules == 1


def test_a_change_is_named_with_its_role() -> None:
    state = run_of(ok("bld-008", "Start munge", "munge", changed=True), ok("bld-008", "Look", changed=True))
    assert state.blades["bld-008"].changed == ["munge | Start munge", "Look"]


MASKED, EDITED = "unit munge.service: masked -> running, enabled", "file /etc/hosts: content"


def test_lines_say_what_changed_and_titles_only_without_them() -> None:
    blade = run_of(ok("bld-008", "Start munge", "munge", changed=True), told("bld-008", [MASKED])).blades["bld-008"]
    assert (blade.lines, blade.titles, blade.changed) == ([MASKED], ["munge | Start munge"], [MASKED])


def test_what_was_told_is_told_once_and_in_order() -> None:
    """Each role tells its part of what is known; a part may come twice."""
    blade = run_of(told("bld-008", [MASKED]), told("bld-008", [EDITED, MASKED], changed=False)).blades["bld-008"]
    assert blade.changed == [MASKED, EDITED]


@pytest.mark.parametrize("lines", [[], None, "a word", {"a": 1}, 7])
def test_a_task_that_tells_nothing_is_a_title(lines: Any) -> None:
    assert run_of(told("bld-008", lines)).blades["bld-008"].changed == ["state | Tell what changed"]


@pytest.mark.parametrize("action", ["blade_facts", "command", "file_set", "ansible.builtin.set_fact", ""])
def test_a_blade_has_no_say_in_what_changed(action: str) -> None:
    """Its modules may answer any fact, and a line would pass for ours."""
    forged = told("bld-008", ["package munge: absent -> installed"], action)
    blade = run_of(forged, told("bld-008", ["forged"], action, changed=False)).blades["bld-008"]
    assert (blade.lines, blade.changed) == ([], ["state | Tell what changed"])
    assert run_of(forged, told("bld-008", [EDITED])).blades["bld-008"].changed == [EDITED]


def test_keeps_what_diff_mode_prints() -> None:
    one, two = {"before": "a", "after": "b"}, {"before": "c", "after": "d"}
    state = run_of(ok("bld-008", changed=True, diff=one), ok("bld-008", changed=True, diff=[two]))
    assert state.blades["bld-008"].diffs == [one, two]


def test_an_unchanged_task_shows_no_diff() -> None:
    assert run_of(ok("bld-008", diff={"before": "a", "after": "a"})).blades["bld-008"].diffs == []


def test_notes_come_from_facts_or_from_the_result() -> None:
    state = run_of(
        ok("bld-008", ansible_facts={"provision_notes": ["slurmd counts 8 CPUs"]}),
        ok("bld-008", provision_notes=["scratch is small"]),
        ok("bld-008", ansible_facts={"other": 1}),
    )
    assert state.blades["bld-008"].notes == ["slurmd counts 8 CPUs", "scratch is small"]


def test_a_blade_does_what_it_waits_for_until_that_is_over() -> None:
    """A node has no say in it: its modules may answer any fact."""
    waits, begins = waiting("bld-008", "waits for apt"), start("bld-008", "Wait")
    blade = run_of(waits, begins).blades["bld-008"]
    assert (blade.doing, blade.waits) == ("waits for apt", "waits for apt")
    for end in (ok("bld-008"), failed("bld-008"), unreachable("bld-008"), ok("bld-008", ansible_facts=None)):
        assert run_of(waits, begins, end).blades["bld-008"].waits == ""
    assert run_of(waits, ok("bld-008"), begins).blades["bld-008"].doing == "Wait"
    assert run_of(waiting("bld-008", "forged", "command"), begins).blades["bld-008"].doing == "Wait"


def test_the_same_note_is_kept_once() -> None:
    """A node may be looked at twice in a run."""
    note = ok("bld-008", provision_notes=["scratch is small"])
    assert run_of(note, note).blades["bld-008"].notes == ["scratch is small"]


def test_a_failure_is_diagnosed() -> None:
    state = run_of(failed("bld-008", "it is odd; next: look at it"), unreachable("bld-006"))
    found = state.blades["bld-008"].failure
    assert found is not None
    assert (found.message, found.next_step) == ("it is odd", "look at it")
    assert state.failed() == ["bld-006", "bld-008"]
    assert [state.blades[host].unreachable for host in HOSTS] == [True, False]


def test_an_ignored_failure_is_none() -> None:
    assert run_of(failed("bld-008", ignored=True)).failed() == []


def test_the_last_failure_tells_why() -> None:
    """A rescue section fails with better words than the task that brought it about."""
    state = run_of(failed("bld-006", "rc 1"), failed("bld-006", "slurmctld says no; next: read its log"))
    found = state.blades["bld-006"].failure
    assert found is not None
    assert found.message == "slurmctld says no"


def test_says_what_a_blade_is_doing() -> None:
    state = run_of(start("bld-008", "Install", "base"), failed("bld-006"))
    assert [state.blades[host].doing for host in HOSTS] == ["failed", "base | Install"]


def test_phases_of_one_name_are_one() -> None:
    times = iter([10.0, 12.0, 15.0, 19.0])
    state = run_of(play("Prepare"), play("Verify"), play("Verify"), stats(), clock=lambda: next(times))
    assert state.phases == {"Prepare": 2.0, "Verify": 7.0}
    assert (state.finished, state.phase) == (True, "")


def test_keeps_results_by_host_and_task() -> None:
    state = run_of(ok("bld-006", "Ask slurmctld", stdout="is UP"))
    assert state.results["bld-006"]["Ask slurmctld"]["stdout"] == "is UP"


def test_a_fact_is_what_the_last_task_made_it() -> None:
    first, second = {"found": 1, "blade": {"machine": "x", "slurmd_c": "y" * 2000}}, {"found": 2}
    state = run_of(
        ok("bld-006", "Look", ansible_facts=first), ok("bld-006", "Ask"), ok("bld-006", ansible_facts=second)
    )
    assert facts_in(state.results["bld-006"]) == {"found": 2, "blade": {"machine": "x"}}, "or with long texts"
    assert facts_in({}) == {}


def test_keeps_the_words_of_an_ansible_that_does_not_start() -> None:
    state = run_of({"event": "error", "stdout": "ERROR! the role 'x' was not found\n", "event_data": {}})
    assert state.words == ["ERROR! the role 'x' was not found"]


def test_other_hosts_are_left_alone() -> None:
    state = run_of(ok("localhost", changed=True), failed("localhost"), unreachable("x"), start("x", "y"))
    assert state.failed() == []
    assert state.results == {}


@given(
    st.lists(
        st.fixed_dictionaries(
            {"event": st.sampled_from(KINDS)},
            optional={
                "stdout": st.text(max_size=5),
                "event_data": st.fixed_dictionaries(
                    {},
                    optional={
                        "host": st.sampled_from([*HOSTS, "other", None]),
                        "task": st.one_of(st.none(), st.text(max_size=5)),
                        "res": st.one_of(st.none(), st.text(max_size=3), st.just({"changed": True, "diff": {}})),
                        "duration": st.one_of(st.none(), st.floats(0, 9)),
                    },
                ),
            },
        ),
        max_size=6,
    )
)
def test_any_order_of_events_can_be_taken(events: list[dict[str, Any]]) -> None:
    assert set(run_of(*events).blades) == set(HOSTS)
