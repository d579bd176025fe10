"""The verbs over a played Ansible: what they ask of it, what they print, how they exit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from provisioner.cli.main import app
from provisioner.errors import ExitCode, ProvisionError, UsageError
from provisioner.reimage_windows import open_windows, windows_file
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from tests.unit.slurm.node_makers import record

Played = Callable[..., Any]
runner = CliRunner()
LOST = BladeState(failure=Diagnosis("it does not answer", "see `provision reimaged {blade}` or ssh {host}", "a\nb"))


@pytest.fixture(autouse=True)
def _here(site: Path) -> None:
    """Every verb finds the plan of the test."""


def test_slurm_touches_the_named_blades(played: Played) -> None:
    runs = played()
    done = runner.invoke(app, ["slurm", "--nodes", "bld-011,BLD-008", "--check", "--forks", "4"])
    assert done.exit_code == 0
    (asked,) = runs.asked
    assert (asked.playbook, asked.blades) == ("slurm.yml", ["BLD-008", "BLD-011"])
    options = asked.options
    assert (options.check, options.diff, options.forks) == (True, False, 4)
    assert options.extra == {}, "group_vars beside the plan keep their say"


def test_slurm_without_nodes_means_all_members(played: Played) -> None:
    runs = played()
    runner.invoke(app, ["slurm"])
    assert runs.asked[0].blades == ["BLD-006", "BLD-008", "BLD-011"]


def test_an_accepted_loss_is_handed_on_by_host_name(played: Played) -> None:
    runs = played()
    runner.invoke(app, ["slurm", "--accept-hardware", "BLD-008"])
    assert runs.asked[0].options.extra == {"slurmctld_accept_hardware": ["bld-008"]}


def test_a_new_cluster_is_only_made_on_demand(played: Played) -> None:
    runs = played()
    runner.invoke(app, ["slurm", "--new-cluster"])
    runner.invoke(app, ["slurm", "--new-cluster", "--accept-hardware", "@thin"])
    assert runs.asked[0].options.extra == {"provision_new_cluster": True}
    accepted = {"slurmctld_accept_hardware": ["bld-008", "bld-011"]}
    assert runs.asked[1].options.extra == {"provision_new_cluster": True, **accepted}


def test_all_tasks_run_only_on_demand(played: Played) -> None:
    runs = played()
    runner.invoke(app, ["slurm", "--full"])
    assert runs.asked[0].options.extra == {"provision_full": True}


def test_a_blade_that_leaves_takes_no_part_in_the_run(played: Played) -> None:
    runs = played()
    runner.invoke(app, ["slurm", "--forget", "BLD-008,BLD-099"])
    runner.invoke(app, ["slurm", "--forget", "BLD-008", "--nodes", "BLD-006"])
    assert runs.asked[0].blades == ["BLD-006", "BLD-011"]
    assert runs.asked[0].options.extra == {"slurmctld_forget": ["bld-008", "bld-099"]}
    assert runs.asked[1].blades == ["BLD-006"]


@pytest.mark.parametrize("forget", ["BLD-006", "", "BLD-[8"])
def test_a_slip_in_forget_touches_nothing(played: Played, forget: str) -> None:
    runs = played()
    done = runner.invoke(app, ["slurm", "--forget", forget])
    assert isinstance(done.exception, UsageError)
    assert runs.asked == []


@pytest.mark.parametrize("code", list(ExitCode))
@pytest.mark.parametrize("verb", ["slurm", "verify"])
def test_the_exit_code_is_the_runs(played: Played, verb: str, code: ExitCode) -> None:
    played(code)
    assert runner.invoke(app, [verb]).exit_code == int(code)
    done = runner.invoke(app, [verb, "--json"])
    assert done.exit_code == int(code)
    assert json.loads(done.stdout)["exit_code"] == int(code)


def test_json_names_the_record(played: Played) -> None:
    played()
    assert json.loads(runner.invoke(app, ["slurm", "--json"]).stdout)["record"] == "runs/1.json"


def test_the_summary_says_what_happened_and_what_to_do(played: Played) -> None:
    changed = BladeState(titles=["base | Install [all] packages"], notes=["slurmd counts 8 CPUs"], seconds=1.25)
    played(ExitCode.DEGRADED, BLD_006=BladeState(), BLD_008=changed, BLD_011=LOST)
    out = runner.invoke(app, ["slurm"]).stdout
    assert "base | Install [all] packages" in out
    assert "slurmd counts 8 CPUs" in out
    assert "nothing to do" in out
    assert "time: 3.0 s (Prepare 1.5 s)" in out
    assert "BLD-011: it does not answer" in out
    assert "  next: see `provision reimaged BLD-011` or ssh bld-011" in out
    assert f"{ExitCode.DEGRADED.meaning} (1 change)" in out


def test_diff_shows_old_against_new(played: Played) -> None:
    diff = {"before_header": "/etc/hosts", "after_header": "/etc/hosts", "before": "old\n", "after": "new [x]\n"}
    played(BLD_008=BladeState(lines=["file /etc/hosts: content"], diffs=[diff]))
    out = runner.invoke(app, ["slurm", "--diff"]).stdout
    assert "--- BLD-008:/etc/hosts" in out
    assert "\n-old\n+new [x]\n" in out
    assert "-old" not in runner.invoke(app, ["slurm"]).stdout


def test_verify_only_looks(played: Played) -> None:
    runs = played()
    runner.invoke(app, ["verify", "--nodes", "@thin"])
    assert (runs.asked[0].playbook, runs.asked[0].blades) == ("verify.yml", ["BLD-008", "BLD-011"])


ANSWER: dict[str, Any] = {
    "up": True,
    "nodes": [["bld-008", "mixed", "4/28/0/32", "31440", "22.05.8", "none", "Unknown", "Unknown", ""]],
    "running": [["17", "bld-008"]],
    "pending": 1,
}


def test_status_shows_members_and_who_is_none(played: Played) -> None:
    runs = played(results={"bld-006": {"Ask slurmctld": ANSWER}})
    out = runner.invoke(app, ["status"]).stdout
    assert (runs.asked[0].playbook, runs.asked[0].blades) == ("status.yml", [])
    assert "demo: slurmctld on BLD-006 is up, 1 job pending" in out
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line.startswith("BLD-")}
    assert rows["BLD-008"][3:7] == ["mixed", "4/32", "31440", "MiB"]
    assert rows["BLD-011"][3:] == ["not", "a", "member"]
    assert rows.keys() == {"BLD-008", "BLD-011"}


def test_status_as_json(played: Played) -> None:
    played(results={"bld-006": {"Ask slurmctld": ANSWER}})
    data = json.loads(runner.invoke(app, ["status", "--json"]).stdout)
    assert (data["cluster"], data["up"], data["pending_jobs"]) == ("demo", True, 1)
    assert [(node["blade"], node["member"]) for node in data["nodes"]] == [("BLD-008", True), ("BLD-011", False)]
    assert data["nodes"][0]["jobs"] == [17]


DOWN = {"bld-006": {"Ask slurmctld": {"up": False, "nodes": [], "running": [], "pending": 0}}}


def test_status_says_that_slurmctld_is_down_and_what_to_do(played: Played) -> None:
    """A table of members that are all gone would say something else."""
    played(results=DOWN)
    done = runner.invoke(app, ["status"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert isinstance(done.exception, ProvisionError)
    assert str(done.exception) == "slurmctld on BLD-006 is down"
    assert "`provision slurm --nodes BLD-006`" in done.exception.next_step


def test_a_script_hears_that_slurmctld_is_down(played: Played) -> None:
    played(results=DOWN)
    done = runner.invoke(app, ["status", "--json"])
    assert done.exit_code == 1
    data = json.loads(done.stdout)
    assert data["up"] is False
    assert [node["member"] for node in data["nodes"]] == [False, False]


def test_status_says_which_members_lack_fixes(played: Played) -> None:
    old = {"format": 1, "cluster": "demo", "nodes": {"bld-008": record(packages={"slurmd": "22.05.8-4"})}}
    packages = f"12\ninstalled munge 0.5.15-2\n{json.dumps(old)}\n"
    answers = {"Ask slurmctld": ANSWER, "Ask which packages the members have": {"stdout": packages}}
    played(results={"bld-006": answers})
    out = " ".join(runner.invoke(app, ["status"]).stdout.split())
    assert "BLD-006: munge 0.5.15-2: older than 0.5.15-2+deb12u1, which fixes CVE-2026-25506" in out
    assert "BLD-008: slurmd 22.05.8-4: older than 22.05.8-4+deb12u3" in out
    assert "next: provision slurm --upgrade" in out
    assert "Debian 12's Slurm 22.05 lacks" in out
    data = json.loads(runner.invoke(app, ["status", "--json"]).stdout)["security"]
    assert set(data["outdated"]) == {"bld-006", "bld-008"}


IDLE = ["idle", "0/8/0/8", "7792", "22.05.8", "none", "Unknown", "Unknown", ""]
STRANGERS = [[name, *IDLE] for name in ("bld-016", "bld-099")]
STRANGE = {**ANSWER, "nodes": [*ANSWER["nodes"], *STRANGERS]}


def test_status_names_nodes_that_the_plan_gives_no_role(played: Played) -> None:
    """One is off in the plan, the other is not in it at all; the controller and members are none."""
    played(results={"bld-006": {"Ask slurmctld": STRANGE}})
    out = runner.invoke(app, ["status"]).stdout
    assert "without a Slurm role in the plan: bld-016, bld-099\n" in out
    data = json.loads(runner.invoke(app, ["status", "--json"]).stdout)
    assert [node["blade"] for node in data["nodes"]] == ["BLD-008", "BLD-011", "bld-016", "bld-099"]
    assert all(node["member"] for node in data["nodes"][2:])


def test_status_names_no_stranger_without_need(played: Played) -> None:
    played(results={"bld-006": {"Ask slurmctld": ANSWER}})
    assert "without a Slurm role" not in runner.invoke(app, ["status"]).stdout


def test_status_of_a_dead_controller_says_why(played: Played) -> None:
    played(ExitCode.FAILED, BLD_006=LOST)
    done = runner.invoke(app, ["status"])
    assert done.exit_code == 1
    assert "BLD-006: it does not answer" in done.stdout


def test_inventory_speaks_ansibles_protocol() -> None:
    listed = json.loads(runner.invoke(app, ["inventory", "--list"]).stdout)
    assert listed["slurm_compute"]["hosts"] == ["bld-008", "bld-011"]
    one = json.loads(runner.invoke(app, ["inventory", "--host", "bld-008"]).stdout)
    assert one == listed["_meta"]["hostvars"]["bld-008"]


def test_inventory_as_a_tree_explains_the_groups() -> None:
    out = runner.invoke(app, ["inventory", "--graph"]).stdout
    assert "slurm_compute  # the blades that have the role slurmd\n  bld-008\n  bld-011\n" in out
    assert "tier_off\n  bld-016\n" in out


def test_inventory_uses_the_sites_known_hosts(site: Path) -> None:
    shared = json.loads(runner.invoke(app, ["inventory", "--list"]).stdout)["all"]["vars"]
    assert str(site / "state" / "provision" / "demo" / "known_hosts") in shared["ansible_ssh_common_args"]


def test_reimaged_forgets_the_old_host_key_of_the_named_blade_only(site: Path) -> None:
    file = site / "state" / "provision" / "demo" / "known_hosts"
    file.parent.mkdir(parents=True)
    file.write_text("10.20.0.108 ssh-ed25519 AAAA\n10.20.0.111 ssh-ed25519 BBBB\n")
    assert runner.invoke(app, ["reimaged", "bld-008"]).exit_code == 0
    assert file.read_text() == "10.20.0.111 ssh-ed25519 BBBB\n"


def test_reimaged_ahead_forgets_nothing_yet(site: Path) -> None:
    file = site / "state" / "provision" / "demo" / "known_hosts"
    file.parent.mkdir(parents=True)
    file.write_text("10.20.0.108 ssh-ed25519 AAAA\n")
    said = runner.invoke(app, ["reimaged", "bld-008", "--within", "2h", "--json"])
    assert said.exit_code == 0
    assert json.loads(said.stdout)["blades"] == ["BLD-008"]
    assert file.read_text() == "10.20.0.108 ssh-ed25519 AAAA\n"
    assert open_windows(windows_file(file.parent)).keys() == {"BLD-008"}
    assert runner.invoke(app, ["reimaged", "bld-008"]).exit_code == 0
    assert open_windows(windows_file(file.parent)) == {}


@pytest.mark.parametrize("words", [["--within", "0s"], ["--within", "soon"]])
def test_reimaged_within_no_time_is_refused(words: list[str]) -> None:
    assert isinstance(runner.invoke(app, ["reimaged", "BLD-008", *words]).exception, UsageError)


def test_reimaged_before_the_first_run_is_fine() -> None:
    assert runner.invoke(app, ["reimaged", "BLD-008"]).exit_code == 0


def test_disks_fills_names_into_any_next_step(played: Played) -> None:
    """A next step may hold braces of its own, as Jinja and shells use them."""
    odd = BladeState(failure=Diagnosis("odd", "run `awk '{print $1}'` on {blade}"))
    played(ExitCode.FAILED, BLD_008=odd)
    done = runner.invoke(app, ["disks", "--nodes", "BLD-008"])
    assert done.exit_code == 1
    assert "next: run `awk '{print $1}'` on BLD-008" in done.stderr
