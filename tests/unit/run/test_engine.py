"""The engine with the real ansible-runner, on this machine itself: connection local, no network."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisioner.paths import assets
from provisioner.plan.model import Plan
from provisioner.run.engine import run_playbook
from provisioner.run.environment import run_environment
from provisioner.run.events import BladeState, RunState
from provisioner.run.request import Options, PlaybookRun, RunnerCall, runner_call
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

FILTER = """\
import gc
class FilterModule:
    def filters(self):
        return {"searches": lambda value: gc.isenabled()}
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the engine keeps what it hands to Ansible."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def call_here(tmp_path: Path, site: Plan, plan_file: Path) -> RunnerCall:
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
    call = runner_call(PlaybookRun(site, plan_file, ["BLD-008"], "slurm.yml", options), assets())
    return replace(call, playbook=playbook, inventory=inventory)


def test_ansible_does_not_search_for_cycles(call_here: RunnerCall, folders: Path) -> None:
    call_here.playbook.write_text(PLAYBOOK.replace("{{ colour }}", "{{ '' | searches }}"))
    (call_here.playbook.parent / "filter_plugins").mkdir()
    (call_here.playbook.parent / "filter_plugins" / "cycles.py").write_text(FILTER)
    state = RunState({host: BladeState() for host in call_here.limit})
    with workplace() as folder:
        run_playbook(call_here, folder, state.take, lambda: False)
    assert state.results["bld-006"]["Say what the site set"]["msg"].startswith("False yes")


def test_runs_a_playbook_and_leaves_nothing_behind(call_here: RunnerCall, folders: Path) -> None:
    state = RunState({host: BladeState() for host in call_here.limit})
    modes: set[int] = set()

    def on_event(event: Mapping[str, Any]) -> None:
        modes.update(stat.S_IMODE(found.stat().st_mode) for found in folders.iterdir())
        state.take(event)

    with workplace() as folder:
        code = run_playbook(call_here, folder, on_event, lambda: False)
    assert code == 2
    assert state.finished
    assert set(state.results) == {"bld-006", "bld-008"}
    assert state.results["bld-006"]["Say what the site set"]["msg"].startswith("green yes True /")
    assert state.failed() == ["bld-008"]
    assert modes == {0o700}
    assert list(folders.iterdir()) == []
    assert (call_here.site / "group_vars" / "all.yml").is_file()


def test_a_cancelled_run_leaves_nothing_behind(call_here: RunnerCall, folders: Path) -> None:
    with workplace() as folder:
        assert run_playbook(call_here, folder, lambda event: None, lambda: True) == 254
    assert processes(folder) == set()
    assert list(folders.iterdir()) == []


def test_prints_nothing_itself(call_here: RunnerCall, folders: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with workplace() as folder:
        run_playbook(call_here, folder, lambda event: None, lambda: False)
    assert capfd.readouterr().out == ""


def test_ansible_sees_neither_settings_nor_plugins_of_the_caller(
    call_here: RunnerCall, folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every one of the settings here would show or run something; a plugin in ~/.ansible would run by itself."""
    spoken = tmp_path / "spoken"
    plugin = f"open({str(spoken)!r}, 'a').write('callback\\n')\nfrom ansible.plugins.callback import CallbackBase\n"
    plugin += "class CallbackModule(CallbackBase):\n    CALLBACK_NAME = 'foreign'\n"
    for folder in (tmp_path / "home" / ".ansible" / "plugins" / "callback", tmp_path / "callbacks"):
        folder.mkdir(parents=True)
        (folder / "foreign.py").write_text(plugin)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANSIBLE_CALLBACK_PLUGINS", str(tmp_path / "callbacks"))
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(tmp_path / "log"))
    monkeypatch.setenv("ANSIBLE_DEBUG", "1")
    monkeypatch.setenv("ANSIBLE_CACHE_PLUGIN", "jsonfile")
    monkeypatch.setenv("ANSIBLE_CACHE_PLUGIN_CONNECTION", str(tmp_path / "cache"))
    monkeypatch.setenv("ANSIBLE_RUN_TAGS", "nothing")
    call = replace(call_here, environment=run_environment(os.environ, assets()))
    state = RunState({host: BladeState() for host in call.limit})
    words: list[str] = []

    def on_event(event: Mapping[str, Any]) -> None:
        words.append(str(event.get("stdout")))
        state.take(event)

    before = dict(os.environ)
    with workplace() as folder_of_run:
        assert run_playbook(call, folder_of_run, on_event, lambda: False) == 2
    assert dict(os.environ) == before
    assert state.results["bld-006"]["Say what the site set"]["msg"].startswith("green yes True /")
    assert not spoken.exists(), "a foreign plugin was run"
    assert not (tmp_path / "log").exists()
    assert not (tmp_path / "cache").exists()
    assert "starting run" not in "".join(words)
    assert not any(word in "".join(words) for word in ("TaskExecutor", "ansible_loop_var"))


def test_the_foreign_plugin_of_that_test_would_be_run(tmp_path: Path) -> None:
    folder = tmp_path / ".ansible" / "plugins" / "callback"
    folder.mkdir(parents=True)
    spoken = tmp_path / "spoken"
    (folder / "foreign.py").write_text(f"open({str(spoken)!r}, 'a').write('callback\\n')\n")
    (tmp_path / "try.yml").write_text("- hosts: localhost\n  gather_facts: false\n  tasks: []\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", tmp_path / "try.yml"],
        env={**environment, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert spoken.exists()
