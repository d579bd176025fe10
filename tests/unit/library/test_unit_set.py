"""Units in one call: what systemd is told, in which order, and what is said of one that does not work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.modules import ansible_module, answer_of

UNIT_SET = ansible_module("unit_set")
# What it shares with the module that reads facts; the units of a node are read from a file beside it.
SYSTEMCTL = """#!/bin/sh
echo "$*" >> "$0.log"
[ "$*" = "show --property=SubState --value late.service" ] && { echo auto-restart; exit; }
[ "$1" = show ] && { cat "$0.units"; exit; }
[ "$*" != "start late.service" ] || [ -e "$0.came" ] || { touch "$0.came"; echo "Job failed." >&2; exit 1; }
[ "$*" != "start broken.service" ] || { echo "Job for broken.service failed." >&2; exit 1; }
[ "$SYSTEMCTL_SKIP_SYSV" = 1 ]
"""
FORM = "Id={}\nLoadState=loaded\nActiveState={}\nUnitFileState={}\nActiveEnterTimestamp=\nNeedDaemonReload=no\n"


class Node:
    """systemd of a node, and where its masks are."""

    def __init__(self, folder: Path) -> None:
        self.units = folder / "system"
        self.units.mkdir()
        self.systemctl = folder / "systemctl"
        self.systemctl.write_text(SYSTEMCTL)
        self.systemctl.chmod(0o755)
        self.has()

    def has(self, **states: tuple[str, str]) -> None:
        """Services with ActiveState and UnitFileState; others are not known."""
        forms = [FORM.format(f"{name}.service", *state) for name, state in states.items()]
        self.systemctl.with_suffix(".units").write_text("\n".join(forms))

    def told(self) -> list[str]:
        """What systemctl was called with, but for questions."""
        log = self.systemctl.with_suffix(".log")
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line for line in lines if not line.startswith("show ")]

    def set(self, *units: dict[str, Any], reload: bool = False) -> dict[str, Any]:
        """What the module answers."""
        return answer_of(UNIT_SET, units=list(units), reload=reload)


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node(tmp_path)
    path = f"{tmp_path}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setitem(UNIT_SET._ENVIRONMENT, "PATH", path)
    monkeypatch.setattr(UNIT_SET.unmask, "__defaults__", (str(made.units),))
    return made


def wanted(name: str, state: str = "started", **asked: Any) -> dict[str, Any]:
    return {"name": f"{name}.service", "state": state, **asked}


def test_a_new_unit_is_enabled_and_started_with_one_reading_of_all(node: Node) -> None:
    assert node.set(wanted("a"), wanted("b"), reload=True)["changed"]
    assert node.told() == [
        "enable --no-reload a.service",
        "enable --no-reload b.service",
        "daemon-reload",
        "start a.service",
        "start b.service",
    ]


def test_what_runs_and_is_enabled_is_left(node: Node) -> None:
    node.has(a=("active", "enabled"), old=("inactive", "disabled"))
    assert not node.set(wanted("a"), wanted("old", "stopped"))["changed"]
    assert node.told() == ["start a.service", "stop old.service"]


@pytest.mark.parametrize(("state", "changed"), [("started", False), ("restarted", True), ("stopped", True)])
def test_what_changes(node: Node, state: str, changed: bool) -> None:
    node.has(a=("active", "enabled"))
    assert node.set(wanted("a", state))["changed"] is changed


def test_a_mask_of_ours_is_ended_and_an_admins_is_not(node: Node) -> None:
    node.has(ours=("inactive", "enabled"), theirs=("inactive", "enabled"))
    (node.units / "ours.service").symlink_to(UNIT_SET.QUIET)
    (node.units / "theirs.service").symlink_to("/dev/null")
    assert node.set(wanted("ours"), wanted("theirs"))["changed"]
    assert [path.name for path in node.units.iterdir()] == ["theirs.service"]
    assert node.told()[0] == "daemon-reload"


def test_what_is_to_be_stopped_keeps_our_mask(node: Node) -> None:
    (node.units / "never.service").symlink_to(UNIT_SET.QUIET)
    node.set(wanted("never", "stopped"))
    assert [path.name for path in node.units.iterdir()] == ["never.service"]


def test_one_that_does_not_start_is_named_with_the_words_of_systemd(node: Node) -> None:
    answer = node.set(wanted("broken"), wanted("later"))
    assert answer["failed"]
    assert (answer["unit"], answer["started"]) == ("broken.service", False)
    assert answer["msg"] == "Job for broken.service failed."
    assert "start later.service" not in node.told()


def test_one_that_started_is_asked_until_it_works(node: Node, tmp_path: Path) -> None:
    second = f"[ -e {tmp_path}/asked ] || {{ touch {tmp_path}/asked; exit 1; }}"
    assert not node.set(wanted("a", ask=second, patience=1)).get("failed")


@pytest.mark.parametrize("ask", ["echo deaf >&2; false", "{ echo deaf >&2; false; } | true"])
def test_one_that_stays_silent_is_named(node: Node, ask: str) -> None:
    answer = node.set(wanted("a", ask=ask))
    assert (answer["failed"], answer["unit"], answer["started"], answer["msg"]) == (True, "a.service", True, "deaf")


def test_a_node_without_systemd_is_a_failure(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UNIT_SET._ENVIRONMENT, "PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "systemctl" in node.set(wanted("a"))["msg"]


def test_a_unit_that_systemd_starts_anew_by_itself_is_tried_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as sackd, while what is left of slurmd still has its port."""
    monkeypatch.setattr(UNIT_SET, "PAUSE", 0)
    node.has(late=("inactive", "enabled"))
    assert node.set(wanted("late", ask="true"))["changed"]
    assert node.told() == ["start late.service", "start late.service"]


def test_a_unit_that_never_comes_is_no_more_waited_for(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UNIT_SET, "PATIENCE", -1)
    node.has(late=("inactive", "enabled"))
    answer = node.set(wanted("late"))
    assert (answer["unit"], answer["started"]) == ("late.service", False)
    assert node.told() == ["start late.service"]
