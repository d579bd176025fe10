"""What the program tells slurmctld, and what slurmd gets for its log."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.on_node.health import main as program

WELL = "nothing speaks against jobs on this node\n"


@pytest.mark.parametrize(
    ("found", "fails", "told", "code", "printed"),
    [
        (([], []), "", "", 0, WELL),
        ((["a", "b", "a"], []), "", "a, b", 0, "a, b\n"),
        ((["a"], []), "slurmctld does not answer", "a", 1, "a\nslurmctld does not answer\n"),
        # Nobody waits for that.
        (([], []), "slurmctld does not answer", "", 0, f"{WELL}slurmctld does not answer\n"),
        # A cause that nobody could look at is not gone: nothing is taken back.
        (([], ["could not look at b"]), "", None, 1, "could not look at b\n"),
        ((["a"], ["could not look at b"]), "", "a", 1, "a\ncould not look at b\n"),
        (None, "", None, 0, "another check is at work\n"),
    ],
)  # fmt: skip
def test_what_comes_of_a_look(
    found: Any,
    fails: str,
    told: str | None,
    code: int,
    printed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said: list[tuple[str, str]] = []

    def tell(node: str, trouble: str) -> str:
        said.append((node, trouble))
        return fails

    for name in ("PATH", "LC_ALL"):
        monkeypatch.setenv(name, "as it was")
    monkeypatch.setenv("SLURMD_NODENAME", "bld-008")
    monkeypatch.setattr(program, "look", lambda checks, lock, seconds: found)
    monkeypatch.setattr(program, "tell", tell)
    assert program.main("/scratch", 64, 512, 60) == code
    assert capsys.readouterr().out == printed
    assert said == ([] if told is None else [("bld-008", told)])


def test_scratch_of_others_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    monkeypatch.setattr(program, "look", lambda checks, lock, seconds: seen.append(set(checks)))
    for name in ("PATH", "LC_ALL"):
        monkeypatch.setenv(name, "as it was")
    program.main("", 64, 512, 60)
    program.main("/scratch", 64, 512, 60)
    assert seen[1] - seen[0] == {"/scratch"}


def test_a_look_tells_nobody(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def tell(node: str, trouble: str) -> str:
        raise AssertionError("slurmctld was told")

    for name in ("PATH", "LC_ALL"):
        monkeypatch.setenv(name, "as it was")
    monkeypatch.setattr(program, "look", lambda checks, lock, seconds: (["a"], []))
    monkeypatch.setattr(program, "tell", tell)
    monkeypatch.setattr("sys.argv", ["slurm-health", "--look"])
    assert program.main("", 64, 512, 60) == 0
    assert capsys.readouterr().out == "a\n"
