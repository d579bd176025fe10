from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provisioner import host_trust, knownhosts
from provisioner.hostca import HostCa, read_ca
from provisioner.plan.load import load_plan
from provisioner.plan.model import Plan
from provisioner.run import vouched
from provisioner.run.vouched import Met, put_aside, settle, trusted
from tests.unit.run.conftest import PLAN

OLD, NEW, OTHER = "ssh-ed25519 T0xE", "ssh-ed25519 TkVX", "ssh-rsa T1RI"
ADDRESS = "10.20.0.108"


def plan_of(folder: Path, more: str = "host_ca: true\n") -> Plan:
    (folder / "plan.yml").write_text(PLAN + more)
    return load_plan(folder / "plan.yml")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def offers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What blades show to an ssh that asks them."""

    def said(*keys: str) -> None:
        monkeypatch.setattr(vouched, "offered_keys", lambda way, pins, file: list(keys))

    return said


def recorded(state: Path) -> list[str]:
    file = state / "known_hosts"
    return knownhosts.keys_of(file.read_text(), ADDRESS) if file.exists() else []


def trust(state: Path) -> list[str]:
    return host_trust.read_trust(state / "known_hosts.ca").splitlines()


def told(*keys: str) -> dict[str, Any]:
    return {"bld-008": {"host_keys": list(keys)}}


def test_without_the_wish_there_is_no_ca_and_nothing_is_trusted(tmp_path: Path, state: Path) -> None:
    assert trusted(plan_of(tmp_path, ""), state, make=True) is None
    assert read_ca(state) is None
    assert list(state.iterdir()) == []


def test_a_look_makes_none_and_a_run_does(tmp_path: Path, state: Path) -> None:
    plan = plan_of(tmp_path)
    assert trusted(plan, state, make=False) == HostCa(state / "host_ca", vouched.NOT_MADE)
    assert not (state / "known_hosts.ca").exists()
    made = trusted(plan, state, make=True)
    assert made == read_ca(state) == trusted(plan, state, make=False)
    assert made is not None
    assert trust(state) == [f"@cert-authority 10.20.0.106,10.20.0.108,10.20.0.111 {made.public} host CA of demo"]
    # Who wants it no more trusts it no more.
    trusted(plan_of(tmp_path, ""), state, make=True)
    assert trust(state) == []


def test_a_signed_key_that_is_another_one_is_put_on_record_and_the_old_one_revoked(
    tmp_path: Path, state: Path, offers: Any
) -> None:
    plan = plan_of(tmp_path)
    knownhosts.announce(state / "known_hosts", ADDRESS, [OLD])
    offers(NEW, "ssh-rsa bm90IHNhaWQ=")
    assert settle(plan, state, told(NEW, OTHER)) == Met(changed=("BLD-008",))
    assert recorded(state) == [NEW], "only what ssh has seen used and the blade says is its own"
    assert trust(state) == [f"@revoked {ADDRESS} {OLD}"]
    assert settle(plan, state, told(NEW, OTHER)) == Met()


def test_a_blade_that_is_met_first_with_a_signed_key_is_put_on_record(tmp_path: Path, state: Path, offers: Any) -> None:
    offers(NEW)
    assert settle(plan_of(tmp_path), state, told(NEW)) == Met(first=("BLD-008",))
    assert recorded(state) == [NEW]


def test_what_is_not_seen_used_is_not_written_down(tmp_path: Path, state: Path, offers: Any) -> None:
    plan = plan_of(tmp_path)
    knownhosts.announce(state / "known_hosts", ADDRESS, [OLD])
    offers("ssh-ed25519 c29tZWJvZHk=")
    assert settle(plan, state, told(NEW)) == Met()
    assert (recorded(state), trust(state)) == ([OLD], [])


def test_who_is_on_record_is_not_asked(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vouched, "offered_keys", lambda *words: pytest.fail("asked"))
    plan = plan_of(tmp_path)
    knownhosts.announce(state / "known_hosts", ADDRESS, [OLD])
    assert settle(plan, state, told(OTHER, OLD)) == Met()
    assert settle(plan, state, {"bld-008": {}, "bld-011": {"host_keys": "x"}}) == Met()
    assert settle(plan_of(tmp_path, ""), state, told(NEW)) == Met()


def test_an_announced_blade_that_shows_another_key_has_no_other_one(tmp_path: Path, state: Path) -> None:
    plan = plan_of(tmp_path)
    file = state / "known_hosts"
    knownhosts.announce(file, ADDRESS, [OLD])
    put_aside(plan, state, ["BLD-008"])
    knownhosts.forget(file, [ADDRESS])
    assert trust(state) == [f"# before {ADDRESS} {OLD}"]
    knownhosts.announce(file, ADDRESS, [NEW])  # as ssh does it
    settle(plan, state, told(NEW))
    assert trust(state) == [f"@revoked {ADDRESS} {OLD}"]
    # Announced once more, the old one may come back.
    put_aside(plan, state, ["BLD-008"])
    assert trust(state) == [f"# before {ADDRESS} {NEW}"]


def test_a_blade_that_was_announced_and_not_reimaged_goes_on(tmp_path: Path, state: Path) -> None:
    plan = plan_of(tmp_path)
    knownhosts.announce(state / "known_hosts", ADDRESS, [OLD])
    put_aside(plan, state, ["BLD-008"])
    settle(plan, state, told(OLD))
    assert trust(state) == []
