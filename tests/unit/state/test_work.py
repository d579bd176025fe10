"""What Ansible's modules are given: no more than what differs, or everything where a person wants it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from provisioner.state import work
from provisioner.state.differences import differences
from provisioner.state.masks import QUIET as QUIET_LINK
from tests.unit.state.nodes import ABSENT, MASKED, RUNS, Facts, Untouched, in_sync, node

STATE: dict[str, Any] = {
    "accounts": {"slurm": 64030, "munge": 64032},
    "packages": {"dbus": {}, "libpmix2": {"release": "12"}, "libpmix2t64": {"release": "13"}},
    "folders": {"/d": {"owner": "slurm", "distrust": True}, "/e": {"mode": "700"}},
    "links": {"/usr/lib/{multiarch}/l.so": {"to": "l.so.2"}},
    "files": {
        "/f": {"content": "text\n", "validate": "check %s"},
        "/own": {"content": "own\n", "own": True},
        "/g": {"content": "", "mode": "0600", "owner": "a", "group": "b", "release": "12"},
    },
    "secrets": {"/k": {"as_on": "bld-006"}, "/c": {"content": "c4n4ry", "mode": "0640"}, "/made": {"own": True}},
    "asks": {
        "host name": {"argv": ["uname", "-n"], "wanted": "b", "run": ["hostname", "b"]},
        "number": {"argv": ["true"], "wanted": "1", "run": ["set", 1]},
    },
    "units": {
        "a.service": {"reads": ["/f", "/k"], "answers": {"port": 6818, "other": "x"}},
        "b.timer": {"holds": ["/d"], "quiet": True},
        "own.service": {"own": True},
        "clock.service": {"only_if": "can_set_clock", "answers": {"command": "true"}},
        "never.service": {"masked": True},
    },
}
STATES = {"r": STATE}
SYNCED = in_sync(STATE)
NEW = {**node(), "units": {}}


def pending(facts: Facts) -> list[dict[str, Any]]:
    their = {"bld-006": SYNCED}
    return [each.as_dict() for each in differences(STATES, facts, their, "bld-008", "of this run")]


def paths(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["path"] for entry in entries]


def test_packages_of_a_release_each_once() -> None:
    states = {"one": STATE, "two": {"packages": ["dbus", "munge"]}}
    assert work.wanted_packages(states, "12") == ["dbus", "libpmix2", "munge"]
    assert work.wanted_packages(states, "13") == ["dbus", "libpmix2t64", "munge"]


def test_accounts_and_those_that_are_missing() -> None:
    assert work.wanted_accounts(STATES) == {"slurm": 64030, "munge": 64032}
    there = node(users={"slurm": {"uid": 1, "gid": 1}, "munge": None})
    assert work.missing_accounts(STATES, there) == ['u munge 64032 "munge of the cluster"']
    assert work.missing_accounts(STATES, SYNCED) == []


def test_daemons_are_services_that_run() -> None:
    assert work.daemons(STATES, "12") == ["a.service", "clock.service", "own.service"]


def test_nothing_is_put_in_place_on_a_node_in_sync() -> None:
    assert pending(SYNCED) == []
    assert work.file_entries(STATES, [], SYNCED, False) == []
    assert work.secrets(STATES, [], SYNCED, False) == []
    assert work.programs(STATES, [], SYNCED) == []
    assert work.units(STATES, [], SYNCED, [], False) == []


def test_files_that_differ_come_with_all_that_is_said_of_them() -> None:
    assert work.file_entries(STATES, pending(NEW), NEW, False) == [
        {"path": "/etc/systemd/system/never.service", "link": QUIET_LINK},
        {"path": "/d", "mode": "0755", "owner": "slurm", "group": "root", "folder": True, "distrust": True},
        {"path": "/e", "mode": "0700", "owner": "root", "group": "root", "folder": True, "distrust": False},
        {"path": "/usr/lib/x86_64-linux-gnu/l.so", "link": "l.so.2"},
        {"path": "/f", "mode": "0644", "owner": "root", "group": "root", "content": "text\n", "validate": "check %s"},
        {"path": "/g", "mode": "0600", "owner": "a", "group": "b", "content": ""},
    ]


@pytest.mark.parametrize("path", ["/d", "/f", "/g", "/usr/lib/{multiarch}/l.so"])
def test_only_what_differs_is_put_in_place(path: str) -> None:
    facts = {**SYNCED, "paths": {name: found for name, found in SYNCED["paths"].items() if name != path}}
    placed = path.replace("{multiarch}", "x86_64-linux-gnu")
    assert paths(work.file_entries(STATES, pending(facts), facts, False)) == [placed]


def test_everything_is_put_in_place_but_what_the_role_writes_itself() -> None:
    entries = work.file_entries(STATES, [], SYNCED, True)
    assert entries == work.file_entries(STATES, pending(NEW), NEW, False)
    assert "/own" not in paths(entries)


def test_a_link_is_where_the_processor_of_the_node_has_it() -> None:
    arm = {**SYNCED, "machine": "aarch64"}
    assert "/usr/lib/aarch64-linux-gnu/l.so" in paths(work.file_entries(STATES, [], arm, True))


def test_what_is_for_another_release_is_not_put_in_place() -> None:
    trixie = {**SYNCED, "os": {"version_id": "13"}}
    assert "/g" not in paths(work.file_entries(STATES, [], trixie, True))
    limited = {"r": {"secrets": {"/k": {"content": "x", "release": "12"}}}}
    assert work.secrets(limited, [], SYNCED, True)
    assert work.secrets(limited, [], trixie, True) == []


def test_contents_of_what_is_in_sync_are_not_touched() -> None:
    lazy = {"files": {"/f": Untouched("content", "mode")}, "secrets": {"/k": Untouched("content", "as_on")}}
    assert work.file_entries({"r": lazy}, [], node(), False) == []
    assert work.secrets({"r": lazy}, [], node(), False) == []


ENTRY = {"owner": "root", "group": "root"}


def test_secrets_come_with_where_to_get_them() -> None:
    wanted = [
        {"entry": {"path": "/k", "mode": "0600", **ENTRY}, "as_on": "bld-006"},
        {"entry": {"path": "/c", "mode": "0640", **ENTRY}, "as_on": "", "content": "c4n4ry"},
    ]
    assert work.secrets(STATES, pending(NEW), NEW, False) == wanted
    assert work.secrets(STATES, [], SYNCED, True) == wanted
    one = {**SYNCED, "secrets": {**SYNCED["secrets"], "/c": ""}}
    assert work.secrets(STATES, pending(one), one, False) == wanted[1:]


def test_of_a_secret_only_its_place_is_shown() -> None:
    found = work.secrets(STATES, [], SYNCED, True)
    assert work.secret_places(found) == [{"path": "/k", "as_on": "bld-006"}, {"path": "/c", "as_on": ""}]


def test_a_secret_comes_from_its_host_or_from_the_state() -> None:
    found = work.secrets(STATES, [], SYNCED, True)
    (read,) = work.secret_entries(found, "/k", {"content": "a2V5"}, "bld-008")
    assert (read["path"], read["content_b64"], read["backup"]) == ("/k", "a2V5", True)
    (kept,) = work.secret_entries(found, "/c", {"skipped": True}, "bld-008")
    assert (base64.b64decode(kept["content_b64"]), kept["backup"]) == (b"c4n4ry", False)
    # The host that has it keeps no older one beside it.
    assert work.secret_entries(found, "/k", {"content": "a2V5"}, "bld-006")[0]["backup"] is False


def test_programs_make_the_answers_that_differ() -> None:
    facts = {**SYNCED, "asks": {"host name": "b"}}
    assert work.programs(STATES, pending(facts), facts) == [{"name": "number", "argv": ["set", "1"]}]


def test_own_files_come_in_the_order_of_their_role() -> None:
    states = {"r": {"files": {path: {"own": True, "content": path} for path in ("/a", "/b")}}}
    assert [entry["content"] for entry in work.own_entries(states, ["/b", "/a"], SYNCED)] == ["/b", "/a"]


QUIET: dict[str, tuple[dict[str, Any], bool]] = {
    "absent": (ABSENT, True),
    "masked by us": ({**MASKED, "quiet": True}, True),
    "running": (RUNS, False),
    "stopped": ({**RUNS, "active": "inactive"}, False),
    "odd": ({**ABSENT, "load": "bad-setting"}, False),
}


@pytest.mark.parametrize("case", QUIET)
def test_a_unit_that_is_loaded_is_never_masked_for_an_installation(case: str) -> None:
    """It runs, maybe with jobs."""
    unit, linked = QUIET[case]
    facts = node(units={"b.timer": unit, "never.service": unit})
    assert work.quiet_units(STATES, facts) == (["b.timer", "never.service"] if linked else [])


def test_an_admins_mask_is_not_replaced_by_one_of_ours() -> None:
    facts = node(units={"b.timer": MASKED, "never.service": MASKED})
    assert work.quiet_units(STATES, facts) == []
    for everything in (False, True):
        written = paths(work.file_entries(STATES, pending(facts), facts, everything))
        assert "/etc/systemd/system/never.service" not in written


def test_a_mask_until_the_next_boot_is_made_to_stay() -> None:
    facts = node(units={"never.service": {**MASKED, "enabled": "masked-runtime"}})
    mask = {"path": "/etc/systemd/system/never.service", "link": QUIET_LINK}
    assert mask in work.file_entries(STATES, pending(facts), facts, everything=False)


def test_only_units_that_must_not_start_are_kept_quiet() -> None:
    assert work.quiet_units({"r": {"units": {"a.service": {}, "b.service": {"own": True}}}}, NEW) == []
    elsewhere = {"r": {"units": {"a.service": {"quiet": True, "release": "13"}}}}
    assert work.quiet_units(elsewhere, NEW) == []


def unit(name: str, state: str = "started", complaint: str = "", stale: bool = False, **asked: Any) -> dict[str, Any]:
    return {"work": {"name": name, "state": state, **asked}, "complaint": complaint, "stale": stale}


A_ASKED: dict[str, Any] = {
    "ask": "timeout 60 bash -c 'until (exec 3<>/dev/tcp/127.0.0.1/6818); do sleep 0.2; done' 2> /dev/null",
    "patience": 0,
}
A = unit("a.service", complaint="did not open port 6818 within 60 s", **A_ASKED)
B = unit("b.timer")
CLOCK = unit("clock.service", complaint="does not answer", ask="true", patience=10)


def names_and_states(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["work"]["name"], each["work"]["state"]) for each in found]


def test_units_that_differ_are_started_and_asked_whether_they_work() -> None:
    """Masks of units that are not there are links, and nothing is left to do for systemd."""
    assert work.units(STATES, pending(NEW), NEW, [], False) == [A, B, CLOCK]


def test_a_unit_that_systemd_knows_in_an_old_form_is_stale() -> None:
    changed = {**SYNCED, "units": {**SYNCED["units"], "b.timer": {**RUNS, "reload_needed": True}}}
    found = work.units(STATES, pending(changed), changed, [], True)
    assert [each["work"]["name"] for each in found if each["stale"]] == ["b.timer"]


def test_a_unit_that_we_masked_is_started_and_one_that_an_admin_masked_is_not() -> None:
    for mask, found in (({**MASKED, "quiet": True}, ["a.service"]), (MASKED, [])):
        facts = {**SYNCED, "units": {**SYNCED["units"], "a.service": mask}}
        assert [each["work"]["name"] for each in work.units(STATES, pending(facts), facts, ["/f"], False)] == found
        everything = work.units(STATES, [], facts, [], True)
        assert [each["work"]["name"] for each in everything] == [*found, "b.timer", "clock.service"]


def test_what_must_not_run_ends_before_anything_starts() -> None:
    facts = {**NEW, "units": {**NEW["units"], "never.service": RUNS}}
    found = work.units(STATES, pending(facts), facts, [], False)
    assert [state for _, state in names_and_states(found)] == ["stopped", "started", "started", "started"]


def test_everything_is_started_and_nothing_restarted_without_a_reason() -> None:
    assert work.units(STATES, [], SYNCED, [], True) == [A, B, CLOCK]


@pytest.mark.parametrize(
    ("put", "restarted"),
    [(["/f"], ["a.service"]), (["/k"], ["a.service"]), (["/d"], ["b.timer"]), (["/f", "/d"], ["a.service", "b.timer"])],
)
def test_units_are_restarted_when_what_they_use_was_put_in_place(put: list[str], restarted: list[str]) -> None:
    found = work.units(STATES, [], SYNCED, put, False)
    assert names_and_states(found) == [(name, "restarted") for name in restarted]
    assert work.units(STATES, [], SYNCED, ["/g", "/own"], False) == []


def test_a_unit_is_restarted_as_told_when_another_role_puts_what_it_reads() -> None:
    keeper, reader = {"secrets": {"/key": {"as_on": "bld-006"}}}, {"units": {"a.service": {"reads": ["/key"]}}}
    facts = {**SYNCED, "secrets": {**SYNCED["secrets"], "/key": ""}}
    found = [each.as_dict() for each in differences({"keeper": keeper, "reader": reader}, facts)]
    assert [each["line"] for each in found if each["role"] == "reader"] == ["unit a.service: restart: it uses /key"]
    its = [each for each in found if each["role"] == "reader"]
    assert names_and_states(work.units({"reader": reader}, its, facts, [], False)) == [("a.service", "restarted")]


def test_a_unit_that_does_not_run_is_started_whatever_was_put() -> None:
    facts = {**SYNCED, "units": {**SYNCED["units"], "a.service": {**RUNS, "active": "failed"}}}
    assert work.units(STATES, pending(facts), facts, ["/f"], False) == [A]


def test_a_role_starts_its_own_units_and_a_node_without_a_clock_no_time_daemon() -> None:
    facts = {**NEW, "can_set_clock": False}
    found = work.units(STATES, pending(facts), facts, [], True)
    assert [each["work"]["name"] for each in found] == ["a.service", "b.timer"]


def test_a_unit_that_must_never_run_is_stopped_where_it_runs() -> None:
    facts = {**SYNCED, "units": {**SYNCED["units"], "never.service": RUNS}}
    assert work.units(STATES, pending(facts), facts, [], False) == [unit("never.service", "stopped")]
    facts["units"]["never.service"] = {**RUNS, "active": "inactive"}
    assert work.units(STATES, pending(facts), facts, [], False) == []
    assert paths(work.file_entries(STATES, pending(facts), facts, False)) == ["/etc/systemd/system/never.service"]
