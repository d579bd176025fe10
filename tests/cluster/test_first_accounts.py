"""The first run of all, where the site has accounts, a partition that names them, and enforcement of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.labs import Lab, Said
from tests.cluster.size import RELEASES
from tests.cluster.waiting import until

PARTITIONS: dict[str, Any] = {
    "all-day": {"default": True, "allow_qos": ["normal"]},
    "few": {"qos": "few", "allow_accounts": ["physics"]},
}
ACCOUNTS = """\
qos: {few: {limits: {MaxJobsPerUser: 1}}}
accounts: {physics: {qos: [normal, few]}, bio: {}}
users: {ada: {uid: 2001, accounts: physics}, bob: {uid: 2002, accounts: bio}}
"""
# As the site says it: Slurm starts with no QOS that a partition names and its database has not.
ENFORCED = {"AccountingStorageEnforce": "associations,limits,qos"}


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A controller and one compute blade, virgin."""
    made = Lab("test-first-accounts", 21, 0, request.param, tmp_path_factory.mktemp("plan"), accounting=True)
    plan = yaml.safe_load(made.plan.read_text())
    made.plan.write_text(yaml.safe_dump({**plan, "partitions": PARTITIONS}, sort_keys=False))
    (made.folder / "accounts.yml").write_text(ACCOUNTS)
    try:
        made.up()
        with made.variables_of_the_site(slurmctld_config=ENFORCED):
            yield made
    finally:
        made.lab("down")


@pytest.fixture(scope="module")
def first(lab: Lab) -> Said:
    return lab.slurm([lab.spare])


def submit(lab: Lab, user: str, words: str) -> str:
    drop = f"setpriv --reuid={user} --regid={user} --clear-groups"
    return lab.ask(f"{drop} sbatch --parsable -D / -o /dev/null {words} --wrap 'sleep 1000' 2>&1 || true")


def test_it_ends_in_a_cluster_whose_partitions_count(lab: Lab, first: Said) -> None:
    assert first.code == 0, first.text
    blade = first.json["blades"][lab.controller]
    assert len(blade["changed"]) == len(set(blade["changed"]))
    assert "Invalid qos" in submit(lab, "ada", "--partition=all-day --qos=few")
    assert "Invalid account" in submit(lab, "bob", "--partition=few")
    jobs = [submit(lab, "ada", "--partition=few --mem=10") for _ in range(2)]
    try:
        told = f"squeue --noheader --states=all --jobs={','.join(jobs)} --format='%T %r'"
        assert until(lambda: "QOSMaxJobsPerUserLimit" in lab.ask(told)), lab.ask(told)
    finally:
        lab.ask(f"scancel {' '.join(jobs)}")


def test_a_second_run_changes_nothing(lab: Lab, first: Said) -> None:
    again = lab.slurm([lab.spare])
    assert (again.code, again.json["changed"]) == (0, 0), again.text
