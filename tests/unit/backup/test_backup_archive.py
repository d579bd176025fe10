"""A backup comes out as it went in, and anything else is refused."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.backup.archive import check_state, pack, unpack
from provisioner.backup.manifest import parse
from provisioner.errors import UsageError
from tests.unit.backup.making import contents, entry, laid_out, manifest, state, tar


def whole(tmp_path: Path) -> bytes:
    files = contents()
    out = io.BytesIO()
    pack(laid_out(tmp_path / "in", files), manifest(files), out)
    return out.getvalue()


def test_what_was_packed_comes_out_for_this_user_only(tmp_path: Path) -> None:
    raw = whole(tmp_path)
    found = unpack(io.BytesIO(raw), tmp_path / "out")
    assert found == manifest(contents())
    for name, content in contents().items():
        file = tmp_path / "out" / name
        assert (file.read_bytes(), file.stat().st_mode & 0o777) == (content, 0o600)
    assert check_state(tmp_path / "out", found) == {"clustername": b"demo|7"}


def test_the_manifest_is_read_without_the_rest(tmp_path: Path) -> None:
    raw = whole(tmp_path)
    assert unpack(io.BytesIO(raw[:8192]), None).cluster == "demo"


def test_one_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    raw = whole(tmp_path)
    end = len(raw.rstrip(b"\0"))
    for number, length in enumerate(range(0, end, 509)):
        with pytest.raises(UsageError):
            unpack(io.BytesIO(raw[:length]), tmp_path / str(number))


def test_one_that_is_damaged_in_a_file_is_refused(tmp_path: Path) -> None:
    raw = whole(tmp_path).replace(b"ClusterName=demo", b"ClusterName=evil")
    with pytest.raises(UsageError, match=r"slurm.conf in this backup is damaged"):
        unpack(io.BytesIO(raw), tmp_path / "out")


@given(st.binary(max_size=2000))
def test_anything_else_is_no_backup(raw: bytes) -> None:
    with pytest.raises(UsageError):
        unpack(io.BytesIO(raw), None)


Names = Callable[[], list[tuple[tarfile.TarInfo, bytes]]]
LINK, HARD, DEVICE, FIFO = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
HOSTILE: dict[str, Names] = {
    "a file that is not named": lambda: [entry("more", b"x")],
    "an absolute path": lambda: [entry("/etc/passwd", b"x")],
    "a path out of the folder": lambda: [entry("../../etc/passwd", b"x")],
    "a link": lambda: [entry("site/plan.yml", type=LINK, linkname="/etc/shadow")],
    "a hard link": lambda: [entry("site/plan.yml", type=HARD, linkname="/etc/shadow")],
    "a device": lambda: [entry("site/plan.yml", type=DEVICE, devmajor=1, devminor=5)],
    "a FIFO": lambda: [entry("site/plan.yml", type=FIFO)],
    "a file twice": lambda: [entry("site/plan.yml", b"cluster: {}\n")] * 2,
    "a larger file": lambda: [entry("site/plan.yml", b"cluster: {}\n" * 1000)],
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_one_is_refused_and_nothing_is_outside(case: str, tmp_path: Path) -> None:
    files = {"state.tar.gz": state(), "site/plan.yml": b"cluster: {}\n"}
    text = manifest(files).model_dump_json().encode()
    raw = tar([entry("manifest.json", text), entry("state.tar.gz", state()), *HOSTILE[case]()])
    with pytest.raises(UsageError):
        unpack(io.BytesIO(raw), tmp_path / "a" / "out")
    outside = [each for each in tmp_path.rglob("*") if not str(each).startswith(str(tmp_path / "a"))]
    assert outside == []
    assert not [each for each in tmp_path.rglob("*") if each.is_symlink()]


NAMES = [
    "/etc/passwd", "../x", "cluster/etc/passwd", "cluster/etc/slurm/../passwd", "cluster/etc/slurm/a b", "site/", "",
    "cluster/etc/slurm/\x1b[31m", "site/{{ 7 }}", "cluster/etc/slurm/$(id)", "site/a\nb", "cluster/root/.ssh/x",
    "cluster/var/lib/provision/other.json", "cluster/var/lib/provision/released.json/x",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_with_a_name_that_no_backup_has_is_refused(name: str) -> None:
    data = json.loads(manifest(contents()).model_dump_json())
    data["members"][2]["name"] = name
    with pytest.raises(UsageError):
        parse(json.dumps(data).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"cluster": "a\x1b[2J"}, {"unpacked": -1}, {"unpacked": 2**60}, {"moment": "a\nb"},
        {"members": []}, {"odd": 1}, {"database": "a\x00"}, {"database": "demo|7; next: x"},
        {"slurm": "24.11; next: x"},
        {"cluster": "demo; next: x"}, {"debian": "13; next: x"}, {"identity": "demo|7; next: x"}, {"moment": "now"},
        {"controller": "[red]x"}, {"provision": "{{ 7 }}"}, {"accounting": "a b"},
    ],
)  # fmt: skip
def test_a_manifest_of_another_shape_is_refused(change: dict[str, object]) -> None:
    data = {**json.loads(manifest(contents()).model_dump_json()), **change}
    with pytest.raises(UsageError):
        parse(json.dumps(data).encode())


def test_what_was_released_may_be_in_one() -> None:
    files = {**contents(), "cluster/var/lib/provision/released.json": b"{}"}
    assert parse(manifest(files).model_dump_json().encode()).member("cluster/var/lib/provision/released.json")


def test_a_manifest_of_deep_nesting_is_refused() -> None:
    with pytest.raises(UsageError):
        parse(b'{"a":' * 100_000)


STATES = {
    "an absolute path": [entry("/etc/passwd", b"x")],
    "a path out of it": [entry("./../x", b"x")],
    "a link": [entry("./job_state", type=LINK, linkname="/etc/shadow")],
    "a device": [entry("./job_state", type=DEVICE, devmajor=1, devminor=5)],
    "more than it says": [entry("./job_state", b"\0" * 20_000)],
}


@pytest.mark.parametrize("case", STATES)
def test_a_hostile_state_is_refused(case: str, tmp_path: Path) -> None:
    files = contents(tar(STATES[case], packed=True))
    folder = laid_out(tmp_path, files)
    with pytest.raises(UsageError):
        check_state(folder, manifest(files))


def test_a_state_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    files = contents(state({"./clustername": b"demo|7", "./job_state": os.urandom(5000)})[:-2000])
    with pytest.raises(UsageError, match="damaged"):
        check_state(laid_out(tmp_path, files), manifest(files))


def test_nothing_is_written_over_what_is_there(tmp_path: Path) -> None:
    raw = whole(tmp_path)
    (tmp_path / "out" / "site").mkdir(parents=True)
    (tmp_path / "out" / "site" / "plan.yml").symlink_to("/etc/hostname")
    with pytest.raises(OSError, match="exists"):
        unpack(io.BytesIO(raw), tmp_path / "out")
