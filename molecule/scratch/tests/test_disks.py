"""Empty disks become scratch once, an older scratch is adopted, and whatever else a disk holds is left alone."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from tests.disks.blade_lab import content_digest

Lab = Callable[..., str]
Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="session")
def provision(inventory_file: str) -> Run:
    """`provision slurm` on the scenario: exit code and what --json says."""

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        command = ["provision", "slurm", f"--plan={inventory_file}", "--json", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    return run


def _filesystem_ids(host: Host) -> list[str]:
    return sorted(host.check_output("findmnt --noheadings --types xfs --output UUID,TARGET").splitlines())


def test_every_empty_disk_of_the_size_class_was_taken(members: dict[str, Host]) -> None:
    mounted = members["bld-008"].check_output("findmnt --noheadings --types xfs --output TARGET").split()
    assert sorted(mounted) == ["/scratch", "/scratch2"], "the disk of 146 GB is none of them"


def test_a_second_run_formats_nothing(members: dict[str, Host], provision: Run) -> None:
    before = _filesystem_ids(members["bld-008"])
    code, said = provision("--nodes=BLD-008")
    assert (code, said["changed"]) == (0, 0)
    assert _filesystem_ids(members["bld-008"]) == before


def test_a_reimaged_blade_gets_its_scratch_back_with_all_files(
    members: dict[str, Host], lab: Lab, provision: Run
) -> None:
    host = members["bld-011"]
    before = _filesystem_ids(host)
    host.check_output("echo precious > /scratch/result && sync")
    lab("reimage", "BLD-011")
    code, said = provision("--nodes=BLD-011")
    assert code == 0, said
    assert _filesystem_ids(host) == before
    assert host.file("/scratch/result").content_string == "precious\n"


def test_a_disk_that_nobody_named_waits_until_the_plan_names_it(
    members: dict[str, Host], lab: Lab, provision: Run, inventory_file: str, tmp_path: Path
) -> None:
    """The blade joins without scratch, says so in every run, and an adopted id brings it (the last --plan counts)."""
    host = members["bld-011"]
    lab("reimage", "BLD-011", "--wipe-disks")
    Path(os.environ["XDG_STATE_HOME"], "provision/mol-scratch/lab/announced.json").unlink()
    for changed in (True, False):
        code, said = provision("--nodes=BLD-011")
        assert (code, said["changed"] > 0) == (0, changed), said
        notes = " ".join(said["blades"]["BLD-011"]["notes"])
        assert "no /scratch yet" in notes
        assert "provision disks --adopt BLD-011" in notes
        assert _filesystem_ids(host) == []
    assert _digest(_image("bld-011")) == content_digest(_empty(tmp_path)), "something was written to the disk"

    plan = tmp_path / "plan.yml"
    plan.write_text(Path(inventory_file).read_text())
    adopt = ["provision", "disks", f"--plan={plan}", "--adopt=BLD-011"]
    subprocess.run(adopt, capture_output=True, text=True, check=True)
    code, said = provision("--nodes=BLD-011", f"--plan={plan}")
    # slurmd had measured the root disk, so it was restarted, and says so.
    notes = said["blades"]["BLD-011"]["notes"]
    assert (code, [note for note in notes if "slurmd was restarted" not in note]) == (0, []), said
    assert [row.split()[1] for row in _filesystem_ids(host)] == ["/scratch"]
    assert provision("--nodes=BLD-011", f"--plan={plan}")[1]["changed"] == 0


def test_a_foreign_filesystem_is_refused_and_the_others_go_on(
    members: dict[str, Host], controller: Host, provision: Run
) -> None:
    disk = members["bld-012"].check_output("ls /dev/disk/by-id/*")
    image = _image("bld-012")
    _format(image)
    before = _digest(image)

    code, said = provision("--nodes=BLD-008,BLD-012")

    assert code == 3, said
    assert said["blades"]["BLD-008"]["status"] == "ok"
    failure = said["blades"]["BLD-012"]["failure"]
    assert "ext4" in failure["message"], failure
    assert disk in failure["message"], failure
    assert "wipefs" in failure["next_step"], "the command a person would use is missing"
    assert _digest(image) == before, "the disk is not what it was"
    listed = controller.check_output("sinfo --noheader --Node --partition=all --format='%N %T'").splitlines()
    assert listed == ["bld-008 idle", "bld-011 idle"]


def test_the_table_of_disks_names_what_is_on_them(inventory_file: str) -> None:
    command = ["provision", "disks", f"--plan={inventory_file}", "--nodes=BLD-012"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"})
    assert "ext4" in shown.stdout, shown.stdout


def _device(image: Path) -> str:
    """The loop device of a disk."""
    find = ["losetup", "--noheadings", "--output", "NAME", "--associated", str(image)]
    return subprocess.run(find, capture_output=True, text=True, check=True).stdout.strip()


def _format(image: Path) -> None:
    """ext4 from outside: a fresh Debian 13 has no mke2fs."""
    options = ["-q", "-t", "ext4", "-L", "somebody", "-E", "nodiscard"]
    subprocess.run(["mke2fs", *options, _device(image), "60g"], check=True)


def _empty(folder: Path) -> Path:
    """A file without content."""
    file = folder / "empty"
    file.touch()
    return file


def _digest(image: Path) -> str:
    """Hash of the disk after all writes reached it."""
    subprocess.run(["blockdev", "--flushbufs", _device(image)], check=True)
    return content_digest(image)


def _image(host: str) -> Path:
    (image,) = Path(os.environ["XDG_STATE_HOME"], "provision/mol-scratch/lab/disks", host).glob("*.img")
    return image
