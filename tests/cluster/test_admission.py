"""A blade that was imaged anew takes jobs of users only once a job of ours was proved on it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.cluster.background import running
from tests.cluster.job_tmp import ended, node, state, submit
from tests.cluster.labs import Lab
from tests.cluster.waiting import until

UNPROVED = "Reason=provision: not proved: "
RESERVED = "scontrol --oneliner show reservation | grep -c '^ReservationName=provision-proof-'; true"
# What only a job meets, and no role keeps.
SPOILT = """cat > /usr/local/bin/unmunge <<'END' && chmod +x /usr/local/bin/unmunge
#!/bin/sh
[ -n "$SLURM_JOB_ID" ] || exec /usr/bin/unmunge "$@"
{0}
END"""
MENDED = "rm -f /usr/local/bin/unmunge"


@pytest.fixture
def reimaged(cluster: Lab) -> Iterator[tuple[str, str]]:
    """A member that was imaged anew, and the job of a user that waits for it."""
    blade = cluster.compute[0]
    cluster.lab("reimage", blade)
    cluster.ask(f"scontrol update nodename={blade.lower()} state=down reason=reimaged")
    job = submit(cluster, blade, "sleep 2", "--time=5")
    yield blade, job
    cluster.ask(f"scancel {job}")
    cluster.inside(blade, MENDED)
    assert cluster.slurm(cluster.compute).code == 0
    assert cluster.state(blade, "idle", 60) == "idle", node(cluster, blade)
    assert cluster.ask(RESERVED) == "0"


def test_one_that_fails_gets_no_job_until_it_is_mended(cluster: Lab, reimaged: tuple[str, str]) -> None:
    blade, job = reimaged
    cluster.inside(blade, SPOILT.format("exit 15"))
    for _ in range(2):
        said = cluster.slurm(cluster.compute)
        assert said.code == 3, said.text
        assert "does not accept the controller's" in said.failure(blade), said.text
        assert f"{UNPROVED}it does not accept" in node(cluster, blade)
        assert (state(cluster, job), cluster.ask(RESERVED)) == ("PENDING", "0")
    seen = cluster.provision("status", "--json").json["nodes"]
    assert [each["owner"] for each in seen if each["blade"] == blade] == ["not proved"], seen
    kept = cluster.provision("resume", blade)
    assert UNPROVED in node(cluster, blade), kept.text
    cluster.inside(blade, MENDED)
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text
    assert ended(cluster, job) == "COMPLETED", cluster.ask(f"scontrol show job {job}")
    again = cluster.slurm(cluster.compute)
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_a_run_that_is_killed_while_it_proves_leaves_it_to_nobody(cluster: Lab, reimaged: tuple[str, str]) -> None:
    """Reserved and no longer drained; the next run closes it, proves it and lets it take jobs."""
    blade, job = reimaged
    cluster.inside(blade, SPOILT.format("sleep 5; exit 15"))
    with running(cluster, cluster.command("slurm", f"--nodes={blade}")) as killed:
        killed.reaches(lambda: cluster.ask(RESERVED) == "1" and "DRAIN" not in node(cluster, blade))
        # What proves is on the controller, and would go on.
        cluster.ask("pkill -KILL -f '[s]lurm_verify'; true")
        killed.stop(signal.SIGKILL)
        assert until(lambda: killed.strays() == [], 30)
    assert (state(cluster, job), cluster.ask(RESERVED)) == ("PENDING", "1")
    cluster.inside(blade, MENDED)
    said = cluster.slurm(cluster.compute)
    assert said.code == 0, said.text
    assert cluster.ask(RESERVED) == "0"
    assert ended(cluster, job) == "COMPLETED", cluster.ask(f"scontrol show job {job}")


def test_a_drain_of_an_admin_stays(cluster: Lab, reimaged: tuple[str, str]) -> None:
    blade, job = reimaged
    name = blade.lower()
    cluster.ask(f"scontrol update nodename={name} state=drain reason='fan, says the admin'")
    try:
        said = cluster.slurm(cluster.compute)
        assert said.code == 0, said.text
        assert "Reason=fan, says the admin" in node(cluster, blade)
        assert state(cluster, job) == "PENDING"
    finally:
        cluster.ask(f"scontrol update nodename={name} state=resume")
