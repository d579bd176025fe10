"""Accounting: switched on for a cluster that lives, no record lost, and never in the way of the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.cluster.accounting import (
    QUEUE,
    SwitchedOn,
    are_written,
    changed,
    completed,
    done,
    has_saved,
    nodes,
    submit,
    switch_on,
    without_a_database,
)
from tests.cluster.deep import checks, only
from tests.cluster.labs import Lab
from tests.cluster.size import ACCOUNTING_SUBNET, LAB_NAME, RELEASES
from tests.cluster.tampering import cases_of
from tests.cluster.waiting import until

AWAY_AT_MOST = 10
"""Seconds that slurmctld may be away while accounting is switched on."""
DUMPS = "/var/backups/slurm"
ROLES = ("mariadb", "slurmdbd")
HARMS = (
    "edited", "removed", "mode", "owner", "other secret", "stopped", "disabled", "masked by us", "package", "answer",
)  # fmt: skip


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster of its own, without accounting at first: a controller and two compute blades."""
    made = Lab(f"{LAB_NAME}-acct", ACCOUNTING_SUBNET, 1, request.param, tmp_path_factory.mktemp("plan"))
    try:
        made.up()
        said = made.slurm(nodes(made))
        assert said.code == 0, said.text
        yield made
    finally:
        made.lab("down")


@pytest.fixture(scope="module")
def switched_on(lab: Lab) -> SwitchedOn:
    """Accounting, switched on below two jobs that run and two that wait."""
    return switch_on(lab)


@pytest.fixture(scope="module")
def accounted(lab: Lab, switched_on: SwitchedOn) -> Lab:
    """A cluster that remembers."""
    assert switched_on.said.code == 0, switched_on.said.text
    return lab


def test_switching_it_on_harms_no_job(lab: Lab, switched_on: SwitchedOn) -> None:
    assert switched_on.said.code == 0, switched_on.said.text
    assert switched_on.after == switched_on.before
    assert switched_on.requeued == ""
    assert switched_on.away <= AWAY_AT_MOST


def test_what_check_shows_is_what_the_run_changes(switched_on: SwitchedOn) -> None:
    assert changed(switched_on.said) == changed(switched_on.shown)


def test_a_second_run_changes_nothing(accounted: Lab) -> None:
    assert changed(accounted.slurm(nodes(accounted))) == {}


def test_nothing_is_overlooked(accounted: Lab) -> None:
    assert changed(accounted.slurm(nodes(accounted), "--full")) == {}


def test_users_see_what_the_cluster_remembers(accounted: Lab) -> None:
    """On a compute blade, and jobs without a declared account work as before."""
    jobs = done(accounted)
    assert are_written(accounted, jobs)
    blade = accounted.compute[0]
    assert accounted.inside(blade, "sacctmgr -nP list cluster format=cluster") == accounted.name
    assert "Cluster Utilization" in accounted.inside(blade, "sreport cluster utilization")


def test_nothing_is_open_and_nothing_is_readable(accounted: Lab) -> None:
    """No database on the network, no password anywhere, files as slurmdbd wants them."""
    assert accounted.ask("ss -Hltn 'sport = 3306'") == ""
    assert accounted.ask("stat -c '%a %U %G' /etc/slurm/slurmdbd.conf") == "600 slurm slurm"
    assert accounted.ask("grep -ci storagepass /etc/slurm/slurmdbd.conf || true") == "0"
    other = "setpriv --reuid=nobody --regid=nogroup --clear-groups mariadb -u slurm -e 'select 1' 2>&1 || true"
    assert "Access denied" in accounted.ask(other)
    assert "not recommended" not in accounted.ask("cat /var/log/slurmdbd/slurmdbd.log")


