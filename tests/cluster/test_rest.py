"""Slurm's REST interface: switched on for a cluster that lives, for who shows a token that counts, and nobody else."""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.cluster.accounting import QUEUE, changed
from tests.cluster.accounting import submit as submitted
from tests.cluster.background import background
from tests.cluster.labs import Lab, Said
from tests.cluster.rest import PORT, USER, ask, say, shows, state_of, status, submit, token_of
from tests.cluster.size import RELEASES
from tests.cluster.tampering import cases_of
from tests.cluster.test_secrets import files, found
from tests.cluster.waiting import until

KEY = "/etc/slurm/jwt/hs256.key"
JOBS = "/slurm/VERSION/jobs/"
ROLES = ("jwt", "slurmrestd")
HARMS = ("edited", "removed", "mode", "owner", "stopped", "disabled", "masked by us", "package")
TAKE = "nohup python3 -m http.server --bind 0.0.0.0 6820 > /dev/null 2>&1 & echo $! > /run/taken.pid"


@dataclass(frozen=True)
class SwitchedOn:
    """The run that switched it on: what it and `--check` said, and the queue around it."""

    shown: Said
    said: Said
    before: str
    after: str


def run(lab: Lab, *words: str) -> Said:
    return lab.slurm([lab.spare], *words)


