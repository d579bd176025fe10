"""Which blades came back reimaged, by the host keys that they show and those on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provisioner.announced import announce, announced_file, read_announced
from provisioner.plan.model import Plan
from provisioner.reimage_windows import open_until, open_windows, windows_file
from provisioner.run import came_back
from provisioner.run.came_back import give_back, take_note

OLD, NEW, OTHER = "ssh-ed25519 AAAA", "ssh-ed25519 BBBB", "ssh-rsa CCCC"
HOSTS = f"10.20.0.108 {OLD}\n10.20.0.111 {OLD}\n"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "known_hosts").write_text(HOSTS)
    open_until(windows_file(tmp_path), ["BLD-008"], datetime.now(UTC) + timedelta(hours=1))
    return tmp_path


def shows(monkeypatch: pytest.MonkeyPatch, *keys: str) -> list[str]:
    """What each blade that is asked shows; the addresses of those asked."""
    asked: list[str] = []

    def offered(way: object, pins: object, known_hosts: object) -> list[str]:
        asked.append(str(getattr(way, "address", "")))
        return list(keys)

    monkeypatch.setattr(came_back, "offered_keys", offered)
    return asked


def test_another_key_is_taken_once(site: Plan, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = shows(monkeypatch, NEW, OTHER)
    assert take_note(site, state).keys() == {"BLD-008"}
    assert asked == ["10.20.0.108"]
    assert (state / "known_hosts").read_text() == f"10.20.0.111 {OLD}\n"
    assert read_announced(announced_file(state)).keys() == {"BLD-008"}
    assert open_windows(windows_file(state)) == {}
    assert take_note(site, state) == {}


@pytest.mark.parametrize("earlier", [False, True], ids=["", "announced before"])
def test_all_is_given_back_where_another_machine_stood(
    site: Plan, state: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    shows(monkeypatch, NEW)
    windows, trust = open_windows(windows_file(state)), state / "known_hosts.ca"
    trust.write_text(f"@revoked 10.20.0.108 {OTHER}\n")
    if earlier:
        announce(announced_file(state), ["BLD-008"])
    before = take_note(site, state)
    # As ssh, and what settles the keys of the host CA, leave them.
    with (state / "known_hosts").open("a") as file:
        file.write(f"10.20.0.108 {NEW}\n")
    trust.write_text(f"@revoked 10.20.0.108 {OLD}\n@revoked 10.20.0.111 {OTHER}\n")
    give_back(site, state, before)
    assert sorted((state / "known_hosts").read_text().splitlines()) == sorted(HOSTS.splitlines())
    assert set(trust.read_text().splitlines()) == {f"@revoked 10.20.0.{n} {OTHER}" for n in (108, 111)}
    assert open_windows(windows_file(state)) == windows
    assert read_announced(announced_file(state)).keys() == ({"BLD-008"} if earlier else set())
    assert take_note(site, state).keys() == {"BLD-008"}


@pytest.mark.parametrize("keys", [(), (OLD,), (OTHER, OLD)], ids=["no answer", "the old key", "more than one key"])
def test_one_that_is_not_there_yet_keeps_its_window(
    site: Plan, state: Path, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]
) -> None:
    shows(monkeypatch, *keys)
    assert take_note(site, state) == {}
    assert (state / "known_hosts").read_text() == HOSTS
    assert open_windows(windows_file(state)).keys() == {"BLD-008"}


def test_without_a_window_nobody_is_asked(site: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = shows(monkeypatch, NEW)
    (tmp_path / "known_hosts").write_text(HOSTS)
    assert take_note(site, tmp_path) == {}
    assert asked == []