def test_scripts_are_kept_where_the_site_says_so(accounted: Lab) -> None:
    with accounted.variables_of_the_site(slurmctld_config={"AccountingStoreFlags": "job_script,job_env"}):
        assert set(changed(accounted.slurm(nodes(accounted)))) == {accounted.controller}
        job = submit(accounted, "--wrap='echo canary-of-the-script'")
        asked = f"sacct --noheader --batch-script --jobs={job} 2>&1"
        assert until(lambda: "canary-of-the-script" in accounted.ask(asked)), accounted.ask(asked)
    assert set(changed(accounted.slurm(nodes(accounted)))) == {accounted.controller}


def test_no_record_is_lost_while_slurmdbd_is_away(accounted: Lab) -> None:
    """Also when slurmctld is started anew meanwhile."""
    before = completed(accounted)
    accounted.ask("systemctl stop slurmdbd")
    jobs = done(accounted)
    accounted.ask("systemctl stop slurmctld; systemctl start --no-block slurmctld")
    accounted.ask("systemctl start slurmdbd")
    assert are_written(accounted, before | jobs)
    assert len(completed(accounted)) == len(before) + len(jobs)


@pytest.mark.parametrize("daemon", ["mariadb", "slurmdbd", "slurmctld"])
def test_no_record_is_lost_when_a_daemon_is_killed(accounted: Lab, daemon: str) -> None:
    before = completed(accounted)
    jobs = done(accounted, 2)
    if daemon == "slurmctld":
        # What it knew for less than some seconds goes with it: docs/known-defects.md.
        assert are_written(accounted, jobs)
        assert has_saved(accounted)
    accounted.ask(f"systemctl kill --signal=KILL {daemon}")
    assert until(lambda: "is UP" in accounted.ask("scontrol ping || true"), 90)
    jobs |= done(accounted, 2)
    assert are_written(accounted, before | jobs, 90)
    assert len(completed(accounted)) == len(before) + len(jobs)


def test_a_power_cut_of_the_controller_loses_nothing(accounted: Lab) -> None:
    """Afterwards slurmdbd is there before slurmctld."""
    before = completed(accounted)
    jobs = done(accounted, 2)
    assert are_written(accounted, jobs)
    accounted.lab("off", accounted.controller)
    accounted.lab("on", accounted.controller)
    assert until(lambda: "is UP" in accounted.ask("scontrol ping || true"), 90)
    assert are_written(accounted, before | jobs)
    refused = (
        "journalctl -b -u slurmctld --no-pager; setpriv --reuid=slurm cat /var/log/slurm/slurmctld.log | tail -n 40"
    )
    assert "slurmdbd: 6819: Connection refused" not in accounted.ask(f"{refused} | tail -n 20; true")
    started = [_started(accounted, unit) for unit in ("slurmdbd", "slurmctld")]
    assert started == sorted(started)
    assert changed(accounted.slurm(nodes(accounted))) == {}


def _started(lab: Lab, unit: str) -> int:
    return int(lab.ask(f"systemctl show --property=ExecMainStartTimestampMonotonic --value {unit}"))


def test_a_database_that_is_away_stops_no_run(accounted: Lab) -> None:
    """The run says so and goes on: a node that needs it is mended, jobs run, and no record is lost."""
    before = completed(accounted)
    with without_a_database(accounted):
        accounted.inside(accounted.spare, "systemctl stop slurmd")
        said = accounted.slurm(nodes(accounted))
        assert said.code == 3, said.text
        assert "accounting does not work here" in said.failure(accounted.controller)
        assert said.json["blades"][accounted.spare]["failure"] is None
        assert accounted.state(accounted.spare, "idle") == "idle"
        verified = accounted.provision("verify", "--json")
        assert verified.code == 3, verified.text
        assert "accounting does not answer: " in verified.failure(accounted.controller)
        jobs = done(accounted)
    assert are_written(accounted, before | jobs)
    assert accounted.slurm(nodes(accounted)).code == 0
    assert accounted.provision("verify").code == 0
    assert changed(accounted.slurm(nodes(accounted))) == {}


