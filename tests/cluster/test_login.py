"""A login node that computes nothing and runs no slurmd: users do there what they do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.labs import Lab
from tests.cluster.logins import PAM, Person, move_in, plan_says
from tests.cluster.waiting import until


@pytest.fixture(scope="module")
def login(cluster: Lab, stranger: str) -> Iterator[str]:
    """The spare blade, where users log in; virgin again afterwards."""
    with plan_says(cluster, login=stranger):
        said = cluster.slurm([stranger])
        assert said.code == 0, said.text
        yield stranger
    cluster.lab("reimage", stranger)
    # Slurm 22.05 forgets its address.
    assert cluster.slurm(cluster.compute).code == 0


@pytest.fixture(scope="module")
def ada(cluster: Lab, login: str, tmp_path_factory: pytest.TempPathFactory) -> Person:
    return move_in(cluster, tmp_path_factory.mktemp("ada"), [cluster.controller, login, *cluster.compute])


def test_nothing_is_left_to_do(cluster: Lab, login: str) -> None:
    said = cluster.slurm([login])
    assert said.code == 0, said.text
    assert not [blade for blade in said.json["blades"].values() if blade["changed"]], said.text


def test_it_is_no_node(cluster: Lab, login: str) -> None:
    assert login not in cluster.states()
    assert login.lower() not in cluster.ask("scontrol show nodes")
    assert cluster.tried(login, "pgrep slurmd").code == 1
    assert cluster.ask(f"scontrol show partition | grep {login.lower()}; true") == ""


def test_users_do_there_what_they_do(cluster: Lab, login: str, ada: Person) -> None:
    nodes = {name.lower() for name in cluster.compute}
    assert ada.ssh(login, "srun hostname").out.strip() in nodes
    said = ada.ssh(login, "cd /tmp && sbatch --parsable --output=/dev/null --wrap true")
    assert said.code == 0, said.text
    assert said.out.strip().isdigit()
    said = ada.ssh(login, "salloc --quiet --nodes=2 srun hostname")
    assert len({*said.out.split()} & nodes) == 2, said.text


def test_an_interactive_shell_has_a_terminal_on_the_node(login: str, ada: Person) -> None:
    runs = "until squeue --noheader --user=$USER --name=typed --states=RUNNING | grep -q .; do sleep 0.2; done"
    for command in ("srun --job-name=typed --mem=64 --pty bash", "salloc --job-name=typed --mem=64 --quiet"):
        typed = f"({runs}; echo 'tty; echo on $SLURMD_NODENAME'; echo exit) | script -qec '{command}' /dev/null"
        said = ada.ssh(login, typed)
        assert "/dev/pts/" in said.out, said.text
        assert "on bld-" in said.out, said.text


@pytest.mark.parametrize("place", ["login node", "controller"])
def test_srun_hears_of_what_befalls_its_job(cluster: Lab, login: str, ada: Person, place: str) -> None:
    """One in an allocation. Slurm 22.05.8 reaches none on a machine that slurm.conf does not name, but its own."""
    host = login if place == "login node" else cluster.controller
    # The step itself: where users get into jobs by ssh, a job has one for them from its begin.
    steps = "squeue --noheader --name=told --states=RUNNING --steps --format='%i %N' | sed -n 's/^[0-9]*[.]0 //p'"
    with ada.session(host, "cd /tmp && salloc --job-name=told --mem=64 srun --job-name=told sleep 600 2>&1") as running:
        node = until(lambda: cluster.ask(steps), 30)
        try:
            assert node
            cluster.ask(f"scontrol update nodename={node} state=down reason='provision: test'")
            words, _ = running.communicate(timeout=60)
            assert f"srun: error: Node failure on {node}" in words
        finally:
            cluster.ask("scancel --name=told")
            cluster.ask(f"scontrol update nodename={node} state=resume 2> /dev/null; true")
            assert cluster.state(node.upper(), "idle") == "idle"


def test_windows_come_to_where_srun_is_given(cluster: Lab, login: str, ada: Person) -> None:
    """Something that listens as an X server does, and a client of it on a node."""
    server = (
        "import socket; s = socket.create_server(('127.0.0.1', 6010)); c, _ = s.accept(); "
        "print(c.recv(9).decode(), flush=True); c.sendall(b'seen'); c.close()"
    )
    client = (
        "import os, socket; n = int(os.environ['DISPLAY'].split(':')[1].split('.')[0]); "
        "c = socket.create_connection(('localhost', 6000 + n)); c.sendall(b'a window'); print(c.recv(4).decode())"
    )
    cookie = "touch .Xauthority; xauth -q add localhost:10 MIT-MAGIC-COOKIE-1 00112233445566778899aabbccddeeff"
    with ada.session(login, f'timeout 60 python3 -c "{server}"') as shown:
        # Port 6010.
        assert until(lambda: ":177A" in cluster.inside(login, "cat /proc/net/tcp"), 20)
        said = ada.ssh(
            login, f'{cookie}; export DISPLAY=localhost:10.0; timeout 50 srun --mem=64 --x11 python3 -c "{client}"'
        )
        assert said.out.strip() == "seen", said.text
        assert shown.communicate(timeout=20)[0].strip() == "a window"


def test_a_change_gets_there_by_itself(cluster: Lab, login: str) -> None:
    """Also where the login node is not part of the run that makes it."""

    def known() -> bool:
        return "MinJobAge=302" in cluster.inside(login, "cat /run/slurm/conf/slurm.conf")

    with cluster.variables_of_the_site(slurmctld_config={"MinJobAge": 302}):
        assert cluster.slurm([cluster.compute[0]]).code == 0
        assert until(known, 90)
    assert cluster.slurm([cluster.compute[0]]).code == 0
    assert until(lambda: not known(), 90)


def test_verify_says_where_commands_do_not_work(cluster: Lab, login: str) -> None:
    assert cluster.provision("verify", f"--nodes={login}").code == 0
    cluster.inside(login, "systemctl stop sackd slurm-login-conf.timer; rm -rf /run/slurm/conf; true")
    said = cluster.provision("verify", f"--nodes={login}", "--json")
    assert said.code == 3, said.text
    assert "commands of Slurm do not work for users here" in said.text
    assert cluster.slurm([login]).code == 0
    assert cluster.provision("verify", f"--nodes={login}").code == 0


def test_it_finds_its_configuration_after_a_power_cut(cluster: Lab, login: str) -> None:
    cluster.lab("reboot", login)
    assert until(lambda: cluster.tried(login, "runuser -u nobody -- sinfo --noheader").code == 0, 90)


def test_a_node_changes_between_the_two_without_a_new_image(cluster: Lab, login: str) -> None:
    """What kept slurmd from running there was ours, and so is what keeps sackd from it; who gets in follows."""
    with plan_says(cluster, login=None, compute_ssh="jobs"):
        said = cluster.slurm([login])
        assert said.code == 0, said.text
        assert cluster.state(login, "idle") == "idle"
        assert "pam_slurm_adopt" in cluster.inside(login, f"cat {PAM}")
        assert cluster.tried(login, "pgrep sackd").code == 1
        assert cluster.inside(login, "readlink /run/slurm/conf").startswith("/var/lib/slurm/slurmd")
        again = cluster.slurm([login])
        assert again.code == 0, again.text
        assert not [blade for blade in again.json["blades"].values() if blade["changed"]], again.text
        cluster.inside(login, "runuser -u nobody -- srun --nodelist=$(hostname) --mem=64 true")
        assert cluster.slurm(cluster.compute, f"--forget={login}").code == 0
    with plan_says(cluster, login=login, compute_ssh="jobs"):
        said = cluster.slurm([login])
        assert said.code == 0, said.text
        assert "pam_slurm_adopt" not in cluster.inside(login, f"cat {PAM}")
        assert cluster.tried(login, "pgrep slurmd").code == 1
        assert cluster.provision("verify", f"--nodes={login}").code == 0
    # As it was, for the tests after this one.
    assert cluster.slurm([login, *cluster.compute]).code == 0
    assert login not in cluster.states()


def test_a_compute_node_does_not_become_one_below_its_jobs(cluster: Lab, login: str) -> None:
    blade = cluster.compute[2]
    with plan_says(cluster, login=[login, blade]):
        said = cluster.slurm([blade])
        # Nothing else was asked for.
        assert said.code == 1, said.text
        assert f"provision release {blade.lower()}" in said.failure(blade)
    assert cluster.states()[blade] == "idle"
