"""Prometheus asks the members and the controller; the names are those of slurm_exporter."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.cluster.job_tmp import state, submit
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

LOOK = "systemctl start slurm-metrics.service"
SCRAPE = """python3 -c '
import sys, urllib.request
print(urllib.request.urlopen(f"http://{sys.argv[1]}:9100/metrics", timeout=10).read().decode())
' """


@pytest.fixture(scope="module")
def measured(cluster: Lab) -> Iterator[Lab]:
    """The cluster with metrics; role and program stay where they were put."""
    plan = cluster.plan.read_text()
    cluster.plan.write_text(f"{plan}metrics: true\n")
    try:
        said = cluster.slurm(cluster.compute)
        assert said.code == 0, said.text
        yield cluster
    finally:
        cluster.plan.write_text(plan)


def scrape(lab: Lab, blade: str) -> dict[str, float]:
    """What Prometheus would read of a blade, from another one."""
    address = f"10.62.{lab.subnet}.{100 + int(blade[-3:])}"
    asker = next(name for name in lab.compute if name != blade)
    lines = [line for line in lab.inside(asker, f"{SCRAPE} {address}").splitlines() if line and line[0] != "#"]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_the_exporter_takes_no_folder_for_lost_before_the_first_look(measured: Lab) -> None:
    """So it is at each boot."""
    measured.ask("systemctl stop slurm-metrics.timer; rm -r /run/slurm-metrics")
    measured.ask("systemd-tmpfiles --create /etc/tmpfiles.d/slurm-metrics.conf")
    try:
        found = scrape(measured, measured.controller)
    finally:
        measured.ask(f"systemctl start slurm-metrics.timer; {LOOK}")
    assert found["node_textfile_scrape_error"] == 0


def test_a_second_run_changes_nothing(measured: Lab) -> None:
    assert measured.slurm(measured.compute).json["changed"] == 0


def test_every_member_is_asked_in_the_network_of_the_cluster_only(measured: Lab) -> None:
    for blade in (measured.controller, measured.compute[0]):
        found = scrape(measured, blade)
        assert found["node_textfile_scrape_error"] == 0
        assert found["node_memory_MemTotal_bytes"] > 0
        listens = measured.inside(blade, "ss --no-header --listening --tcp --numeric 'sport = 9100'")
        assert re.findall(r"(\S+):9100", listens) == [f"10.62.{measured.subnet}.{100 + int(blade[-3:])}"]


def test_nodes_jobs_and_the_scheduler(measured: Lab) -> None:
    blade = measured.compute[0]
    name = blade.lower()
    job = submit(measured, blade, "sleep 600")
    try:
        assert until(lambda: state(measured, job) == "RUNNING", 30)
        other = measured.compute[1].lower()
        measured.ask(f"scontrol update nodename={other} state=drain reason='a \"loud\" fan'; {LOOK}")
        found = scrape(measured, measured.controller)
    finally:
        measured.ask(f"scancel {job}; scontrol update nodename={other} state=resume")
    assert found["slurm_nodes_total"] == len(measured.states())
    assert found["slurm_jobs_running"] == 1
    assert found['slurm_queue_running{partition="all",user="nobody"}'] == 1
    assert found['slurm_user_jobs_running{user="nobody"}'] == 1
    assert found[f'slurm_node_cpu_alloc{{node="{name}",partition="all",status="mixed"}}'] >= 1
    assert found['slurm_nodes_drain{partition="all"}'] == 1
    assert found[f'slurm_node_drain_reason_info{{node="{other}",reason="a \\"loud\\" fan"}}'] == 1
    assert found[f'slurm_node_drain_since_timestamp_seconds{{node="{other}"}}'] > 1_700_000_000
    assert found["slurm_scheduler_threads"] >= 1
    assert [value for key, value in found.items() if key.startswith("slurm_exporter_collector_success")] == [1] * 13
    version = measured.ask("sinfo --version").split()[1]
    assert found[f'slurm_info{{binary="",type="general",version="{version}"}}'] == 1


def test_the_figures_come_by_themselves(measured: Lab) -> None:
    written = "stat --format=%Y.%i /run/slurm-metrics/slurm.prom"
    before = measured.ask(f"{LOOK}; {written}")
    assert until(lambda: measured.ask(written) != before, 90)


def test_a_slurmctld_that_is_away_is_said_and_its_figures_are_gone(measured: Lab) -> None:
    measured.ask(f"systemctl stop slurmctld; {LOOK}; true")
    try:
        found = scrape(measured, measured.controller)
    finally:
        measured.ask("systemctl start slurmctld")
    assert found['slurm_exporter_collector_success{collector="nodes"}'] == 0
    assert "slurm_nodes_total" not in found
    assert until(lambda: "idle" in measured.states().values(), 60)
    assert measured.ask(f"{LOOK}; systemctl is-failed slurm-metrics.service; true") != "failed"


def test_nothing_of_the_account_is_followed_by_root(measured: Lab) -> None:
    """It is slurm's own folder: what slurm puts there it can only read itself."""
    measured.ask("ln -sfn /etc/shadow /run/slurm-metrics/slurm.prom.new; true")
    assert measured.tried(measured.controller, LOOK).code != 0
    assert measured.ask("rm /run/slurm-metrics/slurm.prom.new; stat --format=%U /etc/shadow") == "root"
    measured.ask(LOOK)
