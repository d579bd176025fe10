"""MPI on a cluster that lives: it comes with a word of the plan, works for users on its network, and goes again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from tests.cluster.deep import checks
from tests.cluster.labs import Lab, Said
from tests.cluster.waiting import until

PROGRAMS = ("mpi in C", "mpi4py")
DEFAULT = "scontrol show config | sed -n 's/^MpiDefault *= //p'"
PARAMETERS = "/etc/openmpi/openmpi-mca-params.conf"
LINES = "/root/lines-before-the-test-of-mpi"
# What many machines have: a bridge of containers, with the same address on each of them.
BRIDGE = "ip link add containers type veth peer name containers-in && ip link set containers up && "
BRIDGE += "ip link set containers-in up && ip address add 172.17.0.1/16 dev containers"
NO_BRIDGE = "ip link delete containers"
# A user's program that waits for every other rank, started as in a tutorial.
WORLD = (
    "from mpi4py import MPI; w = MPI.COMM_WORLD; print('RANK', w.allreduce(1), MPI.Get_processor_name(), flush=True)"
)


@contextmanager
def the_plan_says(cluster: Lab, **words: Any) -> Iterator[Said]:
    """The run that brings these words of the plan about; another one takes them back."""
    plan = yaml.safe_load(cluster.plan.read_text())
    blades = words.pop("blades", {})
    plan["blades"] = {name: blade | blades.get(name, {}) for name, blade in plan["blades"].items()}
    if "enclosures" in words:
        del plan["enclosure"]
    before = cluster.plan.read_text()
    cluster.plan.write_text(yaml.safe_dump(plan | words, sort_keys=False))
    try:
        yield cluster.slurm(cluster.compute)
    finally:
        cluster.plan.write_text(before)
        back = cluster.slurm(cluster.compute)
    assert back.code == 0, back.text
    again = cluster.slurm(cluster.compute)
    assert (again.code, again.json["changed"]) == (0, 0), again.text


@pytest.fixture(scope="module")
def mpi(cluster: Lab) -> Iterator[Lab]:
    """The cluster while its plan has MPI; its nodes have a network besides that leads nowhere."""
    with the_plan_says(cluster, mpi=True) as said:
        assert said.code == 0, said.text
        for blade in cluster.compute:
            cluster.inside(blade, BRIDGE)
        try:
            yield cluster
        finally:
            for blade in cluster.compute:
                cluster.inside(blade, NO_BRIDGE)


def verified(lab: Lab) -> dict[str, Any]:
    """The two checks of MPI, which have to be well."""
    said = lab.provision("verify", "--deep", "--mpi", f"--nodes={','.join(lab.compute)}", "--json")
    assert said.code == 0, said.text
    found = {name: checks(said)[name] for name in PROGRAMS}
    assert {one["result"] for one in found.values()} == {"ok"}, found
    return found


def as_user(lab: Lab, command: str) -> str:
    return lab.ask(f"cd /; setpriv --reuid=nobody --regid=nogroup --clear-groups {command}")


def test_it_comes_with_a_word_and_a_second_run_changes_nothing(mpi: Lab) -> None:
    assert mpi.ask(DEFAULT) == "pmix"
    again = mpi.slurm(mpi.compute)
    assert (again.code, again.json["changed"]) == (0, 0), again.text


def test_what_somebody_took_away_comes_back(mpi: Lab) -> None:
    first, last = mpi.compute[0], mpi.compute[-1]
    kept = mpi.inside(first, f"cat {PARAMETERS}")
    mpi.inside(first, f"echo btl_tcp_if_include = 172.17.0.0/16 > {PARAMETERS}")
    mpi.inside(last, "dpkg --purge python3-mpi4py")
    said = mpi.slurm(mpi.compute)
    assert said.code == 0, said.text
    assert mpi.inside(first, f"cat {PARAMETERS}") == kept
    assert mpi.inside(last, "python3 -c 'from mpi4py import MPI; print(MPI.COMM_WORLD.size)'") == "1"


def test_programs_run_over_all_nodes_and_say_where_each_rank_is(mpi: Lab) -> None:
    found = verified(mpi)
    hosts = [blade.lower() for blade in mpi.compute for _ in range(2)]
    for one in found.values():
        assert one["hosts"] == hosts
        assert "it said" not in one["words"], one
        assert {figure["what"] for figure in one["figures"]} >= {"ping-pong"}
        assert all(figure["usec"] > 0 for figure in one["figures"])
    assert {figure["what"] for figure in found["mpi in C"]["figures"]} == {"ping-pong", "barrier", "allreduce"}
    left = (
        "find /tmp /run /scratch -maxdepth 1 -name '*provision-verify*' -o -maxdepth 1 -name 'spmix*' 2>/dev/null; true"
    )
    assert until(lambda: not any(mpi.inside(blade, left) for blade in mpi.compute), 30)


def test_slurmd_has_nothing_to_say_of_it(mpi: Lab) -> None:
    """A verification knocks at doors, which slurmd calls an error; a program alone does not."""
    for blade in mpi.compute:
        mpi.inside(blade, f"wc --lines < /var/log/slurm/slurmd.log > {LINES}")
    count = len(mpi.compute)
    said = as_user(mpi, f'srun --quiet --nodes={count} --ntasks={count} python3 -c "{WORLD}" 2>&1')
    assert sorted(said.splitlines()) == sorted(f"RANK {count} {blade.lower()}" for blade in mpi.compute)
    for blade in mpi.compute:
        log = mpi.inside(blade, f"tail --lines=+$(($(cat {LINES}) + 1)) /var/log/slurm/slurmd.log; rm {LINES}")
        # 24.11 ends the forwarding of X11 as the user while the step that keeps the job is cleared away: what is
        # root's of that step is then not to be removed.
        rest = [line for line in log.splitlines() if ".extern] " not in line]
        assert "error" not in "\n".join(rest), log


def test_mpirun_in_a_job_starts_ranks_on_all_of_its_nodes(mpi: Lab) -> None:
    count = len(mpi.compute)
    script = f'#!/bin/sh\nmpirun python3 -c "{WORLD}"\n'
    mpi.ask(f"cat > /tmp/world.sh << 'EOF'\n{script}EOF\nchmod 755 /tmp/world.sh")
    options = f"--nodes={count} --ntasks-per-node=1 --chdir=/ --output=/tmp/world.%j.out --wait --time=2"
    said = as_user(mpi, f"sbatch --parsable --nodelist={','.join(mpi.compute).lower()} {options} /tmp/world.sh")
    first = sorted(mpi.compute)[0]
    out = mpi.inside(first, f"cat /tmp/world.{said.split()[0]}.out; rm /tmp/world.{said.split()[0]}.out")
    ranks = [line for line in out.splitlines() if line.startswith("RANK")]
    assert sorted(ranks) == sorted(f"RANK {count} {blade.lower()}" for blade in mpi.compute), out
    mpi.ask("rm /tmp/world.sh")


def test_without_the_word_srun_starts_none(mpi: Lab) -> None:
    """A user may still ask for it by name, on nodes that have TmpFS."""
    with the_plan_says(mpi, mpi=False) as said:
        assert said.code == 0, said.text
        # 24.11 writes none as it writes nothing.
        assert mpi.ask(DEFAULT) in ("none", "(null)")
        told = checks(mpi.provision("verify", "--deep", "--mpi", f"--nodes={mpi.compute[0]}", "--json"))
        assert {told[name]["result"] for name in PROGRAMS} == {"not tried"}
        # The first two have scratch.
        nodes = f"--nodes=2 --ntasks=2 --nodelist={','.join(mpi.compute[:2]).lower()}"
        told_by = as_user(mpi, f'srun --mpi=pmix {nodes} python3 -c "{WORLD}"')
        assert told_by.count("RANK 2 ") == 2


def test_slurm_knows_which_blades_are_near_each_other(cluster: Lab) -> None:
    boxes: dict[str, Any] = {"rack-a": {}, "rack-b": {}}
    places = {
        name: {"enclosure": "rack-a" if name == cluster.compute[0] else "rack-b"}
        for name in [cluster.controller, *cluster.compute, cluster.spare]
    }
    with the_plan_says(cluster, enclosures=boxes, blades=places) as said:
        assert said.code == 0, said.text
        shown = cluster.ask("scontrol show topology")
        assert f"SwitchName=rack-a Level=0 LinkSpeed=1 Nodes={cluster.compute[0].lower()}" in shown
        assert "SwitchName=top Level=1" in shown
        again = cluster.slurm(cluster.compute)
        assert (again.code, again.json["changed"]) == (0, 0), again.text
        count = len(cluster.compute)
        assert len(cluster.ask(f"srun --nodes={count} hostname").split()) == count
    assert "rack-a" not in cluster.ask("scontrol show topology 2>&1; true")