def test_an_admins_mask_of_the_database_stays_and_stops_nothing(accounted: Lab) -> None:
    """It is told with the command that ends it, and the cluster goes on without accounting."""
    accounted.ask("systemctl stop slurmdbd mariadb; systemctl mask mariadb")
    try:
        accounted.inside(accounted.spare, "systemctl stop slurmd")
        said = accounted.slurm(nodes(accounted))
        assert said.code == 3, said.text
        assert "an admin masked mariadb.service" in said.failure(accounted.controller)
        assert "systemctl unmask mariadb.service" in said.failure(accounted.controller)
        assert accounted.ask("systemctl is-enabled mariadb || true") == "masked"
        assert accounted.state(accounted.spare, "idle") == "idle"
        again = accounted.slurm(nodes(accounted))
        assert (again.code, again.json["changed"]) == (3, 0), again.text
    finally:
        accounted.ask("systemctl unmask mariadb")
    assert set(changed(accounted.slurm(nodes(accounted)))) == {accounted.controller}
    assert changed(accounted.slurm(nodes(accounted))) == {}


@pytest.mark.parametrize(
    "setting",
    [{"innodb_bufer_pool_size": "1G"}, {"innodb_buffer_pool_size": "8X"}, {"sql_mode": "WRONG"}],
    ids=["key", "unit", "value"],
)
def test_a_setting_that_mariadb_does_not_take_stops_no_database(accounted: Lab, setting: dict[str, str]) -> None:
    """It would not start again; what is there stays, and the run says which setting it is."""
    file = "/etc/mysql/mariadb.conf.d/90-provision.cnf"
    before, since = accounted.ask(f"cat {file}"), _started(accounted, "mariadb")
    with accounted.variables_of_the_site(mariadb_config=setting):
        said = accounted.slurm(nodes(accounted))
    assert said.code == 3, said.text
    failure = said.failure(accounted.controller)
    assert "accounting stays as it was" in failure
    assert "mariadb_config" in failure
    ((key, value),) = setting.items()
    assert key in failure.replace("-", "_")
    assert value in failure
    assert (accounted.ask(f"cat {file}"), _started(accounted, "mariadb")) == (before, since)
    assert changed(accounted.slurm(nodes(accounted))) == {}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harm_is_shown_mended_and_gone(accounted: Lab, harm: str) -> None:
    """What the database and slurmdbd keep; the cases are made of their states."""
    harmed = [case for case in cases_of(accounted, accounted.controller) if case.harm == harm and case.role in ROLES]
    assert harmed
    for case in harmed:
        accounted.ask(f"{case.script}; true")
    shown = changed(accounted.slurm([accounted.compute[0]], "--check"))
    lines = shown.get(accounted.controller, [])
    assert [case.name for case in harmed if not any(f" {case.name}: " in f" {line}" for line in lines)] == [], shown
    assert changed(accounted.slurm([accounted.compute[0]])) == shown
    assert changed(accounted.slurm([accounted.compute[0]])) == {}


def test_dumps_are_whole_few_and_for_root(accounted: Lab) -> None:
    old = [f"regular-2020010{day}T000000Z.sql.gz" for day in range(1, 10)]
    accounted.ask(f"cd {DUMPS} && touch {' '.join(old)} regular-x.sql.gz.part")
    accounted.ask("systemctl start slurm-accounting-dump")
    found = accounted.ask(f"cd {DUMPS} && ls -1").split()
    dumps = [name for name in found if name.startswith("regular-")]
    assert (len(dumps), dumps[:7]) == (8, old[2:])
    assert accounted.ask(f"stat -c '%a %U' {DUMPS} {DUMPS}/{dumps[-1]}").split() == ["700", "root", "600", "root"]
    assert "CREATE TABLE `cluster_table`" in accounted.ask(f"zcat {DUMPS}/{dumps[-1]} | grep -A0 cluster_table")


def test_another_version_of_slurm_starts_after_a_dump(accounted: Lab) -> None:
    assert accounted.ask(f"ls {DUMPS} | grep -c upgrade- || true") == "0"
    accounted.ask(f"echo 22.05.0-1 > {DUMPS}/version; systemctl restart slurmdbd; systemctl restart slurmdbd")
    assert accounted.ask(f"ls {DUMPS} | grep -c upgrade- || true") == "1"
    assert accounted.ask(f"cat {DUMPS}/version") == accounted.ask("dpkg-query -W -f '${Version}' slurmdbd")


