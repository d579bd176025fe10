"""The accounts of Slurm and munge try to become root: with all that they may put where root works.

They may spoil what is theirs. Nothing of root's changes or shows up anywhere, and the run ends: the trick is mended, or
one sentence says what is there and what to do. The paths are taken from the roles.
"""

from __future__ import annotations

import base64
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.cluster.labs import Lab, Said
from tests.contracts.ansible_files import managed_paths

ACCOUNTS = ("slurm", "munge")
CANARY = "/root/canary"
# What runs as root after an upgrade of these packages, and gives folders to slurm.
SCRIPTS = """
for package in slurmd slurmctld; do
    script=/var/lib/dpkg/info/$package.postinst
    if test -e $script; then $script configure "$(dpkg-query -W -f '${Version}' $package)"; fi
done
"""
# $it is the path; as the account that can replace it.
TRICKS = {
    "link to a file": f"ln -s {CANARY}/word $it",
    "link to a folder": f"ln -s {CANARY} $it",
    "FIFO": "mkfifo $it",
    "folder": "mkdir $it",
    "gone": "true",
}


@dataclass(frozen=True)
class Way:
    """What an account can replace on a blade, because it can write to the folder."""

    blade: str
    account: str
    path: str


def as_account(account: str, script: str) -> str:
    """The script, run as this account by a shell of root's."""
    quoted = script.replace("'", "'\\''")
    return f"setpriv --reuid={account} --regid={account} --clear-groups sh -c '{quoted}'"


def ways(lab: Lab, blade: str) -> set[Way]:
    """Everything that a role manages and that an account can replace, itself or a folder on the way to it."""
    tests = [
        f'it={path}; while [ "$it" != / ]; do over=$(dirname $it); '
        f'if [ -w "$over" ] && [ -e "$it" ]; then echo $it; fi; it=$over; done; true'
        for path in sorted(managed_paths())
    ]
    found = {account: lab.inside(blade, as_account(account, "\n".join(tests))).split() for account in ACCOUNTS}
    return {Way(blade, account, path) for account, paths in found.items() for path in paths}


@pytest.fixture
def canary(cluster: Lab) -> Iterator[str]:
    """A word that only root knows, on every blade; it stays where and as it is, and nobody says it."""
    word = secrets.token_hex(16)
    blades = [cluster.controller, cluster.compute[0]]
    for blade in blades:
        cluster.inside(blade, f"mkdir -p {CANARY}; umask 077; echo {word} > {CANARY}/word")
    before = {blade: looks(cluster, blade) for blade in blades}
    yield word
    assert {blade: looks(cluster, blade) for blade in blades} == before
    for blade in blades:
        cluster.inside(blade, f"rm -r {CANARY}")


def looks(lab: Lab, blade: str) -> str:
    """Name, kind, mode, owner and content of the canary's folder."""
    return lab.inside(blade, f"find {CANARY} -printf '%p %y %m %u %g\\n' | sort; cat {CANARY}/word")


def keeps_quiet(lab: Lab, said: Said, word: str) -> None:
    """The word, in no form, is in the output or in what the run left on this machine."""
    forms = [form.encode() for form in (word, base64.b64encode(word.encode()).decode()[:40], word.encode().hex())]
    texts = [
        said.text.encode(),
        *(file.read_bytes() for file in (lab.state_folder / "runs").rglob("*") if file.is_file()),
    ]
    assert not [form for form in forms for text in texts if form in text]
    assert "Traceback" not in said.text


def run(lab: Lab, *words: str) -> Said:
    """A run over the controller and the first compute blade."""
    return lab.slurm([lab.compute[0]], *words)


def mends_or_says(way: Way, said: Said) -> None:
    """A run mended a trick, or named the path, its owner and the next step."""
    if said.code:
        failure = said.failure(way.blade)
        assert way.path in failure, failure
        assert f"of {way.account}" in failure or f"belongs to {way.account}" in failure or "is gone" in failure, failure
        assert "on the blade" in failure or "on the controller" in failure, failure


def test_nothing_of_roots_is_left_to_an_account(cluster: Lab) -> None:
    """The key is munge's own; all else that a role manages is in folders of root."""
    blades = [cluster.controller, cluster.compute[0]]
    found = {way for blade in blades for way in ways(cluster, blade)}
    assert found == {Way(blade, "munge", "/etc/munge/munge.key") for blade in blades}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_of_an_account_harms_nobody_else(cluster: Lab, canary: str, trick: str) -> None:
    """On blades as an upgrade of their packages leaves them, where more is in the hands of slurm."""
    tried = set()
    for blade in (cluster.controller, cluster.compute[0]):
        cluster.inside(blade, SCRIPTS)
        for way in sorted(ways(cluster, blade), key=lambda way: way.path):
            cluster.inside(blade, SCRIPTS)
            tried.add((way.account, way.path))
            cluster.inside(blade, as_account(way.account, f"it={way.path}; mv $it $it.kept && {TRICKS[trick]}"))
            try:
                said = run(cluster)
                keeps_quiet(cluster, said, canary)
                mends_or_says(way, said)
            finally:
                cluster.inside(blade, f"rm -rf {way.path}; mv {way.path}.kept {way.path}")
    assert ("munge", "/etc/munge/munge.key") in tried
    slurms = {path for account, path in tried if account == "slurm"}
    assert slurms == {"/var/lib/slurm/slurmctld", "/var/lib/slurm/slurmd"}
    mended = run(cluster)
    assert mended.code == 0, mended.text
    assert run(cluster, "--full").json["changed"] == 0
    assert cluster.state(cluster.compute[0], "idle") == "idle"


