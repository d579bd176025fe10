"""What came from the cluster and what describes it become one file, and no more than that."""

from __future__ import annotations

import base64
import json
import tempfile
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
    "/etc/slurm/slurm.conf.old": {"left_out": "a link"},
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


def answered(monkeypatch: pytest.MonkeyPatch, files: Any = FILES, clusters: str = "demo|7", **begun: Any) -> None:
    """A controller that answers so."""

    def converge(asked: PlaybookRun, console: Console) -> runs.Finished:
        folder = Path(asked.options.extra["provision_backup"]["folder"])
        assert folder.stat().st_mode & 0o777 == 0o700
        has = files
        if isinstance(files, dict):
            has = {path: {"mode": "0400", **each} if isinstance(each, dict) else each for path, each in files.items()}
        (folder / "files.json").write_text(json.dumps(has))
        (folder / "state.tar.gz").write_bytes(state())
        said = {
            BEGIN: {"debian": "13", "slurm": "24.11.5-4", "cluster": "demo|7", **begun},
            PICTURE: {"clusters": clusters},
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
    assert found.away == 3.2
    assert found.left_out == [
        "/root/.ssh/authorized_keys on the controller: its name is none that a backup takes",
        "/etc/slurm/a b on the controller: its name is none that a backup takes",
        "/etc/slurm/slurm.conf.old on the controller: a link",
        f"{plan_file.parent}/group_vars/passwd.yml: a link",
        f"{plan_file.parent}/group_vars/all/odd name.yml: its name is none that a backup takes",
    ]
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


STANDING: list[tuple[str, str, str, tuple[str, str, str], str]] = [
    ("slurm", "slurm", "0640", ("slurm", "slurm", "0640"), ""),
    ("first.last", "root", "0644", ("first.last", "root", "0644"), ""),
    ("1005", "root", "0750", ("root", "root", "0750"), "as root's, since its owner has no name there"),
    ("root", "SITE\\users", "0770", ("root", "root", "0700"), "its group has no name there and with mode 0700 instead"),
    ("root", "root", "4755", ("root", "root", "0755"), "with mode 0755 instead of 4755"),
    ("root", "root", "1777", ("root", "root", "0777"), "with mode 0777 instead of 1777"),
]


@pytest.mark.parametrize(("owner", "group", "mode", "kept", "words"), STANDING)
def test_a_file_that_stands_oddly_is_taken_and_told(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    owner: str, group: str, mode: str, kept: tuple[str, str, str], words: str,
) -> None:  # fmt: skip
    answered(monkeypatch, {"/etc/slurm/prolog": {"content": "", "owner": owner, "group": group, "mode": mode}})
    found = made(plan_file, tmp_path / "kept")
    member = found.manifest.member("cluster/etc/slurm/prolog")
    assert (member.owner, member.group, member.mode) == kept
    assert [words in note for note in found.notes] == ([True] if words else [])


def test_clusters_of_other_names_in_the_database_are_no_obstacle(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(monkeypatch, clusters="odd; next: rm|3\ndemo|7\nold|")
    assert made(plan_file, tmp_path / "kept").manifest.database == "demo|7\nold|"


def no_room(*words: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("target", "place"), [("shelf.put", "kept"), ("collect", "")])
def test_a_full_disk_is_said_with_its_folder(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, place: str
) -> None:
    answered(monkeypatch)
    monkeypatch.setattr(f"provisioner.backup.make.{target}", no_room)
    folder = tmp_path / place if place else Path(tempfile.gettempdir())
    with pytest.raises(ProvisionError, match=f"could not be written to {folder}: No space left") as error:
        made(plan_file, tmp_path / "kept")
    assert "make room there" in error.value.next_step


def test_old_ones_that_stay_are_a_note_only(plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch)
    monkeypatch.setattr("provisioner.backup.make.shelf.thin", no_room)
    found = made(plan_file, tmp_path / "kept")
    assert found.file.is_file()
    assert found.notes == [
        f"backups that are older than the newest 14 stay in {tmp_path}/kept: No space left on device"
    ]


@pytest.mark.parametrize(
    "files",
    [
        [], "text", {"/etc/slurm/x": {"content": "%"}}, {"/etc/slurm/x": {}}, {"/etc/slurm/x": []},
        {"/etc/slurm/x": {"content": "", "owner": 5, "group": "root"}},
    ],
)  # fmt: skip
def test_an_answer_that_is_no_list_of_files_is_refused(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Any
) -> None:
    answered(monkeypatch, files)
    with pytest.raises(ProvisionError, match="no list of its files"):
        made(plan_file, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.parametrize(
    "begun", [{"debian": "\x1b[2J"}, {"cluster": ["x"]}, {"slurm": "x" * 300}, {"slurm": "1; next: x"}]
)
def test_a_hostile_answer_makes_no_backup(
    plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: dict[str, Any]
) -> None:
    answered(monkeypatch, **begun)
    with pytest.raises(ProvisionError, match="none that a backup can have"):
        made(plan_file, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []
