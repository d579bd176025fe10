"""What came from the cluster and what describes it become one file, and no more than that."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from provisioner.backup.archive import unpack
from provisioner.backup.cipher import opened
from provisioner.backup.make import BEGIN, END, PICTURE, make_backup
from provisioner.errors import ExitCode, ProvisionError
from provisioner.plan.load import load_plan
from provisioner.run import converge as runs
from provisioner.run.outcome import Outcome
from provisioner.run.request import PlaybookRun
from tests.unit.backup.making import state

PLAN = """\
cluster: {name: demo, network: 10.20.0.0/24, controller: BLD-006}
include: [rack.yml]
tiers: {fat: {slurm: [controller, compute]}}
blades:
  BLD-006: {bay: 6, address: 10.20.0.106, tier: fat, ram: 16}
"""
FILES = {
    "/etc/munge/munge.key": {"content": base64.b64encode(b"k").decode(), "owner": "munge", "group": "munge"},
    "/root/.ssh/authorized_keys": {"content": "", "owner": "root", "group": "root"},
    "/etc/slurm/a b": {"content": "", "owner": "root", "group": "root"},
}


@pytest.fixture
def plan_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    site = tmp_path / "site"
    (site / "group_vars" / "all").mkdir(parents=True)
    (site / "plan.yml").write_text(PLAN)
    (site / "rack.yml").write_text("nodes: {n1: {bay: 7, address: 10.20.0.7, tier: fat, ram: 16}}\n")
    (site / "group_vars" / "all" / "main.yml").write_text("a: 1\n")
    (site / "group_vars" / "all" / "odd name.yml").write_text("b: 1\n")
    (site / "group_vars" / "passwd.yml").symlink_to("/etc/passwd")
    return site / "plan.yml"


def answered(monkeypatch: pytest.MonkeyPatch, files: Any = FILES, **begun: Any) -> None:
    """A controller that answers so."""

    def converge(asked: PlaybookRun, console: Console) -> runs.Finished:
        folder = Path(asked.options.extra["provision_backup"]["folder"])
        assert folder.stat().st_mode & 0o777 == 0o700
        has = {path: {**each, "mode": "0400"} for path, each in files.items()} if isinstance(files, dict) else files
        (folder / "files.json").write_text(json.dumps(has))
        (folder / "state.tar.gz").write_bytes(state())
        said = {
            BEGIN: {"debian": "13", "slurm": "24.11.5-4", "cluster": "demo|7", **begun},
            PICTURE: {"clusters": "demo|7"},
            END: {"away": 3.2, "unpacked": 10240},
        }
        return runs.Finished(Outcome(ExitCode.OK, {}, {}, 1.0), {"bld-006": said})

    monkeypatch.setattr(runs, "converge", converge)


def made(plan_file: Path, folder: Path) -> Any:
    return make_backup(load_plan(plan_file), plan_file, Console(), folder, [])


def test_everything_of_the_cluster_and_the_site_is_in_it(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch)
    found = made(plan_file, tmp_path / "kept")
    assert (found.away, len(found.left_out)) == (3.2, 1)
    with opened(found.file, None) as stream:
        manifest = unpack(stream, tmp_path / "out")
    assert [each.name for each in manifest.members] == [
        "state.tar.gz",
        "cluster/etc/munge/munge.key",
        "site/plan.yml",
        "site/rack.yml",
        "site/group_vars/all/main.yml",
    ]
    key = manifest.member("cluster/etc/munge/munge.key")
    assert key is not None
    assert (key.owner, key.mode, manifest.identity) == ("munge", "0400", "demo|7")
    assert (tmp_path / "out/site/plan.yml").read_text() == PLAN


@pytest.mark.parametrize("files", [[], "text", {"/etc/slurm/x": {"content": "%"}}, {"/etc/slurm/x": {}}])
def test_an_answer_that_is_no_list_of_files_is_refused(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Any
) -> None:
    answered(monkeypatch, files)
    with pytest.raises(ProvisionError, match="no list of its files"):
        made(plan_file, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.parametrize("begun", [{"debian": "\x1b[2J"}, {"cluster": ["x"]}, {"slurm": "x" * 300}])
def test_a_hostile_answer_makes_no_backup(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: dict[str, Any]
) -> None:
    answered(monkeypatch, **begun)
    with pytest.raises(ProvisionError, match="none that a backup can have"):
        made(plan_file, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []
