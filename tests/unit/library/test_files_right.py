from __future__ import annotations

from typing import Any

import pytest

from tests.unit.library.modules import PLAYBOOKS, load

files_right = load(PLAYBOOKS / "filter_plugins" / "files.py", "provision_files").files_right

FILE = {"path": "/etc/default/slurmd", "content": "OPTIONS=1\n"}
FOLDER = {"path": "/var/log/slurm", "folder": True, "mode": "0755", "owner": "slurm", "group": "slurm"}
LINK = {"path": "/usr/lib/libpmix.so", "link": "libpmix.so.2"}
AS_WANTED: dict[str, dict[str, Any]] = {
    FILE["path"]: {"kind": "file", "content": "OPTIONS=1\n", "mode": "0644", "owner": "root", "group": "root"},
    "/var/log/slurm": {"kind": "folder", "mode": "0755", "owner": "slurm", "group": "slurm"},
    "/usr/lib/libpmix.so": {"kind": "link", "content": "libpmix.so.2"},
}


def test_a_blade_as_wanted_is_right() -> None:
    assert files_right([FILE, FOLDER, LINK], {"paths": AS_WANTED})
    assert files_right([], {"paths": {}})


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/etc/default/slurmd", {"content": "OPTIONS=2\n"}),
        ("/etc/default/slurmd", {"mode": "0600"}),
        ("/etc/default/slurmd", {"owner": "slurm"}),
        ("/etc/default/slurmd", {"group": "slurm"}),
        ("/etc/default/slurmd", {"kind": "link"}),
        ("/etc/default/slurmd", {"kind": "absent"}),
        ("/var/log/slurm", {"mode": "0777"}),
        ("/var/log/slurm", {"kind": "file"}),
        ("/usr/lib/libpmix.so", {"content": "elsewhere.so"}),
    ],
)
def test_every_difference_counts(path: str, change: dict[str, str]) -> None:
    states = {**AS_WANTED, path: {**AS_WANTED[path], **change}}
    assert not files_right([FILE, FOLDER, LINK], {"paths": states})


def test_a_path_that_nobody_asked_about_proves_nothing() -> None:
    assert not files_right([FILE], {"paths": {}})


def test_a_secret_is_never_proved() -> None:
    assert not files_right([{"path": FILE["path"], "content_b64": "T1BUSU9OUz0xCg=="}], {"paths": AS_WANTED})
