"""The action plugin spares a remote call only when facts of this run prove that nothing would change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.library.modules import PLAYBOOKS, ansible_module, load

known_right = load(PLAYBOOKS / "action_plugins" / "file_set.py", "provision_action_file_set").known_right
FACTS_MODULE = ansible_module("blade_facts")

CONF = {"path": "/etc/slurm/slurm.conf", "content": "ClusterName=demo\n"}
STATE = {"kind": "file", "content": "ClusterName=demo\n", "mode": "0644", "owner": "root", "group": "root"}


def facts(written: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    return {"blade": {"paths": {CONF["path"]: {**STATE, **changes}}}, "file_set_written": list(written)}


def test_a_file_that_is_right_needs_no_call() -> None:
    assert known_right([CONF], facts())


@pytest.mark.parametrize(
    "seen",
    [
        facts(content="ClusterName=other\n"),
        facts(mode="0600"),
        facts(owner="slurm"),
        facts(kind="absent"),
        facts(written=(CONF["path"],)),
        {"blade": {"paths": {}}},
        {},
    ],
    ids=["content", "mode", "owner", "absent", "written since", "not asked about", "no facts"],
)
def test_anything_else_needs_the_call(seen: dict[str, Any]) -> None:
    assert not known_right([CONF], seen)


def test_one_file_that_is_not_right_is_enough() -> None:
    assert not known_right([CONF, {"path": "/etc/hosts", "content": ""}], facts())


def test_a_secret_always_needs_the_call() -> None:
    seen = {"blade": {"paths": {"/etc/munge/munge.key": {**STATE, "content": ""}}}}
    assert not known_right([{"path": "/etc/munge/munge.key", "content_b64": ""}], seen)


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        ({"link": "libpmix.so.2"}, {"kind": "link", "content": "libpmix.so.2"}),
        ({"folder": True, "mode": "755"}, {"kind": "folder", "mode": "0755", "owner": "root", "group": "root"}),
        ({"content": "x", "mode": "0400"}, {**STATE, "content": "x", "mode": "0400"}),
    ],
)
def test_links_folders_and_modes(entry: dict[str, Any], state: dict[str, Any]) -> None:
    assert known_right([{"path": "/p", **entry}], {"blade": {"paths": {"/p": state}}})


def test_facts_and_module_speak_the_same_words(tmp_path: Any) -> None:
    """What blade_facts tells of a fresh file is what the plugin compares with."""
    path = tmp_path / "a"
    path.write_text("x\n")
    path.chmod(0o640)
    state = FACTS_MODULE.readable_state(str(path))
    entry = {"path": str(path), "content": "x\n", "mode": "640", "owner": state["owner"], "group": state["group"]}
    assert known_right([entry], {"blade": {"paths": {str(path): state}}})
