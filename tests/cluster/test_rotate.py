"""Munge's key changes on all members at one moment: jobs go on, no secret is seen, and no kill leaves a node behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.cluster.background import background, running
from tests.cluster.job_tmp import node, state, submit
from tests.cluster.labs import Lab, Said
from tests.cluster.test_secrets import canaries, files, found
from tests.cluster.waiting import until

FOLDER, ON_NODE = "/var/lib/provision/rotation", "/run/provision-rotation"


@pytest.fixture
def whole(cluster: Lab) -> Iterator[Lab]:
    """The cluster, afterwards with one key, free members and nothing of a rotation."""
    yield cluster
    cluster.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    cluster.ask(f"scontrol update nodename={cluster.compute[-1].lower()} state=undrain 2> /dev/null; true")
    assert rotate(cluster, "--finish").code == 0
    assert until(lambda: len(set(keys(cluster).values())) == 1, 90), keys(cluster)
    for name in cluster.compute:
        assert cluster.state(name, "idle", 90) == "idle"


def rotate(lab: Lab, *words: str) -> Said:
    return lab.provision("rotate", "munge", "--json", *words)


def members(lab: Lab) -> list[str]:
    return [lab.controller, *lab.compute]


def keys(lab: Lab) -> dict[str, str]:
    """A digest of the key of each member."""
    return {name: lab.inside(name, "sha256sum < /etc/munge/munge.key") for name in members(lab)}


def slurmctld(lab: Lab) -> str:
    """Which slurmctld runs."""
    return lab.ask("systemctl show --property=MainPID,ActiveState slurmctld")


def settled(lab: Lab) -> bool:
    """Whether all have one key, slurmctld answers, and nothing works for a rotation any more."""
    works = [lab.tried(name, "systemctl is-active --quiet provision-rotation").code == 0 for name in members(lab)]
    return (
        not any(works)
        and len(set(keys(lab).values())) == 1
        and "is UP" in lab.tried(lab.controller, "scontrol ping").out
    )


def test_jobs_go_on_and_the_key_of_before_comes_back(whole: Lab) -> None:
    first, last = whole.compute[0], whole.compute[-1]
    job = submit(whole, first, "sleep 600")
    assert until(lambda: state(whole, job) == "RUNNING", 30)
    partitions, before = whole.ask("scontrol show partitions"), keys(whole)
    whole.ask(f"scontrol update nodename={last.lower()} state=drain reason='fans, says the admin'")
    secrets = canaries(whole)
    client = ["podman", "exec", whole.container(whole.controller), "srun", "--time=10"]
    client += [f"--nodelist={first.lower()}", "sh", "-c", "until [ -e /run/go ]; do sleep 0.2; done; echo through"]
    with running(whole, client) as attached:
        attached.reaches(lambda: "R" in whole.ask("squeue --noheader --name=sh --format=%t"))
        said = rotate(whole)
        whole.inside(first, "touch /run/go")
        assert attached.process.wait(timeout=60) == 0, attached.text
        assert "through" in attached.text
    whole.inside(first, "rm /run/go")
    assert said.code == 0, said.text
    assert said.json["stage"] == "switched"
    changed = keys(whole)
    assert len(set(changed.values())) == 1
    assert changed[first] != before[first]
    assert state(whole, job) == "RUNNING"
    assert "Restarts=0" in whole.ask(f"scontrol show job {job}")
    assert whole.ask(f"cd / && runuser -u nobody -- srun --jobid={job} --overlap hostname") == first.lower()
    assert whole.ask("scontrol show partitions") == partitions
    assert "Reason=fans, says the admin" in node(whole, last)
    secrets += canaries(whole)

    back = rotate(whole, "--undo")
    assert back.code == 0, back.text
    assert keys(whole) == before
    assert state(whole, job) == "RUNNING"
    texts = {name: whole.inside(name, "journalctl --no-pager --all").encode() for name in members(whole)}
    texts |= {"output": (said.text + back.text).encode()}
    assert found(secrets, iter(texts.items())) == []
    assert found(secrets, files(whole.state_folder / "runs")) == []
    assert whole.ask(f"stat --format=%a:%U {FOLDER} {FOLDER}/old.key") == "700:root\n600:root"
    whole.ask(
        f"touch --date='8 days ago' {FOLDER}/old.key; systemd-tmpfiles --clean /etc/tmpfiles.d/provision-rotation.conf"
    )
    assert whole.tried(whole.controller, f"ls {FOLDER}/old.key").code != 0
    assert rotate(whole, "--undo").code == 1


STREAM = """
rm -f /run/stream-over
until [ -e /run/stream-over ]; do
  runuser -u nobody -- sbatch --job-name=stream --chdir=/ --output=/dev/null --ntasks=1 --mem=8 --wrap='srun true' ||
    echo refused
  sleep 0.3
