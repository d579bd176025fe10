"""The program that changes munge's key on a node, with stand-ins of systemd, munge and Slurm in its PATH."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provisioner.on_node.rotation import main as program

# `setpriv ... put` keeps what it reads; slurmctld, munged and their answers are files.
_COMMANDS = {
    "setpriv": 'cat > "$HERE/key"',
    "systemctl": """
echo "$@" >> "$HERE/said"
case "$*" in
  *ActiveState*) cat "$HERE/slurmctld" ;;
  "stop slurmctld.service") echo inactive > "$HERE/slurmctld" ;;
  start*slurmctld.service) echo active > "$HERE/slurmctld" ;;
esac
""",
    "munge": 'grep --quiet bad "$HERE/key" || echo credential',
    "unmunge": "grep --quiet credential",
    "scontrol": """
echo "scontrol $@" >> "$HERE/said"
[ "$(cat "$HERE/slurmctld")" = active ] && echo "Slurmctld(primary) at x is UP"
""",
    # A job whose prolog ends once somebody has asked for it.
    "squeue": 'echo "squeue" >> "$HERE/said"; [ -e "$HERE/began" ] || echo Prolog; touch "$HERE/began"',
    "sinfo": """
cmp --silent "$HERE/key" "$HERE/theirs" && exit
echo "slurm_load_partitions: Protocol authentication error" >&2
exit 1
""",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node with a key `before`, and another one staged."""
    (tmp_path / "bin").mkdir()
    for name, script in _COMMANDS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setattr(program, "SETTLE", 0.0)
    monkeypatch.setattr(program, "OTHERS", 0.0)
    monkeypatch.setattr(program, "BEGINS", 0.0)
    monkeypatch.setattr(program, "GOES", 0.2)
    monkeypatch.setattr("random.uniform", lambda *ends: 0.01)
    (tmp_path / "key").write_text("before")
    (tmp_path / "slurmctld").write_text("active\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "new.key").write_text("new")
    (tmp_path / "folder" / "before.key").write_text("before")
    return tmp_path


def begin(here: Path, kind: str, server: str = "127.0.0.1:1", ago: float = 0.0) -> None:
    """Lets the program do its part now."""
    (here / "folder" / "at").write_text(repr(time.time() - ago))
    program.main(str(here / "folder"), kind, server, "5")


def journal(here: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((here / "folder" / "journal.json").read_text())
    return found


def test_the_controller_changes_while_slurmctld_is_away(here: Path) -> None:
    begin(here, "control")
    assert (here / "key").read_text() == "new"
    said = (here / "said").read_text()
    order = ["scontrol create reservation reservationname=provision-hold ", "squeue\nsqueue\n", "stop slurmctld"]
    order += ["restart munge", "start --no-block slurmctld", "scontrol delete reservation=provision-hold"]
    assert sorted(order, key=said.index) == order
    assert (journal(here)["stage"], journal(here)["proved"]) == ("switched", False)
    assert sorted(path.name for path in (here / "folder").iterdir()) == ["journal.json", "old.key"]
    assert (here / "folder" / "old.key").read_text() == "before"


def test_a_job_that_never_begins_is_not_waited_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "MOST_BEGINS", 0.5)
    (here / "bin" / "squeue").write_text("#!/bin/sh\necho Prolog\n")
    begin(here, "control")
    assert journal(here)["stage"] == "switched"


def test_whoever_cannot_hold_jobs_changes_the_key_all_the_same(here: Path) -> None:
    (here / "bin" / "scontrol").write_text('#!/bin/sh\n[ "$1" = ping ] && echo "Slurmctld(primary) at x is UP"\n')
    begin(here, "control")
    assert journal(here)["stage"] == "switched"
    assert "squeue" not in (here / "said").read_text()


def test_a_key_that_munge_does_not_work_with_is_taken_back(here: Path) -> None:
    (here / "folder" / "new.key").write_text("bad")
    begin(here, "control")
    assert (here / "key").read_text() == "before"
    assert journal(here)["stage"] == "taken back"
    assert (here / "slurmctld").read_text() == "active\n"


def test_a_controller_that_is_late_changes_nothing(here: Path) -> None:
    begin(here, "control", ago=60)
    assert (here / "key").read_text() == "before"
    assert journal(here)["stage"] == "nothing"
    assert not (here / "said").exists()


@pytest.mark.parametrize("theirs", ["new", "before"])
def test_a_node_ends_with_the_key_of_its_controller(here: Path, theirs: str) -> None:
    (here / "theirs").write_text(theirs)
    begin(here, "follow")
    assert (here / "key").read_text() == theirs
    assert not (here / "folder").exists()


def test_a_node_whose_slurmctld_does_not_go_keeps_its_key(here: Path) -> None:
    (here / "theirs").write_text("before")
    with socket.create_server(("127.0.0.1", 0)) as server:
        begin(here, "follow", f"127.0.0.1:{server.getsockname()[1]}")
    assert (here / "key").read_text() == "before"
    assert not (here / "said").exists()


def test_whoever_hears_of_no_moment_drops_what_he_has(here: Path) -> None:
    program.main(str(here / "folder"), "follow", "127.0.0.1:1", "0.2")
    assert not (here / "folder").exists()
    assert (here / "key").read_text() == "before"


def test_it_runs_as_a_program_by_itself(here: Path) -> None:
    words = [str(here / "folder"), "follow", "127.0.0.1:1", "0.2"]
    done = subprocess.run([sys.executable, "-I", program.__file__, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (here / "folder").exists()
