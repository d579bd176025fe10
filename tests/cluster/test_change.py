"""A cluster that lives: nodes come, lose power, are reimaged, while jobs run."""

from __future__ import annotations

import re

from tests.cluster.labs import Lab
from tests.cluster.waiting import until


def test_a_node_comes_while_a_job_runs_on_another(cluster: Lab, virgin: str) -> None:
    host = cluster.compute[0].lower()
    script = "echo started; until test -e /run/finish; do sleep 0.2; done; echo finished"
    cluster.inside(cluster.compute[0], "rm -f /run/finish /tmp/job.out")
    job = cluster.ask(
        f"sbatch --parsable --chdir=/ --output=/tmp/job.out --nodelist={host} --time=30 --wrap='{script}'"
    )
    assert until(lambda: "started" in cluster.inside(cluster.compute[0], "cat /tmp/job.out || true"))

    said = cluster.slurm([virgin])

    assert said.code == 0, said.text
    assert cluster.state(virgin, "idle") == "idle"
    assert set(cluster.compute) < set(cluster.states()), "a node that was not named was forgotten"
    shown = cluster.ask(f"scontrol show job {job}")
    assert "JobState=RUNNING" in shown
    cluster.inside(cluster.compute[0], "touch /run/finish")
    assert until(lambda: "JobState=COMPLETED" in cluster.ask(f"scontrol show job {job}"), 30), shown
    assert "Restarts=0" in cluster.ask(f"scontrol show job {job}")
    assert cluster.inside(cluster.compute[0], "cat /tmp/job.out") == "started\nfinished"


def test_a_busy_node_keeps_its_job_through_a_run(cluster: Lab) -> None:
    blade = cluster.compute[0]
    submit = "sbatch --parsable --chdir=/ --output=/dev/null --exclusive --time=30 --wrap='sleep 600'"
    job = cluster.ask(f"{submit} --nodelist={blade.lower()}")
    try:
        assert until(lambda: "JobState=RUNNING" in cluster.ask(f"scontrol show job {job}"), 30)
        said = cluster.slurm([blade])
        assert (said.code, said.json["changed"]) == (0, 0), said.text
        assert said.json["blades"][blade]["notes"] == [], "that a node works is no news"
        verified = cluster.provision("verify", f"--nodes={blade}", "--json")
        assert verified.code == 0, verified.text
        assert any("busy" in note for note in verified.json["blades"][blade]["notes"]), verified.json
        assert "JobState=RUNNING" in cluster.ask(f"scontrol show job {job}")
    finally:
        cluster.ask(f"scancel {job}")
        cluster.state(blade, "idle")


def test_a_drain_of_an_admin_stays(cluster: Lab) -> None:
    blade = cluster.compute[0]
    cluster.ask(f"scontrol update nodename={blade.lower()} state=drain reason='fan is loud'")
    try:
        said = cluster.slurm([blade])
        assert said.code == 0, said.text
        assert cluster.state(blade, "drained") == "drained"
        assert "fan is loud" in cluster.ask("sinfo --list-reasons")
    finally:
        cluster.ask(f"scontrol update nodename={blade.lower()} state=resume")


def test_a_blade_that_is_off_stops_nobody_and_comes_back(cluster: Lab) -> None:
    off, on = cluster.compute[-1], cluster.compute[0]
    cluster.lab("off", off)
    try:
        said = cluster.slurm([on, off])
        assert said.code == 3, said.text
        assert said.json["blades"][off]["status"] == "unreachable"
        assert said.json["blades"][on]["status"] == "ok"
        assert re.search(r"powered on|booted", said.failure(off))
        assert f"NodeName={off.lower()} " in cluster.ask("cat /etc/slurm/slurm.conf")
        assert cluster.ask(f"srun --nodelist={on.lower()} hostname") == on.lower()
    finally:
        cluster.lab("on", off)
    said = cluster.slurm([on, off])
    assert (said.code, said.json["changed"]) == (0, 0), said.text
    assert cluster.state(off, "idle") == "idle"


def test_a_new_host_key_is_refused_until_it_is_announced(cluster: Lab) -> None:
    blade, other = cluster.compute[0], cluster.compute[1]
    cluster.lab("reimage", blade, "--unannounced")

    said = cluster.slurm([blade, other])
    assert said.code == 3, said.text
    assert "host key" in said.failure(blade)
    assert f"provision reimaged {blade}" in said.failure(blade).replace("{blade}", blade)
    assert said.json["blades"][other]["status"] == "ok"

    assert cluster.provision("reimaged", blade).code == 0
    said = cluster.slurm([blade])
    assert said.code == 0, said.text
    assert cluster.state(blade, "idle") == "idle"
    assert cluster.ask(f"srun --nodelist={blade.lower()} hostname") == blade.lower()


def test_a_controller_that_is_off_is_one_sentence(cluster: Lab) -> None:
    cluster.lab("off", cluster.controller)
    try:
        said = cluster.provision("slurm", f"--nodes={cluster.compute[0]}")
        assert said.code == 1, said.text
        assert f"{cluster.controller}:" in said.text
        assert "Traceback" not in said.text
        assert "next:" in said.text
    finally:
        cluster.lab("on", cluster.controller)
    until(lambda: cluster.ask("scontrol ping >/dev/null 2>&1 && echo up || true") == "up")
    # Slurm saves its state every few seconds: a job that ended just before the power cut is back, and runs nowhere; so
    # is a drain.
    names = ",".join(cluster.compute).lower()
    cluster.ask(f"scancel --user=root; scontrol update nodename={names} state=resume; true")
    said = cluster.slurm(cluster.compute)
    assert (said.code, said.json["changed"]) == (0, 0), said.text


def test_a_stopped_slurmctld_is_started_again(cluster: Lab) -> None:
    cluster.ask("systemctl stop slurmctld")
    said = cluster.slurm([cluster.compute[0]])
    assert said.code == 0, said.text
    assert cluster.state(cluster.compute[0], "idle") == "idle"
