"""The accounts file on a cluster that lives: preview, run, second run, export, prune, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.labs import Lab
from tests.cluster.waiting import until

FILE = """\
qos:
  low: {}
  high: {priority: 100, preempt: [low], limits: {MaxWall: 60, MaxTRESPerUser: {cpu: 2, mem: 4G}}}
accounts:
  science: {fairshare: 10, qos: [normal, high, low], limits: {GrpTRES: {cpu: 64, mem: 100G}}}
  physics: {parent: science, coordinators: [ada]}
  guests: {limits: {MaxJobs: 1, MaxSubmitJobs: 2}}
users:
  ada: {uid: 2001, accounts: [physics, {account: science, default_qos: high, limits: {MaxWall: 90}}], admin: operator}
  bob: {uid: 2002, accounts: [guests, {account: physics, partition: medium, fairshare: parent}]}
  eve: {uid: 2003, accounts: guests}
"""
BARE = "accounts:\n  physics: {}\nusers:\n  ada: {uid: 2001, accounts: physics}\n"
SEEN = (
    "sacctmgr -nP list association wopl format=account,user,partition,parentname,share,grptres,maxwall,qos,defaultqos;"
    " sacctmgr -nP list qos format=name,priority,preempt,maxwall,maxtrespu;"
    " sacctmgr -nP list user withcoord format=user,admin,defaultaccount"
)


def file_of(lab: Lab) -> Path:
    return lab.plan.parent / "accounts.yml"


@pytest.fixture(autouse=True)
def _no_file_stays(cluster: Lab) -> Iterator[None]:
    """And no account: the next test begins with a Slurm that has nothing."""
    file_of(cluster).unlink(missing_ok=True)
    yield
    file_of(cluster).write_text("{}\n")
    said = cluster.provision("accounts", "--prune=100", "--json")
    file_of(cluster).unlink()
    assert said.code == 0, said.text


def declare(lab: Lab, text: str) -> None:
    file_of(lab).write_text(text)


def commands(lab: Lab, *words: str) -> list[str]:
    """What `provision accounts` says that it runs, which has to work."""
    said = lab.provision("accounts", "--json", *words)
    assert said.code == 0, said.text
    found: list[str] = said.json["commands"]
    return found


def test_the_preview_is_what_a_run_does_and_a_second_has_nothing_to_do(cluster: Lab) -> None:
    declare(cluster, FILE)
    before = cluster.ask(SEEN)
    preview = commands(cluster, "--check")
    assert preview
    assert cluster.ask(SEEN) == before
    assert commands(cluster) == preview
    assert commands(cluster, "--check") == []
    assert commands(cluster) == []
    seen = cluster.ask(SEEN).splitlines()
    assert "physics|||science|1|||||" in seen
    assert "science|ada|||1||01:30:00||high" in seen
    assert "physics|bob|medium||parent||||" in seen
    assert "high|100|low|01:00:00|cpu=2,mem=4G" in seen
    assert "ada|Operator|physics|physics" in [row.rstrip("|") for row in seen] or "ada|Operator|physics" in seen


def test_what_somebody_changed_by_hand_comes_back_and_strangers_stay(cluster: Lab) -> None:
    declare(cluster, FILE)
    commands(cluster)
    kept = cluster.ask(SEEN)
    cluster.ask(
        "sacctmgr -i modify user where name=eve account=guests partition= set fairshare=99 grptres=cpu=1 >/dev/null"
        " && sacctmgr -i modify qos where name=high set maxwall=-1 flags=NoDecay preempt= > /dev/null"
        " && sacctmgr -i modify account where name=physics set parent=root > /dev/null"
        " && sacctmgr -i modify user where name=bob set defaultaccount=physics adminlevel=operator > /dev/null"
        " && sacctmgr -i delete coordinator account=physics names=ada > /dev/null"
    )
    assert len(commands(cluster)) >= 6
    assert cluster.ask(SEEN) == kept
    cluster.ask(
        "sacctmgr -i add account stranger > /dev/null && sacctmgr -i add user mallory account=stranger > /dev/null"
    )
    assert commands(cluster) == []
    assert "stranger|mallory" in cluster.ask(SEEN)


def test_the_export_is_a_file_that_changes_nothing(cluster: Lab) -> None:
    declare(cluster, FILE)
    commands(cluster)
    said = cluster.provision("accounts", "--export")
    assert said.code == 0, said.text
    declare(cluster, said.out)
    assert commands(cluster, "--check") == []
    assert commands(cluster, "--check", "--prune") == []


def test_a_prune_names_whose_jobs_run_and_removes_the_others(cluster: Lab) -> None:
    declare(cluster, FILE)
    commands(cluster)
    cluster.ask("getent passwd bob > /dev/null || useradd --uid 2002 bob")
    blade = cluster.compute[0]
    cluster.inside(blade, "getent passwd bob > /dev/null || useradd --uid 2002 bob")
    job = cluster.ask(
        "setpriv --reuid=bob --regid=bob --clear-groups sbatch --parsable -A guests -D / --wrap 'sleep 600'"
    )
    declare(cluster, BARE)
    said = cluster.provision("accounts", "--prune", "--json")
    assert said.code == 0, said.text
    assert f"user bob stays: job {job} runs or waits there" in said.json["jobs"][0]
    left = cluster.ask("sacctmgr -nP list association format=account,user").split()
    assert {"guests|bob", "physics|ada"} <= set(left)
    assert not {"guests|eve", "science|ada", "science|"} & set(left)
    assert cluster.ask(f"squeue -h -j {job} -o %T") in ("RUNNING", "PENDING", "CONFIGURING")
    cluster.ask(f"scancel {job}")
    assert until(lambda: cluster.ask("squeue -h -u bob") == "")
    assert commands(cluster, "--prune")
    assert cluster.ask("sacctmgr -nP list association format=user").split() == ["root", "ada"]


def test_a_prune_of_many_stops(cluster: Lab) -> None:
    names = ",".join(f"u{number:02}" for number in range(25))
    cluster.ask(
        f"sacctmgr -i add account many > /dev/null && sacctmgr -i add user name={names} account=many > /dev/null"
    )
    declare(cluster, BARE)
    before = cluster.ask(SEEN)
    said = cluster.provision("accounts", "--prune", "--json")
    assert said.code == 1
    assert "26 things would be removed, more than 20" in said.json["troubles"][0]
    assert cluster.ask(SEEN) == before


def test_every_run_brings_the_accounts_about(cluster: Lab) -> None:
    declare(cluster, BARE)
    nodes = cluster.compute
    check = cluster.slurm(nodes, "--check")
    assert any("add account name=physics" in line for line in check.json["blades"][cluster.controller]["changed"])
    said = cluster.slurm(nodes)
    assert said.code == 0, said.text
    assert said.json["blades"][cluster.controller]["changed"] == check.json["blades"][cluster.controller]["changed"]
    assert "physics|ada" in cluster.ask("sacctmgr -nP list association format=account,user").split()
    assert cluster.slurm(nodes).json["changed"] == 0


def test_names_of_others_reach_no_command_and_no_terminal(cluster: Lab) -> None:
    """A coordinator may call accounts what they like."""
    odd = "we|ird\\nx|y\\033[2J$(touch /tmp/pwned)"
    cluster.ask(f"sacctmgr -i add account \"$(printf '{odd}')\" > /dev/null")
    declare(cluster, BARE)
    said = cluster.provision("accounts", "--check")
    assert said.code == 0, said.text
    assert "left alone" in said.text
    assert "\x1b" not in said.text
    refused = cluster.provision("accounts", "--prune", "--json")
    assert refused.code == 1
    assert "cannot be named" in refused.json["troubles"][0]
    cluster.ask(f"sacctmgr -i delete account \"$(printf '{odd}')\" > /dev/null")
    assert cluster.ask("ls /tmp/pwned 2>&1 || true").startswith("ls:")


def test_what_sacctmgr_refuses_is_said_and_the_rest_is_done(cluster: Lab) -> None:
    declare(cluster, BARE + "qos:\n  odd: {limits: {GrpTRES: {gres/nonsense: 1}}}\n")
    said = cluster.provision("accounts", "--json")
    assert said.code == 1
    assert "gres/nonsense" in said.json["troubles"][0]
    assert "physics|ada" in cluster.ask("sacctmgr -nP list association format=account,user").split()


def test_a_database_that_is_away_is_one_sentence(cluster: Lab) -> None:
    declare(cluster, BARE)
    cluster.ask("systemctl stop slurmdbd")
    said = cluster.provision("accounts", "--check", "--json")
    cluster.ask("systemctl start slurmdbd")
    assert said.code == 1
    assert "slurmdbd does not answer sacctmgr" in json.loads(said.out)["troubles"][0]
    assert until(lambda: cluster.provision("accounts", "--check").code == 0)
