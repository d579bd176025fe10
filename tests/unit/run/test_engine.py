"""The engine with the real ansible-runner, on this machine itself: connection local, no network."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioner.paths import assets
from provisioner.plan.model import Plan
from provisioner.run.engine import run_playbook
from provisioner.run.events import BladeState, RunState
from provisioner.run.request import Options, Request, build_request
from provisioner.run.workplace import processes, workplace

PLAYBOOK = """\
- name: Try
  hosts: all
  gather_facts: false
  tasks:
    - name: Say what the site set
      ansible.builtin.debug:
        msg: "{{ colour }} {{ chosen }} {{ ansible_check_mode }} {{ playbook_dir }}"
    - name: Fail on one
      ansible.builtin.fail:
        msg: 'it is odd; next: look at it'
      when: inventory_hostname == 'bld-008'
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the engine keeps what it hands to Ansible."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def request_here(tmp_path: Path, site: Plan, plan_file: Path) -> Request:
    playbook = tmp_path / "try.yml"
    playbook.write_text(PLAYBOOK)
    (plan_file.parent / "group_vars").mkdir()
    (plan_file.parent / "group_vars" / "all.yml").write_text("colour: green\n")
    hosts = ["bld-006", "bld-008", "bld-011"]
    inventory = {
        "_meta": {"hostvars": {name: {"ansible_connection": "local"} for name in hosts}},
        "all": {"children": ["members"], "vars": {}},
        "members": {"hosts": hosts},
    }
    options = Options(check=True, extra={"chosen": "yes"})
    request = build_request(site, plan_file, ["BLD-008"], "slurm.yml", assets(), options)
    return replace(request, playbook=playbook, inventory=inventory)


def test_runs_a_playbook_and_leaves_nothing_behind(request_here: Request, folders: Path) -> None:
    state = RunState({host: BladeState() for host in request_here.limit})
    modes: set[int] = set()

    def on_event(event: Mapping[str, Any]) -> None:
        modes.update(stat.S_IMODE(found.stat().st_mode) for found in folders.iterdir())
        state.take(event)

    with workplace() as folder:
        code = run_playbook(request_here, folder, on_event, lambda: False)
    assert code == 2
    assert state.finished
    assert set(state.results) == {"bld-006", "bld-008"}
    assert state.results["bld-006"]["Say what the site set"]["msg"].startswith("green yes True /")
    assert state.failed() == ["bld-008"]
    assert modes == {0o700}
    assert list(folders.iterdir()) == []
    assert (request_here.site / "group_vars" / "all.yml").is_file()


def test_a_cancelled_run_leaves_nothing_behind(request_here: Request, folders: Path) -> None:
    with workplace() as folder:
        assert run_playbook(request_here, folder, lambda event: None, lambda: True) == 254
        assert processes(folder) == set()
    assert list(folders.iterdir()) == []


def test_prints_nothing_itself(request_here: Request, folders: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with workplace() as folder:
        run_playbook(request_here, folder, lambda event: None, lambda: False)
    assert capfd.readouterr().out == ""
