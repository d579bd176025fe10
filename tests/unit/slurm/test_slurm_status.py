from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.status import parse_status

# As Slurm 22.05 prints it, shortened.
ANSWER = (
    "Slurmctld(primary) at bld-006 is UP\n"
    "NodeName=bld-008 Arch=x86_64 CoresPerSocket=8 CPUAlloc=4 CPUEfctv=32 CPUTot=32 CPULoad=0.01 "
    "AvailableFeatures=medium,bay8 NodeAddr=10.20.0.108 NodeHostName=bld-008 Version=22.05.8 "
    "RealMemory=31440 AllocMem=128 State=MIXED ThreadsPerCore=2 TmpDisk=0 Weight=1 "
    "Partitions=all,medium BootTime=2026-11-23T04:00:00\n"
    "NodeName=bld-011 Arch=x86_64 CPUAlloc=0 CPUTot=16 Version=22.05.8 RealMemory=7792 "
    "State=IDLE+DRAIN Partitions=all Reason=fan is loud, do not use [root@2026-11-23T04:30:00]\n"
    "NodeName=bld-012 CPUAlloc=0 CPUTot=16 RealMemory=7792 State=DOWN*+NOT_RESPONDING "
    "Reason=Not responding [slurm@2026-11-23T04:31:00]\n"
    "JOB 17 RUNNING alice bld-[008,011] train model\n"
    "JOB 18 PENDING bob  next\n"
)


def test_reads_nodes_jobs_and_the_queue() -> None:
    cluster = parse_status(ANSWER)
    assert cluster.up
    assert cluster.pending == 1
    assert sorted(cluster.nodes) == ["bld-008", "bld-011", "bld-012"]
    busy = cluster.nodes["bld-008"]
    assert (busy.state, busy.cpus, busy.cpus_used, busy.memory_mib) == ("mixed", 32, 4, 31440)
    assert (busy.version, busy.reason, busy.jobs) == ("22.05.8", "", (17,))


def test_a_reason_is_told_without_who_and_when() -> None:
    drained = parse_status(ANSWER).nodes["bld-011"]
    assert (drained.state, drained.reason) == ("idle+drain", "fan is loud, do not use")
    assert drained.jobs == (17,)


def test_a_node_that_never_registered_has_no_version() -> None:
    silent = parse_status(ANSWER).nodes["bld-012"]
    assert (silent.state, silent.reason, silent.version) == ("down*+not_responding", "Not responding", "")


def test_a_reason_cannot_pass_for_a_state() -> None:
    line = "NodeName=bld-008 CPUTot=8 State=IDLE+DRAIN Reason=was State=DOWN CPUTot=1 [root@2026-11-23T04:30:00]"
    node = parse_status(line).nodes["bld-008"]
    assert (node.state, node.cpus, node.reason) == ("idle+drain", 8, "was State=DOWN CPUTot=1")


def test_no_answer_is_down() -> None:
    cluster = parse_status("Slurmctld(primary) at bld-006 is DOWN\n")
    assert (cluster.up, cluster.nodes, cluster.pending) == (False, {}, 0)


@given(st.text())
def test_any_answer_can_be_read(text: str) -> None:
    parse_status(text)