done
"""
# When systemd stopped slurmctld last, by the clock of all blades of the lab.
STOPS = "journalctl --unit=slurmctld --output=short-unix --no-pager --grep='^Stopping' | tail -n 1 | cut -d' ' -f1"


def test_no_job_starts_while_the_key_changes_and_none_of_a_stream_is_lost(whole: Lab) -> None:
    client = ["podman", "exec", whole.container(whole.controller), "sh", "-c", STREAM]

    def done() -> int:
        return int(whole.ask("squeue --noheader --name=stream --states=CD | wc -l"))

    try:
        with running(whole, client) as stream:
            assert until(lambda: done() > 5, 60), stream.text
            said = rotate(whole)
            begin, came = float(whole.ask(STOPS)), done()
            until(lambda: done() > came + 5, 60)
            whole.ask("touch /run/stream-over")
            assert stream.process.wait(timeout=60) == 0, stream.text
            submitted, told = stream.text.count("Submitted batch job"), stream.text
    finally:
        whole.ask("touch /run/stream-over")
    assert said.code == 0, said.text
    assert "refused" not in told
    ended = "COMPLETED"
    assert until(lambda: done() == submitted, 90), whole.ask("squeue --states=all --name=stream")
    rows = whole.ask("squeue --noheader --states=all --name=stream --Format='JobID:20,State:20,StartTime:30'")
    starts = {job: (what, start) for job, what, start in map(str.split, rows.splitlines())}
    assert len(starts) == submitted
    assert {what for what, _ in starts.values()} == {ended}
    # slurmctld tells whole seconds: those of which no part is outside of the window.
    seconds = [int(whole.ask(f"date --date={start} +%s")) for _, start in starts.values()]
    inside = range(int(begin) + 1, int(begin + said.json["away"]))
    assert len(inside) >= 1, (begin, said.json["away"])
    assert [each for each in seconds if each in inside] == [], (begin, said.json["away"])
    # The stream flowed: some began shortly before, others shortly after.
    assert any(begin - 5 < each < begin for each in seconds), (begin, seconds)
    assert any(begin + said.json["away"] <= each < begin + said.json["away"] + 15 for each in seconds), (begin, seconds)


POINTS = {
    "staged": f"test -e {ON_NODE}/new.key",
    "told": f"test -e {ON_NODE}/at",
    "away": "systemctl is-active --quiet slurmctld && exit 1; true",
    "changed": f"grep --quiet switched {FOLDER}/journal.json",
}


@pytest.mark.parametrize("point", POINTS)
def test_whatever_a_kill_leaves_ends_by_itself(whole: Lab, point: str) -> None:
    job = submit(whole, whole.compute[0], "sleep 600")
    assert until(lambda: state(whole, job) == "RUNNING", 30)
    where = whole.compute[-1] if point in ("staged", "told") else whole.controller
    with background(whole, "rotate", "munge") as run:
        run.reaches(lambda: whole.tried(where, POINTS[point]).code == 0)
        run.stop(signal.SIGKILL)
    said = rotate(whole)
    assert said.code == 0, said.text
    assert until(lambda: settled(whole), 60), keys(whole)
    assert state(whole, job) == "RUNNING"
    assert whole.tried(whole.compute[-1], f"ls {ON_NODE}").code != 0


def test_a_node_goes_by_its_controller_although_nobody_is_left_to_say_so(whole: Lab) -> None:
    """The run is dead, and the controller, which was killed too, starts with the key of before."""
    name, before = whole.compute[0], keys(whole)
    with background(whole, "rotate", "munge") as run:
        run.reaches(lambda: whole.tried(name, POINTS["told"]).code == 0)
        run.stop(signal.SIGKILL)
        # It changes its key once slurmctld goes, whoever stopped it.
        whole.ask("systemctl kill --signal=KILL provision-rotation.service; true")
        whole.ask("systemctl stop slurmctld")
        assert until(lambda: keys(whole)[name] != before[name], 60)
        whole.ask("systemctl start slurmctld")
    assert until(lambda: settled(whole), 90), keys(whole)
    assert keys(whole)[whole.controller] == before[whole.controller]


def test_one_that_is_away_is_named_and_may_be_left_out(whole: Lab) -> None:
    name, before, daemon = whole.compute[-1], keys(whole), slurmctld(whole)
    whole.inside(name, "systemctl stop ssh.socket ssh 2> /dev/null; true")
    try:
        said = rotate(whole)
        assert (said.code, said.json["missing"]) == (1, [name]), said.text
        assert (keys(whole), slurmctld(whole)) == (before, daemon)
        said = rotate(whole, f"--without={name}")
        assert said.code == 0, said.text
    finally:
        whole.inside(name, "systemctl start ssh")
    now = keys(whole)
    assert now[name] == before[name] != now[whole.controller]
    refused = rotate(whole)
    assert (refused.code, list(refused.json["problems"])) == (1, [name]), refused.text
    assert whole.slurm([name]).code == 0
    assert settled(whole)


def test_without_room_for_a_key_nothing_changes(whole: Lab) -> None:
    name, before, daemon = whole.compute[-1], keys(whole), slurmctld(whole)
    # The key alone takes the only page.
    small = "cp -a /etc/munge /run/kept && mount -t tmpfs -o size=4k,mode=700,uid=munge,gid=munge none /etc/munge"
    whole.inside(name, f"{small} && cp -a /run/kept/munge.key /etc/munge/")
    try:
        said = rotate(whole)
    finally:
        whole.inside(name, "umount /etc/munge; rm -r /run/kept")
    assert said.code != 0
    assert "make room" in said.text
    assert (keys(whole), slurmctld(whole)) == (before, daemon)
    assert whole.tried(whole.controller, f"ls {FOLDER}/new.key").code != 0


def test_a_second_run_leaves_the_first_alone_and_a_check_touches_nothing(whole: Lab) -> None:
    before, daemon = keys(whole), slurmctld(whole)
    said = rotate(whole, "--check")
    assert (said.code, said.json["nodes"]) == (0, members(whole)), said.text
    assert (keys(whole), slurmctld(whole)) == (before, daemon)
    with background(whole, "rotate", "munge") as run:
        run.reaches(lambda: whole.tried(whole.compute[0], POINTS["staged"]).code == 0)
        assert rotate(whole).code == 4
        assert run.process.wait(timeout=120) == 0, run.text
    assert settled(whole)
