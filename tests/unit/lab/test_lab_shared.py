from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import UsageError
from provisioner.lab.arguments import BladeSpec, create
from provisioner.lab.blades import Bench
from provisioner.lab.host import Host
from provisioner.lab.lab import reimage, up
from provisioner.lab.podman import Container, Podman, _container
from provisioner.lab.power import power_on
from provisioner.lab.record import LabRecord, read_record
from provisioner.lab.settings import LabFiles, Release
from provisioner.lab.shared import DEBIANS_OWN, Shared, parse_shared
from provisioner.lab.status import table
from provisioner.plan.model import Plan

SPEC = BladeSpec(
    cluster="test",
    blade="BLD-001",
    address=IPv4Address("10.77.0.101"),
    release=Release.BOOKWORM,
    image="localhost/provision-lab:bookworm-0",
    devices=(),
    state="/state",
)


class NoPodman(Podman):
    """Has no containers, and fails a test that would do anything."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.called: list[str] = []

    def containers(self, cluster: str) -> list[Container]:
        return []

    def call(self, argv: object, purpose: str, stdin: bytes = b"") -> str:
        raise AssertionError(purpose)


@pytest.fixture
def bench(plan: Plan, v1_host: Host, tmp_path: Path) -> Bench:
    files = LabFiles(tmp_path / "state")
    files.folder.mkdir(parents=True)
    return Bench(plan, files, v1_host, NoPodman(v1_host))


def test_a_directory_is_at_shared_unless_a_path_is_named(tmp_path: Path) -> None:
    assert parse_shared(str(tmp_path)) == Shared(str(tmp_path), "/shared")
    assert parse_shared(f"{tmp_path}:/data/") == Shared(str(tmp_path), "/data")
    assert parse_shared(f"{tmp_path}:/srv/nfs//home") == Shared(str(tmp_path), "/srv/nfs/home")


def test_a_relative_directory_and_a_link_become_the_directory_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data, with a comma").mkdir()
    (tmp_path / "link").symlink_to("data, with a comma")
    monkeypatch.chdir(tmp_path)
    expected = Shared(str(tmp_path / "data, with a comma"), "/shared")
    assert parse_shared("link") == parse_shared("data, with a comma") == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "DIR or DIR:PATH"),
        (":/shared", "DIR or DIR:PATH"),
        ("DIR:", "DIR or DIR:PATH"),
        ("DIR:/shared:ro", "no colon"),
        ("DIR:shared", "absolute path, not at 'shared'"),
        ("DIR:/shared/../etc", "absolute path"),
        ("DIR:/shared\n", "absolute path"),
        ("DIR:/", "needs its own /"),
        ("DIR://", "absolute path"),
        *((f"DIR:/{name}/x", f"needs its own /{name}") for name in sorted(DEBIANS_OWN)),
        ("DIR/none", "does not exist"),
        ("DIR/file", "is not a directory"),
        ("DIR/file/below", "cannot be used: Not a directory"),
        (f"DIR/{'x' * 300}", "cannot be used: File name too long"),
        ("DIR/of\x1b[2J", "no directory of this name"),
        ("/", "whole of this machine"),
        ("/proc/..", "whole of this machine"),
    ],
)
def test_what_cannot_be_shared_is_one_sentence(tmp_path: Path, words: str, said: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as error:
        parse_shared(words.replace("DIR", str(tmp_path)))
    assert said in error.value.message
    assert (error.value.message + error.value.next_step).isprintable()


def test_a_link_to_a_name_with_a_colon_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()
    (tmp_path / "link").symlink_to("a:b")
    with pytest.raises(UsageError, match="takes no directory of this name"):
        parse_shared(str(tmp_path / "link"))


@given(st.text(max_size=30))
def test_any_words_are_a_volume_of_two_parts_or_a_sentence(words: str) -> None:
    with contextlib.suppress(UsageError):
        shared = parse_shared(words)
        assert shared.volume.split(":") == [shared.directory, shared.path]
        assert Path(shared.directory).is_dir()


def test_podman_mounts_it_and_tells_it_again(v1_host: Host) -> None:
    shared = Shared("/srv/a b,c=d", "/shared")
    argv = create(replace(SPEC, shared=shared), v1_host)
    assert argv.index("--volume=/srv/a b,c=d:/shared") < argv.index(SPEC.image)
    found = {"Name": "x", "Config": {"CreateCommand": ["podman", *argv]}, "State": {"Status": "running"}}
    assert _container(found).shared == shared
    found["Config"] = {"CreateCommand": ["podman", *create(SPEC, v1_host)]}
    assert _container(found).shared is None


def test_the_record_keeps_it_and_one_of_former_versions_has_none(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    record = LabRecord(Release.TRIXIE, Shared("/srv/lab", "/shared"))
    record.write(file)
    assert read_record(file) == record
    file.write_text(json.dumps({"release": "trixie"}))
    assert read_record(file) == LabRecord(Release.TRIXIE)


@pytest.mark.parametrize(
    ("there", "said"), [(None, "shares no directory"), (Shared("/srv/one", "/shared"), "shares /srv/one at /shared")]
)
def test_a_lab_keeps_the_directory_it_was_made_with(bench: Bench, there: Shared | None, said: str) -> None:
    LabRecord(Release.BOOKWORM, there).write(bench.files.record)
    with pytest.raises(UsageError, match=f"{said}, not /srv at /shared") as error:
        up(bench, [], None, Shared("/srv", "/shared"), print)
    assert "provision lab down" in error.value.next_step


def test_a_directory_that_lab_down_would_delete_is_refused(bench: Bench) -> None:
    inside = bench.files.folder / "disks"
    inside.mkdir()
    with pytest.raises(UsageError, match="lab down removes"):
        up(bench, [], None, Shared(str(inside), "/shared"), print)


def test_a_directory_that_is_gone_is_said_before_any_blade_is_touched(bench: Bench, tmp_path: Path) -> None:
    gone = Shared(str(tmp_path / "gone"), "/shared")
    LabRecord(Release.BOOKWORM, gone).write(bench.files.record)
    container = Container("c", "BLD-002", "bookworm", "exited", "10.77.0.102", (), "/state", gone)
    for action in (
        lambda: up(bench, ["BLD-002"], None, None, print),
        lambda: reimage(bench, ["BLD-002"], print, wipe_disks=False, announced=True),
        lambda: power_on(bench, [container]),
    ):
        with pytest.raises(UsageError, match="does not exist") as error:
            action()
        assert error.value.next_step.endswith(f"mkdir -p {gone.directory}")


def test_status_has_a_column_for_it_only_where_something_is_shared() -> None:
    blade = {"blade": "BLD-001", "state": "on", "address": "10.77.0.101", "os": "trixie", "disks": []}
    assert [column.header for column in table([{**blade, "shared": None}]).columns][-1] == "disks"
    shown = table([{**blade, "shared": {"directory": "/srv/lab", "path": "/shared"}}, {**blade, "shared": None}])
    assert list(shown.columns[-1].cells) == ["/srv/lab at /shared", "-"]
