"""In which order jobs start and where: memory that nobody asked for, fair share, a node that fails, enforcement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from provisioner.slurm.scheduling import backfill_settings
from tests.cluster.accounting import QUEUE, SwitchedOn, changed, nodes, submit, switch_on
from tests.cluster.labs import Lab
from tests.cluster.size import RELEASES
from tests.cluster.waiting import until

SITE: dict[str, Any] = {"slurmctld_accounts": True}
# Users that every Debian has. Jobs of verification are nobody's.
HEAVY, LIGHT, STRANGER = "games", "mail", "backup"
USERS = (HEAVY, LIGHT, "nobody")


def shown(lab: Lab, job: str, key: str) -> str:
    """What slurmctld says of a job, '' for nothing."""
    words = lab.ask(f"scontrol --oneliner show job {job} || true").split()
    return next((word.partition("=")[2] for word in words if word.startswith(f"{key}=")), "")


def test_jobs_that_name_no_memory_share_a_node(cluster: Lab) -> None:
    blade = cluster.compute[0].lower()
    words = f"sbatch --parsable --chdir=/ --output=/dev/null --time=5 --ntasks=1 --nodelist={blade} --wrap='sleep 300'"
    jobs = [cluster.ask(words) for _ in range(2)]
    try:
        assert until(lambda: {shown(cluster, job, "JobState") for job in jobs} == {"RUNNING"}, 30), cluster.ask(QUEUE)
        assert {shown(cluster, job, "NodeList") for job in jobs} == {blade}
    finally:
        cluster.ask(f"scancel {' '.join(jobs)}")


def test_a_job_whose_node_fails_starts_anew_on_another(cluster: Lab) -> None:
    job = submit(cluster, "--wrap='sleep 1000'")
    assert until(lambda: shown(cluster, job, "JobState") == "RUNNING", 30), cluster.ask(QUEUE)
    name = shown(cluster, job, "NodeList")
    # The prolog is over then: its answer would bring the node back that is set down below.
    assert until(lambda: cluster.inside(name.upper(), "pgrep -f 'sleep 100[0]' || true") != "", 30), cluster.ask(QUEUE)
    cluster.lab("off", name.upper())
    try:
        # A word of the node that slurmctld reads late would bring it back; drained, it gets no job then either.
        for state in ("drain", "down"):
            cluster.ask(f"scontrol update nodename={name} state={state} reason='no power'")
        assert until(lambda: shown(cluster, job, "Restarts") == "1", 30)
        # Slurm waits for two minutes, so that the node's last words do not meet the new start.
        again = f"scontrol update jobid={job} starttime=now || true"
        assert until(lambda: [cluster.ask(again), shown(cluster, job, "JobState")][1] == "RUNNING", 60)
        seen = cluster.ask(f"scontrol show job {job}; sinfo --Node; grep {job} /var/log/slurm/slurmctld.log")
        assert shown(cluster, job, "NodeList") != name, seen
        assert (shown(cluster, job, "Requeue"), shown(cluster, job, "Restarts")) == ("1", "1")
    finally:
        cluster.ask(f"scancel {job}")
        cluster.lab("on", name.upper())
        cluster.ask(f"scontrol update nodename={name} state=resume")
        assert cluster.state(name.upper(), "idle", 60) == "idle"


def test_slurm_takes_what_a_large_cluster_gets(cluster: Lab) -> None:
    """A word that it does not know or a number out of its bounds would stand in its log."""
    large = backfill_settings(1000, ["UNLIMITED"])
    with cluster.variables_of_the_site(slurmctld_config=large):
        changed(cluster.slurm(cluster.compute))
    assert f"= {large['SchedulerParameters']}" in cluster.ask("scontrol show config")
    cluster.ask("scontrol setdebugflags +backfill; scontrol reconfigure; scontrol setdebugflags -backfill")
    assert set(changed(cluster.slurm(cluster.compute))) == {cluster.controller}
    assert cluster.ask("grep -i 'invalid.*param' /var/log/slurm/slurmctld.log || true") == ""


def test_a_slurmctld_that_hangs_in_a_reconfigure_is_started_anew(cluster: Lab) -> None:
    """As 24.11.5 may, for ever; here it is scontrol that hangs, once."""
    hangs = (
        '#!/bin/sh\n[ "$1" = reconfigure ] && rm /run/hang 2>/dev/null && exec sleep 1000\nexec /usr/bin/scontrol "$@"'
    )
    job = submit(cluster, "--wrap='sleep 1000'")
    assert until(lambda: shown(cluster, job, "JobState") == "RUNNING", 30), cluster.ask(QUEUE)
    started = cluster.ask("systemctl show --property=ExecMainPID --value slurmctld")
    cluster.ask(f"printf '{hangs}' > /usr/local/bin/scontrol; chmod +x /usr/local/bin/scontrol; touch /run/hang")
    try:
        with cluster.variables_of_the_site(slurmctld_config={"MinJobAge": 302}):
            said = changed(cluster.slurm(cluster.compute))
        assert "slurmctld: reconfigure: minjobage changed" in said[cluster.controller]
        assert cluster.ask("systemctl show --property=ExecMainPID --value slurmctld") != started
        assert "302" in cluster.ask("scontrol show config | grep MinJobAge")
        assert (shown(cluster, job, "JobState"), shown(cluster, job, "Restarts")) == ("RUNNING", "0")
    finally:
        cluster.ask(f"rm --force /usr/local/bin/scontrol /run/hang; scancel {job}")
    assert set(changed(cluster.slurm(cluster.compute))) == {cluster.controller}


@pytest.fixture(scope="module", params=RELEASES)
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster of its own, without accounting at first: a controller and two compute blades."""
    made = Lab("test-policy", 17, 1, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.up()
        said = made.slurm(nodes(made))
        assert said.code == 0, said.text
        yield made
    finally:
        made.lab("down")


@pytest.fixture(scope="module")
def switched_on(own: Lab) -> Iterator[SwitchedOn]:
    """Accounting and fair share, switched on below two jobs that run and two that wait."""
    with own.variables_of_the_site(**SITE):
        yield switch_on(own)


@pytest.fixture(scope="module")
def fair(own: Lab, switched_on: SwitchedOn) -> Lab:
    """A cluster whose users have accounts, made by hand."""
    assert switched_on.said.code == 0, switched_on.said.text
    own.ask("sacctmgr --immediate add account physics cluster=$(sacctmgr -nP list cluster format=cluster)")
    for user in USERS:
        own.ask(f"sacctmgr --immediate add user {user} account=physics")
    return own


def as_user(lab: Lab, user: str, words: str) -> str:
    command = f"cd /tmp && sbatch --parsable --output=/dev/null --time=30 {words} 2>&1 || true"
    return lab.ask(f'setpriv --reuid={user} --regid=nogroup --clear-groups sh -c "{command}"')


def factors(lab: Lab, job: str) -> dict[str, int]:
    """The weighted factors of a job that waits, as sprio has them; {} for a job that it does not know."""
    columns = {"priority": "%Y", "age": "%A", "share": "%F", "size": "%J", "partition": "%P", "qos": "%Q"}
    row = lab.ask(f"sprio --noheader --jobs={job} --format='{' '.join(columns.values())}' || true").split()
    return dict(zip(columns, map(int, row), strict=True)) if row else {}


def test_switching_fair_share_on_harms_no_job(own: Lab, switched_on: SwitchedOn) -> None:
    assert switched_on.said.code == 0, switched_on.said.text
    assert (switched_on.after, switched_on.requeued) == (switched_on.before, "")
    told = own.ask("scontrol show config")
    for key, value in {
        "PriorityType": "priority/multifactor",
        "PriorityWeightFairShare": "100000",
        "PriorityWeightQOS": "200000",
        "AccountingStorageEnforce": "none",
        "JobRequeue": "1",
    }.items():
        assert any(line.split() == [key, "=", value] for line in told.splitlines()), key
    assert "bf_window=10080" in told
    assert changed(own.slurm(nodes(own))) == {}


def test_without_enforcement_nobody_needs_an_account(own: Lab, switched_on: SwitchedOn) -> None:
    assert switched_on.said.code == 0, switched_on.said.text
    job = as_user(own, STRANGER, "--wrap=true")
    assert until(lambda: shown(own, job, "JobState") == "COMPLETED", 30), own.ask(QUEUE)


def test_who_used_much_waits_longer(fair: Lab) -> None:
    used = as_user(fair, HEAVY, "--nodes=2 --exclusive --wrap='sleep 600'")
    usage = f"sshare --noheader --parsable2 --users={HEAVY} --format=user,rawusage | grep {HEAVY} || true"
    # Each minute.
    assert until(lambda: fair.ask(usage).partition("|")[2] not in ("", "0"), 130), fair.ask(usage)
    fair.ask(f"scancel {used}")
    full = [fair.ask("sbatch --parsable --output=/dev/null --exclusive --wrap='sleep 600'") for _ in range(2)]
    assert until(lambda: fair.ask(QUEUE).count(" RUNNING") == 2, 30), fair.ask(QUEUE)
    waiting = {user: as_user(fair, user, "--exclusive --wrap=true") for user in (HEAVY, LIGHT)}
    try:
        assert until(lambda: all(factors(fair, job).get("share") is not None for job in waiting.values()), 90)
        heavy, light = (factors(fair, waiting[user]) for user in (HEAVY, LIGHT))
        assert heavy["share"] < light["share"] <= 100000
        assert heavy["priority"] < light["priority"]
        assert light["size"] > 0
        assert light["partition"] > 0
    finally:
        fair.ask(f"scancel {' '.join([*full, *waiting.values()])}")


def test_enforcement_comes_after_the_accounts_and_harms_no_job(fair: Lab) -> None:
    """As a run does it once it has found an account for each job; the pure part decides that."""
    full = [as_user(fair, LIGHT, "--exclusive --wrap='sleep 600'") for _ in range(2)]
    assert until(lambda: fair.ask(QUEUE).count(" RUNNING") == 2, 30), fair.ask(QUEUE)
    waiting = as_user(fair, HEAVY, "--exclusive --wrap=true")
    before = fair.ask(QUEUE)
    site = fair.group_vars / "all.yml"
    without = site.read_text()
    try:
        site.write_text(f"{without}slurmctld_enforce: true\n")
        said = changed(fair.slurm(nodes(fair)))
        kind = "restart" if fair.release == "bookworm" else "reconfigure"
        assert f"slurmctld: {kind}: accountingstorageenforce changed" in said[fair.controller]
        assert changed(fair.slurm(nodes(fair))) == {}
        assert fair.ask(QUEUE) == before
        assert shown(fair, waiting, "Reason") in ("Resources", "Priority")
        assert "Invalid account" in as_user(fair, STRANGER, "--wrap=true")
        fair.ask(f"scancel {' '.join(full)}")
        assert until(lambda: shown(fair, waiting, "JobState") == "COMPLETED", 60), fair.ask(QUEUE)
        assert fair.provision("verify", "--json").code == 0
    finally:
        site.write_text(without)
        fair.ask(f"scancel {' '.join(full)}; true")
    assert set(changed(fair.slurm(nodes(fair)))) == {fair.controller}
