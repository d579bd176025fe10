"""The accounts file on a cluster that lives: preview, run, second run, export, prune, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.labs import FirstRun, Lab, Said
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
LINE = "slurmctld: takes only jobs of users with an account, and holds them to their limits"
# As an admin does it: what removes them in a run is tested here, too.
FORGET = """
without() { sacctmgr -nP list $1 format=$2 | grep -vx $3 | paste -sd, ; }
forget() { names=$(without $1 $2 $3); [ -z "$names" ] || sacctmgr -i delete $1 where name="$names"; }
forget user user root; forget account account root; forget qos name normal
"""
LEFT = "sacctmgr -nP list account format=account; sacctmgr -nP list qos format=name"


@pytest.fixture(scope="module")
def switched_on(lab: Lab, first_run: FirstRun) -> Said:
    """Accounting comes to a cluster that has the file already."""
    assert first_run.said.code == 0, first_run.said.text
    lab.accounting = True
    lab.write_plan()
    declare(lab, BARE)
    return lab.slurm(lab.compute)


@pytest.fixture(scope="module")
def remembering(lab: Lab, switched_on: Said) -> Iterator[Lab]:
    """A cluster with accounting; files after this one find the lab without it again, in whatever order they come."""
    assert switched_on.code == 0, switched_on.text
    yield lab
    lab.accounts_file.unlink(missing_ok=True)
    lab.accounting = False
    lab.write_plan()
    said = lab.slurm(lab.compute)
    assert said.code == 0, said.text


@pytest.fixture
def cluster(remembering: Lab) -> Lab:
    """The same; with no file and no account, as each test begins."""
    remembering.accounts_file.unlink(missing_ok=True)
    remembering.ask(FORGET)
    assert remembering.ask(LEFT).split() == ["root", "normal"]
    return remembering


def declare(lab: Lab, text: str) -> None:
    lab.accounts_file.write_text(text)


def commands(lab: Lab, *words: str) -> list[str]:
    """What `provision accounts` says that it runs, which has to work."""
    said = lab.provision("accounts", "--json", *words)
    assert said.code == 0, said.text
    found: list[str] = said.json["commands"]
    return found


def test_accounts_that_come_with_accounting_count_at_once(lab: Lab, switched_on: Said) -> None:
    assert switched_on.code == 0, switched_on.text
    changed = switched_on.json["blades"][lab.controller]["changed"]
    assert "sacctmgr --immediate add account name=physics cluster=" + lab.name in changed
    assert LINE in changed
    assert enforced(lab) == "associations,limits,qos,safe"


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
    assert "physics|||science|1||||" in seen
    assert "science|ada|||1||01:30:00||high" in seen
    assert "physics|bob|medium||parent||||" in seen
    assert "high|100|low|01:00:00|cpu=2,mem=4G" in seen
    assert "ada|Operator|physics" in seen


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
    # Slurm looks a user's number up when it hears of them.
    for blade in (cluster.controller, *cluster.compute):
        cluster.inside(blade, "getent passwd bob > /dev/null || useradd --uid 2002 bob")
    declare(cluster, FILE)
    commands(cluster)
    job = cluster.ask(
        "setpriv --reuid=bob --regid=bob --clear-groups"
        " sbatch --parsable -A guests -D / -o /dev/null --wrap 'sleep 600'"
    )
    declare(cluster, BARE)
    said = cluster.provision("accounts", "--prune", "--json")
    assert said.code == 0, said.text
    assert f"user bob stays: job {job} runs or waits there" in said.json["jobs"][0]
    left = cluster.ask("sacctmgr -nP list association format=account,user").split()
    assert {"guests|bob", "physics|ada"} <= set(left)
    assert not {"guests|eve", "science|ada"} & set(left)
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
    nodes = cluster.compute[:1]
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


def key_pair(folder: Path) -> tuple[Path, str]:
    """A new SSH key: its file, and its public half."""
    file = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada@desk", "-f", str(file)], check=True)
    return file, file.with_suffix(".pub").read_text().strip()


def logs_in(lab: Lab, blade: str, user: str, key: Path) -> bool:
    address = yaml.safe_load(lab.plan.read_text())["blades"][blade]["address"]
    options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes"]
    command = ["ssh", "-F", "none", "-i", str(key), *(word for each in options for word in ("-o", each))]
    done = subprocess.run([*command, f"{user}@{address}", "id -un"], capture_output=True, text=True, check=False)
    return done.stdout.strip() == user


def test_users_are_the_same_everywhere_and_log_in_by_their_key(cluster: Lab, tmp_path: Path) -> None:
    key, public = key_pair(tmp_path)
    text = (
        "groups: {astro: {gid: 3001}}\naccounts: {physics: {}}\nusers:\n"
        f"  zoe: {{uid: 2042, groups: [astro], accounts: physics, keys: [{public}]}}\n"
    )
    declare(cluster, text)
    blades = [cluster.controller, *cluster.compute]
    shown = cluster.slurm(cluster.compute, "--check").json["blades"]
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text
    for blade in blades:
        assert said.json["blades"][blade]["changed"] == shown[blade]["changed"]
        assert "user zoe: absent -> uid 2042" in shown[blade]["changed"]
        assert cluster.inside(blade, "id zoe") == "uid=2042(zoe) gid=2042(zoe) groups=2042(zoe),3001(astro)"
        assert cluster.inside(blade, "stat -c '%U %a' /home/zoe /etc/ssh/authorized_keys.d/zoe").split() == [
            "zoe", "700", "root", "644",
        ]  # fmt: skip
        assert logs_in(cluster, blade, "zoe", key)
    again = cluster.slurm(cluster.compute).json
    # The controller also looks at the accounts, and proves the cluster.
    calls = {blade: 3 if blade == cluster.controller else 1 for blade in blades}
    assert (again["changed"], {name: each["modules"] for name, each in again["blades"].items()}) == (0, calls)
    declare(cluster, text.replace("uid: 2042,", "uid: 2042, locked: true,"))
    assert cluster.slurm(cluster.compute).code == 0
    assert not any(logs_in(cluster, blade, "zoe", key) for blade in blades)
    assert cluster.slurm(cluster.compute).json["changed"] == 0


def test_a_number_of_somebody_else_fails_its_blade_only(cluster: Lab) -> None:
    taken, other = cluster.compute[0], cluster.compute[-1]
    cluster.inside(taken, "useradd --uid 2050 squatter")
    declare(cluster, BARE + "  zed: {uid: 2050}\n")
    said = cluster.slurm(cluster.compute)
    cluster.inside(taken, "userdel squatter")
    assert said.code == 3, said.text
    assert "uid 2050 is that of squatter here, and the file gives it to zed" in said.failure(taken)
    assert "zed" not in cluster.inside(taken, "cut -d: -f1 /etc/passwd").split()
    assert cluster.inside(other, "id -u zed") == "2050"
    assert cluster.slurm(cluster.compute).code == 0


def test_a_setting_that_sshd_would_not_follow_locks_nobody_out(cluster: Lab, tmp_path: Path) -> None:
    """Another AuthorizedKeysFile before ours: it counts, ours is taken back, and the run says so."""
    _, public = key_pair(tmp_path)
    blade = cluster.compute[0]
    cluster.inside(
        blade,
        "rm -f /etc/ssh/sshd_config.d/50-provision-users.conf; systemctl reload ssh;"
        " echo 'AuthorizedKeysFile .ssh/authorized_keys' > /etc/ssh/sshd_config.d/10-site.conf",
    )
    declare(cluster, BARE.replace("uid: 2001", f"uid: 2001, keys: [{public}]"))
    said = cluster.slurm(cluster.compute)
    left = cluster.inside(blade, "ls /etc/ssh/sshd_config.d")
    cluster.inside(blade, "rm /etc/ssh/sshd_config.d/10-site.conf; systemctl reload ssh")
    assert said.code == 3, said.text
    assert "another AuthorizedKeysFile" in said.failure(blade)
    assert "50-provision-users.conf" not in left
    assert cluster.slurm(cluster.compute).code == 0


def submit(lab: Lab, user: str) -> str:
    """The id of a job of a user on the first blade, or what sbatch says against it."""
    drop = f"setpriv --reuid={user} --regid={user} --clear-groups"
    words = f"--parsable --nodelist={lab.compute[0].lower()} -D / -o /dev/null --wrap 'sleep 1000'"
    return lab.ask(f"{drop} sbatch {words} 2>&1 || true")


def enforced(lab: Lab) -> str:
    return lab.ask("scontrol show config | sed -n 's/^AccountingStorageEnforce *= //p'")


def test_accounts_count_once_everybody_with_a_job_has_one(cluster: Lab) -> None:
    """A job without an account would never start; it waits with what it has, and the run says whose it is."""
    nodes = cluster.compute[:1]
    assert cluster.slurm(nodes).code == 0
    assert enforced(cluster) == "none"
    stranger = submit(cluster, "games")
    declare(cluster, BARE)
    said = cluster.slurm(nodes)
    assert said.code == 0, said.text
    assert f"would never start: games ({stranger})" in said.text
    assert enforced(cluster) == "none"
    job = submit(cluster, "ada")
    cluster.ask(f"scancel {stranger}")
    assert until(lambda: cluster.ask("squeue -h -u games") == "")

    shown = cluster.slurm(nodes, "--check").json["blades"][cluster.controller]["changed"]
    said = cluster.slurm(nodes)
    assert said.code == 0, said.text
    assert said.json["blades"][cluster.controller]["changed"] == shown
    assert LINE in shown
    assert enforced(cluster) == "associations,limits,qos,safe"
    assert cluster.ask(f"squeue -h -j {job} -o %T") == "RUNNING"
    assert "Invalid account" in submit(cluster, "games")
    assert cluster.slurm(nodes).json["changed"] == 0

    cluster.ask(f"scancel {job}")
    cluster.accounts_file.unlink()
    assert cluster.slurm(nodes).code == 0
    assert enforced(cluster) == "none"