@pytest.fixture(scope="module", params=RELEASES)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cluster of its own: a controller, and one node that has the database, too."""
    made = Lab("test-rest", 41, 0, request.param, tmp_path_factory.mktemp("plan"), accounting={"host": "BLD-002"})
    try:
        made.up()
        said = run(made)
        assert said.code == 0, said.text
        yield made
    finally:
        made.lab("down")


@pytest.fixture(scope="module")
def switched_on(lab: Lab) -> SwitchedOn:
    """The interface, switched on below a job that runs and one that waits."""
    held = [submitted(lab, "--exclusive --wrap='sleep 1000'") for _ in range(2)]
    assert until(lambda: " RUNNING" in lab.ask(QUEUE)), lab.ask(QUEUE)
    before = lab.ask(QUEUE)
    say(lab, rest=True)
    found = SwitchedOn(run(lab, "--check"), run(lab), before, lab.ask(QUEUE))
    lab.ask(f"scancel {' '.join(held)}")
    return found


@pytest.fixture(scope="module")
def served(lab: Lab, switched_on: SwitchedOn) -> Lab:
    """A cluster with the interface."""
    assert switched_on.said.code == 0, switched_on.said.text
    return lab


@pytest.fixture
def shown(served: Lab) -> dict[str, str]:
    """The headers of somebody who made a token on the node."""
    return shows(token_of(served, served.spare))


def database_hears(lab: Lab, headers: dict[str, str]) -> bool:
    """Whether slurmdbd itself takes a token, without munge."""
    token = headers["X-SLURM-USER-TOKEN"]
    asked = f"runuser -u {USER} -- env SLURM_JWT={token} sacctmgr --noheader --parsable2 show cluster format=cluster"
    return lab.tried(lab.spare, asked).out.strip() == lab.name


def test_switching_it_on_harms_no_job_and_is_what_check_shows(switched_on: SwitchedOn) -> None:
    assert changed(switched_on.said) == changed(switched_on.shown)
    assert switched_on.after == switched_on.before


def test_a_second_run_changes_nothing_and_nothing_is_overlooked(served: Lab) -> None:
    assert changed(run(served)) == {}
    assert changed(run(served, "--full")) == {}


def test_a_job_is_submitted_watched_and_cancelled(served: Lab, shown: dict[str, str]) -> None:
    said = submit(served, shown, "sleep 1000")
    assert said.status == 200, said.text
    job = said.json["job_id"]
    assert served.ask(f"squeue --noheader --job={job} --format=%u") == USER
    assert until(lambda: state_of(served, shown, job) == "RUNNING"), state_of(served, shown, job)
    assert ask(served, "DELETE", f"/slurm/VERSION/job/{job}", shown).status == 200
    assert until(lambda: state_of(served, shown, job) == "CANCELLED"), state_of(served, shown, job)


def test_the_database_is_asked_too(served: Lab, shown: dict[str, str]) -> None:
    said = ask(served, "GET", "/slurmdb/VERSION/clusters/", shown)
    assert said.status == 200, said.text
    assert [each["name"] for each in said.json["clusters"]] == [served.name]


@pytest.mark.parametrize("headers", [{}, {"X-SLURM-USER-NAME": "root"}, {"X-SLURM-USER-TOKEN": ""}])
def test_without_a_token_nobody_is_heard(served: Lab, headers: dict[str, str]) -> None:
    assert status(served, JOBS, headers) == 401
    assert submit(served, headers, "true").status == 401


def test_a_token_that_is_over_is_none(served: Lab) -> None:
    headers = shows(token_of(served, served.spare, seconds=1))
    assert until(lambda: status(served, JOBS, headers) == 401, 30)
    assert submit(served, headers, "true").status == 401
    assert status(served, JOBS, {"Authorization": f"Bearer {headers['X-SLURM-USER-TOKEN']}"}) == 401
    assert "scontrol token" in ask(served, "GET", JOBS, headers).text


def test_a_token_of_somebody_else_or_of_another_key_opens_nothing(served: Lab, shown: dict[str, str]) -> None:
    head, body, signature = shown["X-SLURM-USER-TOKEN"].split(".")
    forged = base64.urlsafe_b64encode(b'{"exp":9999999999,"iat":1,"sun":"root"}').rstrip(b"=").decode()
    for token, user in (
        (shown["X-SLURM-USER-TOKEN"], "root"),
        (f"{head}.{forged}.{signature}", "root"),
        (f"{head}.{body}.{signature[::-1]}", USER),
    ):
        said = ask(served, "GET", JOBS, shows(token, user))
        assert said.status >= 400, said.text
        assert submit(served, shows(token, user), "true").status >= 400
    assert served.ask("squeue --noheader --format=%u | grep -c root || true") == "0"


def test_it_has_an_account_of_its_own_and_no_door_but_one(served: Lab) -> None:
    accounts = set(served.ask("ps -o uid= -p $(pidof slurmrestd | tr ' ' ,)").split())
    assert accounts
    assert accounts.isdisjoint({"0", "64030", "65534"})
    assert served.ask("ss -Hltn | grep -o '[^ ]*:6820 '") == f"127.0.0.1:{PORT}"
    assert served.ask("ss -Hltnp | grep -c slurmrestd || true") == "0"
    blade = served.tried(served.spare, f"timeout 5 bash -c 'exec 3<> /dev/tcp/10.62.{served.subnet}.101/{PORT}'")
    assert blade.code != 0


def test_the_key_is_in_no_output_record_or_journal(served: Lab) -> None:
    assert served.ask(f"stat --format='%a %U %G' {KEY} $(dirname {KEY})").splitlines() == [
        "640 root slurm",
        "750 root slurm",
    ]
    key = base64.b64decode(served.ask(f"base64 {KEY}"))
    assert len(key) == 32
    forms = [key[8:24], key.hex()[8:40].encode(), *(base64.b64encode(key[shift:])[4:28] for shift in range(3))]
    served.ask(f"chmod 644 {KEY}")
    said = served.provision("slurm", f"--nodes={served.spare}", "-vvv", "--diff")
    assert said.code == 0, said.text
    assert KEY in said.text
    texts = {"output": said.text, "journal": served.ask("journalctl --no-pager --all")}
    assert found(forms, ((name, text.encode()) for name, text in texts.items())) == []
    assert found(forms, files(served.state_folder / "runs")) == []


def test_another_key_ends_all_tokens_at_once(served: Lab, shown: dict[str, str]) -> None:
    served.ask(f"rm {KEY}")
    said = run(served)
    assert f"secret {KEY}: absent -> made" in changed(said)[served.controller]
    assert status(served, JOBS, shown) >= 400
    fresh = shows(token_of(served, served.spare))
    assert status(served, JOBS, fresh) == 200
    assert status(served, "/slurmdb/VERSION/clusters/", fresh) == 200
    assert changed(run(served)) == {}


def test_other_keys_come_by_verb_and_reach_the_database_too(served: Lab, shown: dict[str, str]) -> None:
    key = served.ask(f"sha256sum < {KEY}")
    checked = served.provision("rotate", "jwt", "--check", "--json")
    assert (checked.code, checked.json["restarts"]) == (0, ["slurmctld", "slurmdbd"])
    assert (served.ask(f"sha256sum < {KEY}"), status(served, JOBS, shown)) == (key, 200)
    said = served.provision("rotate", "jwt")
    assert said.code == 0, said.text
    assert "all tokens of before are void" in said.text
    assert served.inside(served.spare, f"sha256sum < {KEY}") == served.ask(f"sha256sum < {KEY}") != key
    assert status(served, JOBS, shown) >= 400
    assert not database_hears(served, shown)
    munge = served.provision("rotate", "munge", "--json")
    assert munge.code == 0, munge.text
    assert served.provision("rotate", "munge", "--finish").code == 0
    fresh = shows(token_of(served, served.spare))
    assert status(served, JOBS, fresh) == 200
    assert status(served, "/slurmdb/VERSION/clusters/", fresh) == 200
    assert database_hears(served, fresh)
    assert served.provision("rotate", "database", "--json").json["password"] is False
    assert changed(run(served)) == {}


def test_tokens_count_as_long_as_the_blade_of_the_database_is_away(served: Lab, shown: dict[str, str]) -> None:
    key = served.ask(f"sha256sum < {KEY}")
    served.lab("off", served.spare)
    try:
        said = served.provision("rotate", "jwt", "--json")
    finally:
        served.lab("on", served.spare)
    assert said.code == 1, said.text
    refused = str(said.json["run"]["blades"][served.controller]["failure"])
    assert f"nothing was touched: {served.spare} did not answer" in refused
    assert served.ask(f"sha256sum < {KEY}") == key
    assert run(served).code == 0
    assert status(served, JOBS, shown) == 200
    assert until(lambda: database_hears(served, shown), 60)


def test_a_rotation_of_tokens_that_is_killed_is_ended_by_the_next_run(served: Lab, shown: dict[str, str]) -> None:
    key = served.ask(f"sha256sum < {KEY}")
    with background(served, "rotate", "jwt") as rotation:
        rotation.reaches(lambda: served.ask(f"sha256sum < {KEY}") != key)
        rotation.stop(signal.SIGKILL)
    assert run(served).code == 0
    assert changed(run(served)) == {}
    assert served.inside(served.spare, f"sha256sum < {KEY}") == served.ask(f"sha256sum < {KEY}")
    fresh = shows(token_of(served, served.spare))
    assert (status(served, JOBS, shown) >= 400, database_hears(served, shown)) == (True, False)
    assert (status(served, JOBS, fresh), database_hears(served, fresh)) == (200, True)


@pytest.mark.parametrize("harm", HARMS)
def test_a_harm_is_shown_mended_and_gone(served: Lab, harm: str) -> None:
    harmed = [case for case in cases_of(served, served.controller) if case.harm == harm and case.role in ROLES]
    assert harmed
    for case in harmed:
        served.ask(f"{case.script}; true")
    there = changed(run(served, "--check"))
    lines = there.get(served.controller, [])
    assert [case.name for case in harmed if not any(f" {case.name}: " in f" {line}" for line in lines)] == [], there
    assert changed(run(served)) == there
    assert changed(run(served)) == {}


def test_a_port_that_is_taken_is_named_and_the_cluster_goes_on(served: Lab, shown: dict[str, str]) -> None:
    served.ask("systemctl stop slurmrestd-proxy")
    served.ask(TAKE)
    try:
        assert until(lambda: served.tried(served.controller, f"ss -Hltn | grep :{PORT}").code == 0)
        for words in ((), ("--check",)):
            said = run(served, *words)
            assert said.code == 3, said.text
            assert f"port {PORT} is taken by python3 (process " in said.text
            assert said.json["blades"][served.spare]["failure"] is None
    finally:
        served.ask("kill $(cat /run/taken.pid)")
    assert until(lambda: served.tried(served.controller, f"ss -Hltn | grep :{PORT}").code != 0)
    assert run(served).code == 0
    assert status(served, JOBS, shown) == 200


def test_the_plan_may_open_it_to_the_network(served: Lab, shown: dict[str, str]) -> None:
    say(served, rest={"listen": "network", "port": 8080})
    try:
        assert run(served).code == 0
        for headers, expected in ((shown, 200), ({}, 401)):
            said = ask(served, "GET", JOBS, headers, None, served.spare, f"10.62.{served.subnet}.101", 8080)
            assert said.status == expected, said.text
        assert changed(run(served)) == {}
    finally:
        say(served, rest=True)
    assert run(served).code == 0


def test_it_goes_with_the_database_and_comes_back_with_it(served: Lab, shown: dict[str, str]) -> None:
    """slurmrestd would not start with what asks a database that slurm.conf does not name."""
    for accounting in (False, {"host": served.spare}):
        say(served, accounting=accounting)
        assert run(served).code == 0
        assert until(lambda: status(served, JOBS, shown) == 200)
        assert status(served, "/slurmdb/VERSION/clusters/", shown) == (200 if accounting else 404)


def test_without_it_in_the_plan_no_token_counts(served: Lab, shown: dict[str, str]) -> None:
    say(served, rest=None)
    said = run(served)
    assert said.code == 0, said.text
    (note,) = [each for each in said.json["blades"][served.controller]["notes"] if "slurmrestd" in each]
    assert served.tried(served.spare, "scontrol token").code != 0
    assert status(served, JOBS, shown) >= 400
    served.ask(note.split("`")[1])
    assert served.ask(f"ss -Hltn sport = :{PORT}") == ""
    said = run(served)
    assert changed(said) == {}
    assert said.json["blades"][served.controller]["notes"] == []
