"""Scheduled runs: by a real timer of systemd on a control host, and what they leave for later on nodes with jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.background import background
from tests.cluster.control_host import ControlHost, control_host, told
from tests.cluster.job_tmp import state, submit
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until


def scheduled(lab: Lab, blade: str, *words: str) -> Said:
    return lab.slurm([blade], "--scheduled", *words)


@pytest.fixture
def busy(cluster: Lab) -> Iterator[tuple[str, str]]:
    """A member and the number of a job that runs on it."""
    blade = cluster.compute[0]
    job = submit(cluster, blade, "sleep 900")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)
    yield blade, job
    cluster.ask(f"scancel {job}")
    assert cluster.state(blade, "idle", 60) == "idle"


def test_a_node_with_jobs_is_left_what_they_may_notice(cluster: Lab, busy: tuple[str, str]) -> None:
    blade, job = busy
    before = cluster.inside(blade, "systemctl show --value --property=MainPID slurmd; cat /etc/default/slurmd")
    cluster.inside(
        blade, "echo '# edited' >> /etc/default/slurmd; sed -i '/bld-001/d' /etc/hosts; systemctl stop munge"
    )
    said = scheduled(cluster, blade)
    found = said.json["blades"][blade]
    assert said.code == 0, said.text
    # What is harmless is mended at once: the daemon that is down, and a file that none reads.
    assert any("munge.service: stopped -> running" in line for line in found["changed"]), found
    assert any("/etc/hosts" in line for line in found["changed"]), found
    assert any("/etc/default/slurmd" in line for line in found["left"]), found
    assert any("slurmd.service: restart" in line for line in found["left"]), found
    assert found["left_because"] == f"job {job} runs on it"
    shown = cluster.provision("runs", "show", "last", f"--plan={cluster.plan}").text
    assert "left for later: file /etc/default/slurmd" in shown
    assert state(cluster, job) == "RUNNING"

    again = scheduled(cluster, blade)
    assert (again.code, again.json["changed"]) == (0, 0), again.text
    assert again.json["blades"][blade]["left"] == found["left"]

    # Once the job is gone the rest comes by itself.
    cluster.ask(f"scancel {job}")
    assert cluster.state(blade, "idle", 60) == "idle"
    last = scheduled(cluster, blade)
    assert (last.code, last.json["blades"][blade]["left"]) == (0, []), last.text
    after = cluster.inside(blade, "systemctl show --value --property=MainPID slurmd; cat /etc/default/slurmd")
    assert after.splitlines()[1:] == before.splitlines()[1:]
    assert after.splitlines()[0] != before.splitlines()[0]


def test_a_blade_whose_jobs_died_with_it_is_not_waited_for(cluster: Lab, busy: tuple[str, str]) -> None:
    blade, job = busy
    cluster.lab("reimage", blade)
    assert cluster.provision("reimaged", blade).code == 0
    said = scheduled(cluster, blade)
    assert (said.code, said.json["blades"][blade]["left"]) == (0, []), said.text
    assert state(cluster, job) != "RUNNING"


def test_a_change_that_would_end_jobs_waits(cluster: Lab, busy: tuple[str, str]) -> None:
    blade, job = busy
    parted = cluster.more.copy()
    cluster.more["partitions"] = {"night": {"tiers": ["medium", "thin"]}}
    try:
        cluster.write_plan()
        cluster.ask(f"scontrol update jobid={job} partition=all 2> /dev/null; true")
        assert cluster.slurm([blade]).code == 0
        held = cluster.ask("sbatch --parsable --hold --partition=night --output=/dev/null --wrap=true").split(";")[0]
        cluster.more.clear()
        cluster.more.update(parted)
        cluster.write_plan()
        said = scheduled(cluster, blade)
        found = said.json["blades"][cluster.controller]
        assert said.code == 0, said.text
        assert found["left_because"] == f"it would end jobs {held}", found
        assert "night" in cluster.ask("sinfo --noheader --format=%P")
    finally:
        cluster.more.clear()
        cluster.more.update(parted)
        cluster.write_plan()
        cluster.ask("scancel --partition=night")
        last = scheduled(cluster, blade)
    assert (last.code, last.json["blades"][cluster.controller]["left"]) == (0, []), last.text
    assert "night" not in cluster.ask("sinfo --noheader --format=%P")


def test_decisions_are_no_business_of_a_timer(cluster: Lab) -> None:
    said = cluster.provision("slurm", "--scheduled", "--upgrade")
    assert said.code == 2
    assert "Traceback" not in said.text


def test_another_run_at_work_is_left_in_silence(cluster: Lab) -> None:
    with background(cluster, "slurm", f"--nodes={cluster.compute[0]}", "--full") as run:
        run.reaches(lambda: (cluster.state_folder / "lock.json").exists())
        said = cluster.provision("slurm", "--scheduled")
        assert (said.code, said.text) == (4, "")
        assert run.process.wait(timeout=300) == 0, run.text


@pytest.fixture(scope="module")
def host(cluster: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlHost]:
    """The spare blade as the machine that the timer is on."""
    with control_host(cluster, tmp_path_factory.mktemp("control")) as made:
        yield made


@pytest.fixture
def installed(host: ControlHost) -> Iterator[ControlHost]:
    """A timer that does not fire by itself for a while."""
    assert host.provision("timer", "install", "--every", "1d").code == 0
    yield host
    assert host.provision("timer", "remove").code == 0
    host.script("rm -f /root/told /var/lib/systemd/timers/*; rm -rf /root/.local/state/provision/.scheduled")
    host.write_plan()


def test_once_more_changes_nothing_and_nobody_else_is_overwritten(host: ControlHost) -> None:
    check = host.timer("install", "--check")
    assert check["changed"] == 7
    assert host.timer("status")["installed"] is False
    unit = f"/etc/systemd/system/{check['timer']}"
    host.script(f"echo '[Timer]' > '{unit}'")
    refused = host.provision("timer", "install")
    assert (refused.code, host.script(f"cat '{unit}'")) == (1, "[Timer]")
    assert "is not of `provision timer install`" in refused.text
    host.script(f"rm '{unit}'")
    assert host.timer("install")["changed"] == 7
    assert host.timer("install")["changed"] == 0
    following = host.timer("status")
    assert following["active"] is True
    # The dates are those of the control host, in its own time.
    when = host.script(f"date --date='{following['next']}' '+%Y-%m-%d %H:%M'")
    assert f"next scheduled run: {when}" in host.provision("status").out
    assert host.provision("status", "--json").json["next_run"] == following["next"]
    assert host.script("systemd-analyze verify /etc/systemd/system/provision-* 2>&1; true") == ""
    assert len(host.timer("remove")["removed"]) == 4
    assert host.timer("remove")["removed"] == []
    assert host.provision("status", "--json").json["next_run"] == ""
    assert "next scheduled run" not in host.provision("status").out
    assert host.script("ls /etc/systemd/system | grep provision; true") == ""


def test_the_timer_fires_and_a_reimaged_blade_comes_back(host: ControlHost) -> None:
    blade = host.lab.compute[0]
    host.lab.lab("reimage", blade)
    name = f"/root/.local/state/provision/{host.lab.name}/lab"
    host.lab.inside(host.blade, f"cat > {name}/known_hosts <<'END'\n{_known_hosts(host.lab)}\nEND")
    assert host.provision("reimaged", blade).code == 0
    assert host.provision("timer", "install", "--every", "1min").code == 0
    try:
        service = host.unit(".service")
        assert until(lambda: host.show(service, "ActiveState") == "activating", 120), host.journal()
        # Under load runs would follow each other without a pause.
        host.script(f"systemctl stop {host.unit('.timer')}")
        last = host.ran("")
        assert last["exit_code"] == 0, host.journal()
        assert host.lab.state(blade, "idle", 60) == "idle"
        state = host.timer("status")
        assert (state["result"], state["failures"], bool(state["fired"])) == ("success", 0, True)
        assert "slurm --scheduled" in host.provision("runs").text
    finally:
        assert host.provision("timer", "remove").code == 0


def test_a_missed_run_is_made_up(installed: ControlHost) -> None:
    timer = installed.unit(".timer")
    # As on a machine that was off when the timer was to fire.
    installed.script(f"systemctl stop {timer}; touch --date='3 days ago' /var/lib/systemd/timers/stamp-{timer}")
    delay = f"/run/systemd/system/{timer}.d"
    installed.script(f"mkdir -p {delay}; printf '[Timer]\\nRandomizedDelaySec=0\\n' > {delay}/now.conf")
    installed.script(f"systemctl daemon-reload; systemctl start {timer}")
    try:
        assert installed.ran("", 120)["exit_code"] == 0, installed.journal()
    finally:
        installed.script(f"rm -r {delay}; systemctl daemon-reload")


def test_a_start_while_another_run_works_ends_at_once_and_is_no_failure(installed: ControlHost) -> None:
    lab = installed.lab
    with background(lab, "slurm", f"--nodes={lab.compute[0]}", "--full") as run:
        run.reaches(lambda: "Install" in run.text or "Prepare" in run.text)
        assert lab.tried(installed.blade, f"systemctl start {installed.unit('.service')}").code == 0
        assert run.process.poll() is None
        assert installed.show(installed.unit(".service"), "Result") == "success"
        assert installed.show(installed.unit(".service"), "ExecMainStatus") == "4"
        assert run.process.wait(timeout=300) == 0, run.text
    assert installed.timer("status")["failures"] == 0


def test_somebody_hears_once_that_runs_fail_and_once_that_they_are_well(installed: ControlHost) -> None:
    lab, blade = installed.lab, installed.lab.compute[0]
    installed.write_plan(notify={"command": "cat >> /root/told", "after": 2})
    assert installed.start()["exit_code"] == 0, installed.journal()
    lab.lab("off", blade)
    try:
        for _ in range(3):
            assert installed.start()["exit_code"] in (1, 3)
        (failing,) = told(installed, "/root/told")
        assert (failing["event"], failing["failures"]) == ("failing", 2)
        assert blade in failing["last"]["failed"]
        # One that is killed counts as well.
        before = installed.last()["invocation"]
        service = installed.unit(".service")
        installed.script(f"systemctl start --no-block {service}")
        assert until(lambda: installed.show(service, "MainPID") not in ("", "0"), 30)
        installed.script(f"systemctl kill --signal=KILL {service}")
        assert "without a word of its own (signal)" in installed.ran(before)["error"]
        assert installed.timer("status")["failures"] == 4
    finally:
        lab.lab("on", blade)
    assert until(lambda: lab.tried(blade, "systemctl is-active --quiet sshd ssh").code == 0, 60)
    assert installed.start()["exit_code"] == 0, installed.journal()
    assert installed.start()["exit_code"] == 0
    assert [each["event"] for each in told(installed, "/root/told")] == ["failing", "well"]
    assert lab.state(blade, "idle", 60) == "idle"


def _known_hosts(lab: Lab) -> Any:
    return (lab.state_folder / "lab" / "known_hosts").read_text().strip()