def test_a_state_folder_that_was_moved_is_not_begun_anew(cluster: Lab) -> None:
    """An empty one would lose every job at the next start of slurmctld."""
    state = "/var/lib/slurm/slurmctld"
    cluster.ask(f"mv {state} {state}.kept")
    try:
        said = run(cluster)
        assert said.code == 1, said.text
        failure = said.failure(cluster.controller)
        assert f"{state} is gone, where slurmctld keeps the jobs of this cluster" in failure
        assert "--owner=slurm" in failure
        assert cluster.ask(f"test -e {state} || echo absent") == "absent"
    finally:
        cluster.ask(f"mv {state}.kept {state}")
    assert run(cluster).json["changed"] == 0


def test_what_slurm_left_in_the_folders_of_slurmd_is_set_aside(cluster: Lab, canary: str) -> None:
    blade = cluster.compute[0]
    cluster.inside(blade, SCRIPTS)
    log, spool = "/var/log/slurm/slurmd.log", "/var/lib/slurm/slurmd"
    planted = f"mv {log} {log}.kept; ln -s {CANARY}/word {log}; ln -s {CANARY} {spool}/conf-cache.new"
    cluster.inside(blade, as_account("slurm", planted))

    said = run(cluster)

    assert said.code == 0, said.text
    keeps_quiet(cluster, said, canary)
    notes = said.json["blades"][blade]["notes"]
    for folder in ("/var/log/slurm", spool):
        assert any(f"of {folder} not root's, set aside" in note for note in notes), notes
        assert cluster.inside(blade, f"stat -c %U:%a {folder}") == "root:755"
    assert cluster.inside(blade, f"stat -c %F:%U {log}") == "regular file:root"
    assert cluster.inside(blade, f"find /var/log/slurm {spool} -type l | grep -v set-aside; true") == ""
    assert cluster.inside(blade, "find /var/log/slurm -name '*.log.kept'")
    cluster.inside(blade, f"find /var/log/slurm {spool} -name '*set-aside*' -delete")
    assert run(cluster, "--full").json["changed"] == 0


@pytest.mark.parametrize("trick", ["link to a file", "FIFO"])
def test_a_log_that_slurm_replaced_shows_nothing(cluster: Lab, canary: str, trick: str) -> None:
    """Root restarts slurmctld, and shows the end of its log when it does not start."""
    log = "/var/log/slurm/slurmctld.log"
    cluster.ask(as_account("slurm", f"it={log}; mv $it $it.kept; {TRICKS[trick]}"))
    try:
        with cluster.variables_of_the_site(slurmctld_config={"SelectType": "select/nonsense"}):
            said = run(cluster)
        assert said.code == 1, said.text
        assert "slurmctld does not take its configuration" in said.failure(cluster.controller)
        keeps_quiet(cluster, said, canary)
    finally:
        cluster.ask(f"rm -f {log}; mv {log}.kept {log}; systemctl restart slurmctld")
    mended = run(cluster)
    assert mended.code == 0, mended.text


def test_slurmctld_is_slurm_from_its_start(cluster: Lab) -> None:
    """As root, as Debian 12 starts it, it would give to slurm what a link in place of its log leads to."""
    assert cluster.ask("systemctl show --property=User --value slurmctld") == "slurm"
    assert cluster.ask("ps -o user= -p $(systemctl show --property=MainPID --value slurmctld)") == "slurm"


def test_a_rollback_believes_nothing_that_slurm_wrote(cluster: Lab) -> None:
    live = cluster.ask("cat /etc/slurm/slurm.conf")
    cluster.ask(SCRIPTS)
    evil = "mkdir -p applied && for name in slurm cgroup; do echo PluginDir=/tmp/evil > applied/$name.conf; done"
    refused = as_account("slurm", f"cd /var/lib/provision && {evil}")
    assert cluster.ask(f"{refused} 2>/dev/null || echo refused") == "refused"
    cluster.ask(as_account("slurm", f"cd /var/lib/slurm && mkdir provision && cd provision && {evil}; cp applied/* ."))
    with cluster.variables_of_the_site(slurmctld_config={"SelectType": "select/nonsense"}):
        said = run(cluster)
    assert "the last good configuration is back in place" in said.failure(cluster.controller)
    assert cluster.ask("cat /etc/slurm/slurm.conf") == live
    cluster.ask("rm -r /var/lib/slurm/provision")
    assert run(cluster).code == 0


def test_munge_wins_no_race(cluster: Lab, canary: str) -> None:
    """munge replaces whatever appears beside its key while the run puts the key in place again."""
    blade = cluster.compute[0]
    # without `sleep`: as fast as a shell can
    swap = f"""
        cd /etc/munge
        while test -e /tmp/race; do
            for name in .munge.key* munge.key*; do
                test -L "$name" || ln -sfn {CANARY}/word "$name"
            done
        done
    """
    cluster.inside(blade, "touch /tmp/race; cp -a /etc/munge/munge.key /root/key")
    container = cluster.container(blade)
    racing = subprocess.Popen(["podman", "exec", container, "sh", "-c", as_account("munge", swap)])
    try:
        for _ in range(3):
            said = run(cluster)
            keeps_quiet(cluster, said, canary)
            assert racing.poll() is None, "nobody was racing"
    finally:
        cluster.inside(blade, "rm /tmp/race")
        racing.wait(30)
    cluster.inside(blade, "rm -f /etc/munge/munge.key* /etc/munge/.munge.key*; mv /root/key /etc/munge/munge.key")
    mended = run(cluster)
    assert mended.code == 0, mended.text
    assert run(cluster, "--full").json["changed"] == 0
