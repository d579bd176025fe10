"""The firewall of the members: open to the cluster and whom the plan names, and a table beside those of others."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.cluster.background import running
from tests.cluster.labs import Lab, Said
from tests.cluster.rest import say
from tests.cluster.size import RELEASES
from tests.cluster.strangers import Outside, outside
from tests.cluster.tampering import cases_of
from tests.cluster.test_tampered import changed
from tests.cluster.waiting import until

# What a container engine and an admin might have there.
OTHERS = """
table ip nat { chain podman { type nat hook prerouting priority dstnat; tcp dport 8088 dnat to 10.88.0.2:80; }; }
table ip filter { chain FORWARD { type filter hook forward priority filter; policy accept; }; }
table inet admin { chain input { type filter hook input priority 10; tcp dport 9999 drop; }; }
"""
HARMS = ("edited", "removed", "mode", "owner", "stopped", "disabled", "package")
LISTEN = "nohup python3 -m http.server --bind 0.0.0.0 {0} > /dev/null 2>&1 & echo $! > /run/listen-{0}.pid"
EPHEMERAL = 45678
RULES = "/etc/provision-firewall.nft"
PENDING = "/var/lib/provision/trial/firewall/pending"


def run(lab: Lab, *words: str) -> Said:
    return lab.slurm([lab.spare], *words)


def blades(lab: Lab) -> list[str]:
    return [lab.controller, lab.spare]


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster of its own: a controller and one node, with tables of others."""
    made = Lab("test-closed", 42, 0, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.up()
        said = run(made)
        assert said.code == 0, said.text
        for blade in blades(made):
            made.inside(blade, "apt-get install --yes --no-install-recommends nftables > /dev/null 2>&1")
            made.inside(blade, f"nft -f - << 'END'\n{OTHERS}\nEND")
        yield made
    finally:
        made.lab("down")


@pytest.fixture(scope="module")
def world(lab: Lab) -> Iterator[Outside]:
    with outside(lab) as made:
        yield made


@pytest.fixture(scope="module")
def closed(lab: Lab, world: Outside) -> tuple[Said, Said, dict[str, str]]:
    """The run that closes the members, what `--check` said before, and the tables of others before."""
    before = {blade: others(lab, blade) for blade in blades(lab)}
    assert [world.tries(world.stranger, lab.spare, port) for port in (22, 6818, EPHEMERAL)] == ["open"] * 3
    say(lab, firewall={"ssh": [world.admin], "open": [8443]})
    return run(lab, "--check"), run(lab), before


@pytest.fixture(scope="module")
def members(lab: Lab, closed: tuple[Said, Said, dict[str, str]]) -> Lab:
    """A cluster that is closed."""
    assert closed[1].code == 0, closed[1].text
    return lab


def others(lab: Lab, blade: str) -> str:
    """The rules of everybody else."""
    return lab.inside(blade, "for t in 'ip nat' 'ip filter' 'inet admin'; do nft --stateless list table $t; done")


def table(lab: Lab, blade: str) -> str:
    return lab.inside(blade, "nft --stateless list table inet provision 2> /dev/null || true")


def test_what_check_shows_is_what_the_run_changes(closed: tuple[Said, Said, dict[str, str]]) -> None:
    shown, said, _ = closed
    assert changed(said) == changed(shown)


def test_a_second_run_changes_nothing_and_nothing_is_overlooked(members: Lab, world: Outside) -> None:
    assert changed(run(members)) == {}
    assert changed(run(members, "--full")) == {}
    assert changed(world.provision("slurm", f"--nodes={members.spare}", "--json")) == {}


def test_it_is_closed_to_a_stranger_but_for_what_the_plan_opens(members: Lab, world: Outside) -> None:
    for blade in blades(members):
        found = {port: world.tries(world.stranger, blade, port) for port in (22, 6817, 6818, EPHEMERAL, 60001, 8443)}
        assert {port for port, state in found.items() if state == "open"} == {8443}


def test_ssh_stays_where_the_admin_comes_from_and_nothing_else(members: Lab, world: Outside) -> None:
    for blade in blades(members):
        assert world.tries(world.admin, blade, 22) == "open"
        assert world.tries(world.admin, blade, 6818) == "closed"


def test_between_members_every_port_is_open(members: Lab) -> None:
    """MPI and srun choose theirs by themselves."""
    for blade, other in (blades(members), blades(members)[::-1]):
        members.inside(blade, LISTEN.format(EPHEMERAL))
        address = f"10.62.{members.subnet}.{100 + int(blade[-3:])}"
        reach = (
            f"for try in $(seq 50); do timeout 3 bash -c '< /dev/tcp/{address}/{EPHEMERAL}' && exit; sleep 0.1; done"
        )
        try:
            assert members.tried(other, f"{reach}; false").code == 0
        finally:
            members.inside(blade, f"kill $(cat /run/listen-{EPHEMERAL}.pid)")
    assert members.ask("srun --ntasks=1 hostname") == members.spare.lower()


def test_tables_of_others_stay(members: Lab, closed: tuple[Said, Said, dict[str, str]]) -> None:
    for blade in blades(members):
        assert others(members, blade) == closed[2][blade]


def test_it_comes_back_after_a_boot_and_after_nftables_has_emptied_all(members: Lab, world: Outside) -> None:
    """Debian's own file for nftables begins with `flush ruleset`."""
    before = table(members, members.spare)
    for verb in ("start", "restart", "reload", "stop"):
        members.inside(members.spare, f"systemctl {verb} nftables")
        assert table(members, members.spare) == before, verb
    members.lab("reboot", members.spare)
    assert until(lambda: table(members, members.spare) == before, 60)
    assert world.tries(world.stranger, members.spare, 6818) == "closed"
    members.inside(members.spare, f"nft -f - << 'END'\n{OTHERS}\nEND")
    assert run(members).code == 0


@pytest.mark.parametrize("harm", HARMS)
def test_a_harm_is_shown_mended_and_gone(members: Lab, world: Outside, harm: str) -> None:
    harmed = [case for case in cases_of(members, members.spare) if case.harm == harm and case.role == "firewall"]
    assert harmed
    for case in harmed:
        members.inside(members.spare, f"{case.script}; true")
    shown = changed(run(members, "--check"))
    lines = shown.get(members.spare, [])
    assert [case.name for case in harmed if not any(f" {case.name}: " in f" {line}" for line in lines)] == [], shown
    assert changed(run(members)) == shown
    assert changed(run(members)) == {}
    assert world.tries(world.stranger, members.spare, 6818) == "closed"


@pytest.mark.parametrize(
    "harm",
    ["nft delete table inet provision", "nft add rule inet provision input tcp dport 6818 accept"],
    ids=["gone", "another rule"],
)
def test_a_table_that_is_another_by_now_is_mended(members: Lab, world: Outside, harm: str) -> None:
    members.inside(members.spare, harm)
    said = run(members)
    assert changed(said) == {members.spare: ["table of the firewall: another -> as written"]}
    assert world.tries(world.stranger, members.spare, 6818) == "closed"


def test_a_firewall_that_would_shut_this_run_out_is_refused(members: Lab, world: Outside) -> None:
    before = {blade: table(members, blade) for blade in blades(members)}
    say(members, firewall={"ssh": ["203.0.113.0/24"]})
    try:
        for words in ((), ("--check",)):
            said = world.provision("slurm", f"--nodes={members.spare}", "--json", *words)
            assert said.code == 1, said.text
            for blade in blades(members):
                assert f"would shut out {world.admin}, where this run comes from" in said.failure(blade)
        assert {blade: table(members, blade) for blade in blades(members)} == before
    finally:
        say(members, firewall={"ssh": [world.admin], "open": [8443]})
    assert changed(run(members)) == {}


def test_a_firewall_that_shuts_this_run_out_all_the_same_is_taken_back(members: Lab, world: Outside) -> None:
    """A node that does not see where the run comes from, as behind a NAT that it knows nothing of."""
    before = {blade: table(members, blade) for blade in blades(members)}
    say(members, firewall={"ssh": ["203.0.113.0/24"]})
    for blade in blades(members):
        members.inside(blade, "dpkg-divert --quiet --rename /usr/bin/ss && ln -s /bin/true /usr/bin/ss")
    try:
        said = world.provision("slurm", f"--nodes={members.spare}", "--json")
        assert said.code in (1, 3), said.text
        first, other = sorted(blades(members), key=lambda blade: "was taken back" not in said.failure(blade))
        assert "was taken back" in said.failure(first), said.text
        assert f"{first}, took it back or does not answer" in said.failure(other), said.text
        assert {blade: table(members, blade) for blade in blades(members)} == before
        assert world.tries(world.admin, members.spare, 22) == "open"
    finally:
        say(members, firewall={"ssh": [world.admin], "open": [8443]})
        for blade in blades(members):
            members.inside(blade, "rm /usr/bin/ss; dpkg-divert --quiet --rename --remove /usr/bin/ss")
    assert run(members).code == 0
    assert changed(run(members)) == {}


def test_without_it_in_the_plan_a_run_says_how_to_open_the_node(members: Lab, world: Outside) -> None:
    say(members, firewall=None)
    said = run(members)
    assert changed(said) == {}
    (note,) = [each for each in said.json["blades"][members.spare]["notes"] if "provision-firewall" in each]
    members.inside(members.spare, note.split("`")[1])
    assert world.tries(world.stranger, members.spare, 6818) == "open"
    members.lab("reboot", members.spare)
    assert until(lambda: members.tried(members.spare, "systemctl is-active slurmd").code == 0, 60)
    assert world.tries(world.stranger, members.spare, 6818) == "open"


@pytest.mark.parametrize("end", ["in time", "at boot"])
def test_a_run_that_is_killed_before_the_confirmation_leaves_the_node_open(
    members: Lab, world: Outside, end: str
) -> None:
    """The first table that it has, while its sshd takes no session: nobody but the node is left to take it away."""
    blade = members.spare
    say(members, firewall=None)
    for each in blades(members):
        members.inside(each, f"provision-firewall drop; systemctl disable --now provision-firewall; rm {RULES}")
    assert (run(members).code, table(members, blade)) == (0, "")
    say(members, firewall={"ssh": [world.admin], "open": [8443]})
    hang = f"until [ -e {PENDING} ]; do sleep 0.02; done; kill -STOP $(cat /run/sshd.pid)"
    container = members.container(blade)
    with (
        members.variables_of_the_site(provision_trial_patience={"in time": 20, "at boot": 1000}[end]),
        subprocess.Popen(["podman", "exec", container, "sh", "-c", hang]) as watch,
    ):
        try:
            with running(members, members.command("slurm", f"--nodes={blade}")) as killed:
                killed.reaches(lambda: watch.poll() is not None and bool(table(members, blade)))
                killed.stop(signal.SIGKILL)
                # Its guard ends the rest, which would hold the lock.
                assert until(lambda: killed.strays() == [], 30)
            assert members.tried(blade, f"test -e {PENDING}").code == 0
            assert table(members, blade)
            if end == "at boot":
                members.lab("reboot", blade)
            assert until(lambda: members.tried(blade, f"test -e {PENDING}").code != 0, 60)
        finally:
            watch.kill()
            members.tried(blade, "kill -CONT $(cat /run/sshd.pid)")
    assert table(members, blade) == ""
    assert world.tries(world.stranger, blade, 22) == "open"
    said = run(members)
    assert said.code == 0, said.text
    assert world.tries(world.stranger, blade, 6818) == "closed"
    assert changed(run(members)) == {}
