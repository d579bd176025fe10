from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.errors import UsageError
from provisioner.lab.watches import LIMIT, PER_BLADE, require_watches, used


def kernel(root: Path, limit: int, *processes: int) -> Path:
    """A /proc with this limit, and processes that hold so many instances each."""
    (root / LIMIT).parent.mkdir(parents=True)
    (root / LIMIT).write_text(f"{limit}\n")
    for number, held in enumerate(processes, start=100):
        files = root / "proc" / str(number) / "fd"
        files.mkdir(parents=True)
        (files / "0").symlink_to("/dev/null")
        for file in range(held):
            (files / str(file + 3)).symlink_to("anon_inode:inotify")
    return root


def test_counts_what_is_held(tmp_path: Path) -> None:
    assert used(kernel(tmp_path, 128, 2, 0, 3)) == 5


def test_a_lab_that_fits_is_started(tmp_path: Path) -> None:
    require_watches(16, kernel(tmp_path, 16 * PER_BLADE + 5, 5))


def test_a_lab_that_would_boot_only_half_is_refused(tmp_path: Path) -> None:
    root = kernel(tmp_path, 16 * PER_BLADE + 4, 5)
    with pytest.raises(UsageError) as caught:
        require_watches(16, root)
    assert "sysctl -w fs.inotify.max_user_instances=" in caught.value.next_step
    require_watches(0, root)


def test_this_machine_can_be_asked() -> None:
    assert used() >= 0
