"""One run at a time on a cluster: from another account, another machine, and with plain Ansible."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.cluster.background import background
from tests.cluster.labs import Lab, Said
from tests.cluster.plain import plain, signal_connections
from tests.cluster.waiting import until

HELD = "pgrep -x provision-lock || true"
NOBODY = 65534


@dataclass
class Elsewhere:
    """Another account on another machine: its own process numbers, host name, home, state and copy of the key."""

    plan: Path
    home: Path

    def provision(self, *words: str) -> Said:
        """Runs `provision WORDS` there."""
        command = [sys.executable, "-m", "provisioner", words[0], f"--plan={self.plan}", *words[1:]]
        # It may read the Python of the test, wherever that is, and nothing more.
        account = f"setpriv --reuid={NOBODY} --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
        script = f"hostname elsewhere && exec {account} {shlex.join(command)}"
        done = subprocess.run(
            ["unshare", "--uts", "--pid", "--fork", "--mount-proc", "sh", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HOME": str(self.home), "XDG_STATE_HOME": str(self.home), "TMPDIR": str(self.home)},
        )
        return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def elsewhere(cluster: Lab) -> Iterator[Elsewhere]:
    # a short path: the sockets of ssh live below it
    with tempfile.TemporaryDirectory(prefix="e") as folder:
        home = Path(folder)
        key = home / "key"
        shutil.copy(cluster.state_folder / "lab" / "id_ed25519", key)
        plan = yaml.safe_load(cluster.plan.read_text())
        plan["ssh"]["key"] = str(key)
        (home / "plan.yml").write_text(yaml.safe_dump(plan))
        for path in (home, key):
            os.chown(path, NOBODY, -1)
        yield Elsewhere(home / "plan.yml", home)


def held(cluster: Lab) -> bool:
    """Whether some run holds the lock of the cluster."""
    return cluster.ask(HELD) != ""


def refused(said: Said, cluster: Lab, whom: str) -> None:
    """It was turned away, by name of the other, and nothing was touched or blamed."""
    assert said.code == 4, said.text
    assert f"another run works on cluster {cluster.name}: " in said.err
    assert whom in said.err
    assert "provision unlock" in said.err
    assert "Traceback" not in said.text
    for blade in cluster.compute:
        assert f"{blade}  failed" not in said.text


def test_another_account_on_another_machine_is_turned_away(cluster: Lab, elsewhere: Elsewhere) -> None:
    blade = cluster.compute[0]
    with background(cluster, "slurm", "--full", f"--nodes={blade}") as run:
        run.reaches(lambda: "== Prepare" in run.text)
        refused(elsewhere.provision("slurm", f"--nodes={blade}", "--full"), cluster, "root@")
        assert run.process.wait(timeout=600) == 0, run.text
    assert until(lambda: not held(cluster), 5)
    third = elsewhere.provision("slurm", f"--nodes={blade}", "--json")
    assert (third.code, third.json["changed"]) == (0, 0), third.text


def test_plain_ansible_is_turned_away_by_provision(cluster: Lab) -> None:
    with background(cluster, "slurm", "--full", f"--nodes={cluster.compute[0]}") as run:
        run.reaches(lambda: "== Prepare" in run.text)
        with plain(cluster) as second:
            assert second.process.wait(timeout=300) == 2
            assert f"another run works on cluster {cluster.name}: " in second.text
            assert f"{cluster.compute[0].lower()}: FAILED" not in second.text
            assert "Prepare" not in second.text
        assert run.process.wait(timeout=600) == 0, run.text


def test_provision_is_turned_away_by_plain_ansible_which_lets_go_at_its_end(cluster: Lab, elsewhere: Elsewhere) -> None:
    with plain(cluster, "--extra-vars=provision_full=true") as run:
        run.reaches(lambda: "PLAY [Prepare]" in run.text)
        refused(cluster.provision("slurm", f"--nodes={cluster.compute[0]}"), cluster, "ansible-")
        refused(elsewhere.provision("slurm", f"--nodes={cluster.compute[0]}"), cluster, "ansible-")
        with plain(cluster) as second:
            assert second.process.wait(timeout=300) == 2
            assert f"another run works on cluster {cluster.name}: ansible-{run.process.pid} " in second.text
        assert run.process.wait(timeout=600) == 0, run.text
        assert not held(cluster), "although its connection stays for a while"


def test_who_only_looks_needs_no_lock(cluster: Lab, elsewhere: Elsewhere) -> None:
    with background(cluster, "slurm", "--full", f"--nodes={cluster.compute[0]}") as run:
        run.reaches(lambda: "== Prepare" in run.text)
        said = cluster.slurm([cluster.compute[0]], "--check")
        assert said.code == 0, said.text
        assert elsewhere.provision("status").code == 0
        assert run.process.wait(timeout=600) == 0, run.text
    assert cluster.slurm(cluster.compute, "--check").code == 0
    assert not held(cluster)


def test_the_lock_is_roots_alone(cluster: Lab) -> None:
    with background(cluster, "slurm", f"--nodes={cluster.compute[0]}") as run:
        run.reaches(lambda: held(cluster))
        modes = cluster.ask("stat -c '%a %U:%G' /run/provision /run/provision/run.lock")
        assert modes == "700 root:root\n600 root:root"
        assert run.process.wait(timeout=600) == 0, run.text


def test_a_dead_plain_run_stops_nobody_here_and_others_after_unlock(cluster: Lab, elsewhere: Elsewhere) -> None:
    """Its connection stays, so the controller cannot know; this machine knows that its process is gone."""
    blade = cluster.compute[0]
    with plain(cluster, "--extra-vars=provision_full=true") as run:
        run.reaches(lambda: "PLAY [Prepare]" in run.text)
        run.stop(signal.SIGKILL)
        assert held(cluster)
        refused(elsewhere.provision("slurm", f"--nodes={blade}"), cluster, "ansible-")

        shown = elsewhere.provision("unlock")
        assert shown.code == 2, shown.text
        assert "ansible-" in shown.out
        assert "--yes" in shown.err
        assert held(cluster), "it never unlocks in silence"
        asked = elsewhere.provision("unlock", "--json")
        assert (asked.code, asked.json["removed"]) == (4, False), asked.text
        assert asked.json["holder"]["run"] == f"ansible-{run.process.pid}"

        assert elsewhere.provision("unlock", "--yes").code == 0
        assert not held(cluster)
        assert "no run holds the lock" in elsewhere.provision("unlock").out
        assert elsewhere.provision("slurm", f"--nodes={blade}").code == 0

    with plain(cluster, "--extra-vars=provision_full=true") as run:
        run.reaches(lambda: "PLAY [Prepare]" in run.text)
        run.stop(signal.SIGKILL)
        assert held(cluster)
        said = cluster.slurm([blade])
        assert said.code == 0, said.text
    assert not held(cluster)


def test_the_lock_outlives_a_controller_that_is_not_asked_for_long(cluster: Lab) -> None:
    """What it lives by: the connection stays open, with signs of life, for longer than any task takes."""
    inventory = json.loads(cluster.provision("inventory", "--list").out)
    words = inventory["all"]["vars"]["ansible_ssh_args"].split()
    minutes = next(word for word in words if word.startswith("ControlPersist="))
    assert int(minutes.removeprefix("ControlPersist=").removesuffix("m")) * 60 > 1800
    assert "ServerAliveInterval=15" in words


def test_a_machine_that_fell_silent_loses_the_lock(cluster: Lab) -> None:
    """As one that lost power or network: its connection is open, and nothing comes over it any more."""
    with plain(cluster, "--extra-vars={provision_full: true, provision_lock_silence: 5}") as run:
        run.reaches(lambda: "PLAY [Prepare]" in run.text)
        run.stop(signal.SIGKILL)
        assert held(cluster)
        assert signal_connections(str(run.temporary), signal.SIGSTOP) == 2
        assert until(lambda: not held(cluster), 30)