def test_a_database_of_another_cluster_is_explained_before_slurmctld_is_touched(accounted: Lab) -> None:
    """With both ids, where the release has them, or both names."""
    since = _started(accounted, "slurmctld")
    if accounted.release == "bookworm":
        harm = mend = "setpriv --reuid=slurm sh -c 'printf %s {0} > /var/lib/slurm/slurmctld/clustername'"
        words, (other, own) = "cluster", ("elsewhere", accounted.name)
    else:
        harm = mend = "mariadb -e 'UPDATE slurm_acct_db.cluster_table SET id = {0}'"
        words, own = "id", accounted.ask("mariadb -BNe 'SELECT id FROM slurm_acct_db.cluster_table'")
        other = "4095" if own != "4095" else "4094"
    accounted.ask(harm.format(other))
    try:
        with accounted.variables_of_the_site(slurmctld_config={"MinJobAge": 301}):
            said = accounted.slurm(nodes(accounted))
        assert said.code == 1, said.text
        failure = said.failure(accounted.controller)
        assert re.search(rf"\b{words} {own}\b", failure) or own in failure
        assert re.search(rf"\b{words} {other}\b", failure), failure
    finally:
        accounted.ask(mend.format(own))
    assert _started(accounted, "slurmctld") == since
    assert changed(accounted.slurm(nodes(accounted))) == {}


def test_switching_it_off_harms_no_job_and_keeps_the_records(accounted: Lab) -> None:
    job = submit(accounted, "--wrap='sleep 1000'")
    before = completed(accounted)
    for wanted in (False, True):
        accounted.accounting = wanted
        accounted.write_plan()
        said = accounted.slurm(nodes(accounted))
        assert said.code == 0, said.text
        assert f"{job} RUNNING" in accounted.ask(QUEUE)
    accounted.ask(f"scancel {job}")
    assert are_written(accounted, before)
    assert changed(accounted.slurm(nodes(accounted))) == {}


def test_a_deep_verification_asks_the_database(accounted: Lab) -> None:
    # Jobs of the tests before it may just be ending.
    assert until(lambda: set(accounted.states().values()) == {"idle"}), accounted.ask("squeue; sinfo -R")
    said = accounted.provision("verify", "--deep", "--json")
    assert said.code == 0, said.text
    assert only(said, "failed") == set()
    assert only(said, "not tried") == {"preemption"}
    assert "OUT_OF_MEMORY" in checks(said)["sacct"]["words"]


def test_a_deep_verification_without_the_database_finds_sacct(accounted: Lab) -> None:
    accounted.ask("systemctl stop slurmdbd")
    try:
        said = accounted.provision("verify", "--deep", "--json")
    finally:
        accounted.ask("systemctl start slurmdbd")
    assert said.code == 3, said.text
    assert only(said, "failed") == {"sacct"}
    assert "slurmdbd" in checks(said)["sacct"]["next_step"]


def test_a_deep_verification_of_who_may_not_submit_says_so(accounted: Lab) -> None:
    with accounted.variables_of_the_site(slurmctld_config={"AccountingStorageEnforce": "associations"}):
        assert accounted.slurm(nodes(accounted)).code == 0
        said = accounted.provision("verify", "--deep", "--json")
        accounted.ask("sacctmgr --immediate add account users; sacctmgr --immediate add user nobody account=users")
        allowed = accounted.provision("verify", "--deep", "--json")
    assert accounted.slurm(nodes(accounted)).code == 0
    assert said.code == 3, said.text
    assert only(said, "failed") == {"sbatch"}
    assert "association" in checks(said)["sbatch"]["next_step"]
    assert checks(said)["memory"]["words"] == "nobody may not submit jobs"
    assert allowed.code == 0, allowed.text
