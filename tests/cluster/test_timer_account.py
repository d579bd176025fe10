"""The timer of an ordinary account: its own service manager, its own SSH key, nobody logged in."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from tests.cluster.control_host import ControlHost, control_host
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

ACCOUNT = "alice"
KEY = f"/home/{ACCOUNT}/.ssh/id_ed25519"
FILES = f"find /home/{ACCOUNT}/.config /home/{ACCOUNT}/.local/share -name '*provision*' 2> /dev/null; true"


@pytest.fixture(scope="module")
def account(cluster: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlHost]:
    """An account of the spare blade whose key the blades know, and no other key of ours."""
    with control_host(cluster, tmp_path_factory.mktemp("control")) as host:
        # Debian's installer brings it, the image of the lab has less.
        host.script("DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet libpam-systemd")
        host.script(f"useradd --create-home --shell /bin/bash {ACCOUNT}")
        made = ControlHost(cluster, host.blade, ACCOUNT, f"/home/{ACCOUNT}/site/plan.yml")
        host.script(f"install -d -m 0700 -o {ACCOUNT} /home/{ACCOUNT}/.ssh /home/{ACCOUNT}/site")
        assert made.tried(f"ssh-keygen -q -t ed25519 -N '' -f {KEY}").code == 0
        public = host.script(f"cat {KEY}.pub")
        # It logs in to itself, too.
        assert made.tried(f"cp {KEY}.pub /home/{ACCOUNT}/.ssh/authorized_keys").code == 0
        members = [cluster.controller, *cluster.compute]
        known = "/home/provision/.ssh/authorized_keys"
        for blade in members:
            cluster.inside(blade, f"echo {shlex.quote(public)} >> {known}")
        made.write_plan(ssh={"user": "provision", "key": KEY})
        yield made
        for blade in members:
            cluster.inside(blade, f"sed -i '\\|{public.split()[1]}|d' {known}")


@pytest.fixture
def lingering(account: ControlHost) -> Iterator[ControlHost]:
    """Its service manager runs although it is not logged in."""
    account.script(f"loginctl enable-linger {ACCOUNT}")
    assert until(lambda: account.systemctl("is-active --quiet default.target").code == 0)
    yield account
    account.script(f"loginctl disable-linger {ACCOUNT}")
    assert until(lambda: account.systemctl("is-active --quiet default.target").code != 0)


def test_what_an_account_lacks_without_linger_is_said(account: ControlHost) -> None:
    step = f"`sudo loginctl enable-linger {ACCOUNT}`"
    refused = account.provision("timer", "install")
    assert refused.code == 1, refused.text
    assert step in refused.text
    assert account.script(FILES) == ""
    # In a login of its own there is a service manager, as long as it lasts.
    login = f"ssh -o StrictHostKeyChecking=accept-new {ACCOUNT}@localhost"
    told = account.tried(f"{login} {shlex.quote(account.command('timer', 'install', '--every', '1d'))}")
    assert told.code == 0, told.text
    assert f"it fires only while this account is logged in; next: {step}" in told.text
    looked = account.tried(f"{login} {shlex.quote(account.command('timer', 'status', '--json'))}")
    assert (looked.code, looked.json["active"]) == (0, True), looked.text
    assert step in looked.json["note"]
    assert account.tried(f"{login} {shlex.quote(account.command('timer', 'remove'))}").code == 0
    assert account.script(FILES) == ""
    machine = account.provision("timer", "install", "--system")
    assert (machine.code, "is root's" in machine.text) == (2, True), machine.text


def test_it_fires_without_a_login_and_its_own_key_opens_the_blades(lingering: ControlHost) -> None:
    lab, blade = lingering.lab, lingering.lab.compute[0]
    lab.inside(blade, "sed -i '/bld-001/d' /etc/hosts")
    installed = lingering.provision("timer", "install", "--user", "--every", "1min")
    assert installed.code == 0, installed.text
    assert "enable-linger" not in installed.text
    try:
        following = lingering.timer("status")
        assert (following["active"], following["note"]) == (True, "")
        assert lingering.provision("status", "--json").json["next_run"] == following["next"]
        service = lingering.unit(".service")
        assert until(lambda: lingering.show(service, "ActiveState") == "activating", 120), lingering.journal()
        # Under load runs would follow each other without a pause.
        assert lingering.systemctl(f"stop {lingering.unit('.timer')}").code == 0
        assert lingering.script(f"loginctl show-user --value --property=State {ACCOUNT}") == "lingering"
        last = lingering.ran("")
        assert last["exit_code"] == 0, lingering.journal()
        assert "bld-001" in lab.inside(blade, "cat /etc/hosts")
        # The blade itself says by which key it was entered.
        key = lingering.tried(f"ssh-keygen -lf {KEY}.pub").out.split()[1]
        assert f"Accepted publickey for provision from {_address(lab)}" in _logins(lab, blade, key)
        state = lingering.timer("status")
        assert (state["result"], state["failures"], bool(state["fired"])) == ("success", 0, True)
        status = lingering.provision("status").out
        assert f"last run of this account by {ACCOUNT}@" in status, status
        assert "slurm --scheduled" in lingering.provision("runs").out
    finally:
        assert lingering.provision("timer", "remove").code == 0
    assert lingering.script(FILES) == ""
    for listing in ("list-units --all --no-legend", "list-unit-files --no-legend"):
        said = lingering.systemctl(f"{listing} 'provision-*'")
        assert said.out.strip() == "", said.text
    assert lingering.timer("status")["installed"] is False
    assert "next scheduled run" not in lingering.provision("status").out


def _address(lab: Lab) -> str:
    return f"10.62.{lab.subnet}.{100 + int(lab.spare[-3:])} "


def _logins(lab: Lab, blade: str, key: str) -> str:
    return lab.inside(blade, f"journalctl --no-pager --output=cat --unit=ssh | grep --fixed-strings '{key}'")
