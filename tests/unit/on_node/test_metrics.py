"""Figures from what Slurm's commands print, under the names and labels of slurm_exporter."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.on_node.metrics.helps import HELPS
from provisioner.on_node.metrics.jobs import job_samples
from provisioner.on_node.metrics.nodes import gres_of, moment_of, node_samples
from provisioner.on_node.metrics.others import license_samples, reservation_samples, share_samples
from provisioner.on_node.metrics.samples import Samples, number
from provisioner.on_node.metrics.scheduler import scheduler_samples

# A line of the text format, as Prometheus takes it.
LINE = re.compile(r'(# (HELP|TYPE) slurm_\w+ .*|slurm_\w+(\{(\w+="([^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.]+(e[+-]\d+)?)')
NODES = """\
bld-002|all*|idle|0/16/0/16|0|31616|(null)|(null)|Unknown|none
bld-002|medium|idle|0/16/0/16|0|31616|(null)|(null)|Unknown|none
bld-003|all*|mixed|4/12/0/16|8192|31616|gpu:a100:2(S:0-1)|gpu:a100:1(IDX:0)|Unknown|none
bld-004|all*|drained*|0/0/16/16|0|31616|gpu:2|gpu:0|2026-04-01T10:00:00|fan "loud" | bay 4
bld-005|all*|down*|0/0/16/16|0|31616|(null)|(null)|2026-04-01T10:00:00|Not responding
"""
JOBS = """\
RUNNING|all|ada|physics|4|cpu=4,mem=8G,node=1,billing=4,gres/gpu=2,gres/gpu:a100=2|None
PENDING|all,medium|bob|(null)|16|cpu=16,mem=1G,node=1,billing=16|Resources
PENDING|medium*|ada|physics|2|cpu=2|Priority
FAILED|all|bob|bio|1|cpu=1|NonZeroExitCode
NODE_FAIL|all|bob|bio|1|cpu=1|None
RESV_DEL_HOLD|all|bob|bio|1|cpu=1|None
"""
SDIAG = """\
*******************************************************
sdiag output at Thu Nov 26 11:06:35 2026 (1795691195)
*******************************************************
Server thread count:  3
Agent queue size:     7
Agent count:          0
DBD Agent queue size: 5

Jobs submitted: 11
Jobs failed:    1

Main schedule statistics (microseconds):
	Last cycle:   70
	Max cycle:    150
	Mean cycle:   10
	Cycles per minute: 4
	Last queue length: 0

Backfilling stats
	Total backfilled jobs (since last slurm start): 3
	Last cycle when: Thu Nov 26 11:06:35 2026 (1795691195)
	Last cycle: 900
	Depth Mean: 12

Remote Procedure Call statistics by message type
	REQUEST_PARTITION_INFO                  ( 2009) count:13     ave_time:450    total_time:5861

Remote Procedure Call statistics by user
	root            (       0) count:134    ave_time:3857   total_time:516877
	Last cycle: 1

Pending RPC statistics
	No pending RPCs
"""


def fields(text: str, count: int) -> list[list[str]]:
    return [line.split("|", count - 1) for line in text.splitlines()]


def figures(samples: Samples) -> dict[str, float]:
    """`name{label="value"}` -> figure, of the text that Prometheus gets."""
    lines = samples.text(HELPS).removesuffix("\n").split("\n")
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def of_nodes(text: str = NODES) -> dict[str, float]:
    samples = Samples()
    node_samples(fields(text, 10), samples)
    return figures(samples)


def test_each_node_in_each_partition() -> None:
    found = of_nodes()
    its = '{node="bld-003",partition="all",status="mixed"}'
    assert [found[f"slurm_node_cpu_{kind}{its}"] for kind in ("alloc", "idle", "other", "total")] == [4, 12, 0, 16]
    assert (found[f"slurm_node_mem_alloc{its}"], found[f"slurm_node_mem_total{its}"]) == (8192, 31616)
    assert found['slurm_node_status{node="bld-002",partition="medium",status="idle"}'] == 1
    gres = '{gres_type="gpu:a100",node="bld-003",partition="all",status="mixed"}'
    assert (found[f"slurm_node_gres_total{gres}"], found[f"slurm_node_gres_used{gres}"]) == (2, 1)


def test_the_cluster_has_each_node_once() -> None:
    found = of_nodes()
    assert found["slurm_nodes_total"] == 4
    assert [found[f"slurm_cpus_{kind}"] for kind in ("alloc", "idle", "other", "total")] == [4, 28, 32, 64]
    assert [found[f"slurm_gpus_{kind}"] for kind in ("alloc", "idle", "other", "total")] == [1, 1, 2, 4]
    assert found["slurm_gpus_utilization"] == 0.25


def test_partitions() -> None:
    found = of_nodes()
    assert found['slurm_partition_cpus_total{partition="all"}'] == 64
    assert found['slurm_partition_cpus_total{partition="medium"}'] == 16
    assert found['slurm_partition_gpus_allocated{partition="all"}'] == 1
    kinds = {name.split("{")[0] for name in found if name.startswith("slurm_nodes_") and "all" in name}
    assert kinds == {"slurm_nodes_idle", "slurm_nodes_mix", "slurm_nodes_drain", "slurm_nodes_down"}


@pytest.mark.parametrize(
    ("state", "kind"),
    [("allocated", "alloc"), ("completing", "comp"), ("draining", "drain"), ("drained*", "drain"), ("failing", "fail"),
     ("inval", "inval"), ("maint", "maint"), ("mixed-", "mix"), ("reserved", "resv"), ("planned", "planned"),
     ("powered_down", "other"), ("unknown", "other"), ("down~", "down"), ("reboot^", "other")],
)  # fmt: skip
def test_states_of_nodes(state: str, kind: str) -> None:
    assert f'slurm_nodes_{kind}{{partition="all"}}' in of_nodes(f"n|all|{state}|0/1/0/1|0|1|||Unknown|none\n")


def test_why_and_since_when_a_node_takes_no_jobs() -> None:
    found = of_nodes()
    assert found['slurm_node_drain_reason_info{node="bld-004",reason="fan \\"loud\\" | bay 4"}'] == 1
    assert found['slurm_node_drain_reason_info{node="bld-005",reason="Not responding"}'] == 1
    since = found['slurm_node_drain_since_timestamp_seconds{node="bld-004"}']
    assert since == moment_of("2026-04-01T10:00:00") > 1_700_000_000
    assert len([name for name in found if "reason_info" in name]) == 2


@pytest.mark.parametrize("words", ["Unknown", "", "(null)", "2026-13-01T10:00:00", "yesterday"])
def test_what_is_no_time_has_no_moment(words: str) -> None:
    assert moment_of(words) == 0


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("(null)", {}),
        ("", {}),
        ("gpu:2", {"gpu": 2}),
        ("gpu:a100:4(S:0-1)", {"gpu:a100": 4}),
        ("gpu:(null):2(IDX:0-1)", {"gpu": 2}),
        ("gpu:a100:2(IDX:0,1),gpu:v100:1(IDX:2),shard:8", {"gpu:a100": 2, "gpu:v100": 1, "shard": 8}),
        ("gpu:no_figure,:4,craynetwork:x", {}),
    ],
)
def test_resources_of_a_node(words: str, found: dict[str, float]) -> None:
    assert gres_of(words) == found


def of_jobs(text: str = JOBS) -> dict[str, float]:
    samples = Samples()
    job_samples(fields(text, 7), samples, ["all", "medium", "empty"])
    return figures(samples)


def test_jobs_of_the_cluster() -> None:
    found = of_jobs()
    assert found["slurm_jobs_pending"] == 2
    assert [found[f"slurm_jobs_{state}"] for state in ("running", "failed", "node_fail", "timeout")] == [1, 1, 1, 0]
    assert (found["slurm_jobs_cores_running"], found["slurm_jobs_cores_pending"]) == (4, 18)


def test_a_job_that_waits_in_two_partitions_counts_in_each() -> None:
    found = of_jobs()
    assert found['slurm_queue_pending{partition="all",reason="Resources",user="bob"}'] == 1
    assert found['slurm_cores_pending{partition="medium",reason="Resources",user="bob"}'] == 16
    assert found['slurm_partition_jobs_pending{partition="medium"}'] == 2
    assert found['slurm_partition_jobs_running{partition="all"}'] == 1
    assert found['slurm_partition_jobs_running{partition="empty"}'] == 0


def test_jobs_of_accounts_and_users() -> None:
    found = of_jobs()
    for who in ('account="physics"', 'user="ada"'):
        whose = who.split("=")[0]
        assert found[f"slurm_{whose}_cpus_running{{{who}}}"] == 4
        assert found[f"slurm_{whose}_gpus_running{{{who}}}"] == 2
        assert found[f"slurm_{whose}_jobs_pending{{{who}}}"] == 1
    assert found['slurm_account_jobs_pending{account=""}'] == 1


def test_a_cluster_without_jobs_has_figures() -> None:
    found = of_jobs("")
    assert found["slurm_jobs_running"] == found["slurm_jobs_cores_pending"] == 0


def test_the_scheduler() -> None:
    samples = Samples()
    scheduler_samples(SDIAG.splitlines(), samples)
    found = {name.removeprefix("slurm_scheduler_"): value for name, value in figures(samples).items()}
    wanted = {
        "threads": 3, "queue_size": 7, "dbd_queue_size": 5, "jobs_submitted": 11, "jobs_failed": 1, "last_cycle": 70,
        "mean_cycle": 10, "cycle_per_minute": 4, "backfilled_jobs_since_start_total": 3, "backfill_last_cycle": 900,
        "backfill_depth_mean": 12,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert found['slurm_rpc_stats_avg_time{operation="REQUEST_PARTITION_INFO"}'] == 450
    assert found['slurm_user_rpc_stats{user="root"}'] == 134


def test_reservations_licenses_and_shares() -> None:
    samples = Samples()
    reservation_samples(
        ["ReservationName=maint StartTime=2026-04-01T10:00:00 EndTime=2026-04-01T12:00:00 Duration=02:00:00 "
         "Nodes=bld-[002-003] NodeCnt=2 CoreCnt=32 Features=(null) PartitionName=all Flags=MAINT TRES=cpu=32 "
         "Users=root Accounts=(null) State=INACTIVE", "No reservations in the system"],
        samples,
    )  # fmt: skip
    license_samples(
        ["LicenseName=ansys Total=10 Used=4 Free=6 Reserved=0 Remote=no", "No licenses configured in Slurm."], samples
    )
    share_samples(
        ["root||parent|1.000000|0|0.000000|", " physics||10|0.5|1200|0.25|", "  physics|ada|1|0.1|600|nan|0.75"],
        samples,
    )
    found = figures(samples)
    info = 'flags="MAINT",nodes="bld-[002-003]",partition="all",reservation_name="maint",state="INACTIVE",users="root"'
    assert found[f"slurm_reservation_info{{{info}}}"] == 1
    assert found['slurm_reservation_core_count{reservation_name="maint"}'] == 32
    moments = [found[f'slurm_reservation_{kind}_time_seconds{{reservation_name="maint"}}'] for kind in ("start", "end")]
    assert moments[1] - moments[0] == 7200
    assert found['slurm_license_free{license="ansys"}'] == 6
    assert found['slurm_account_fairshare_raw_shares{account="physics"}'] == 10
    assert found['slurm_user_fairshare{account="physics",user="ada"}'] == 0.75
    assert found['slurm_user_fairshare_norm_usage{account="physics",user="ada"}'] == 0
    assert not [name for name in found if '"root"' in name and "fairshare" in name]


def test_where_users_see_their_own_jobs_only_nobody_is_named() -> None:
    samples = Samples()
    job_samples(fields(JOBS, 7), samples, ["all"])
    share_samples(["  physics|ada|1|0.1|600|0.5|0.75"], samples)
    samples.put("reservation_info", 1, reservation_name="night", users="ada,bob")
    samples.without_names()
    found = figures(samples)
    assert found['slurm_reservation_info{reservation_name="night"}'] == 1
    assert not re.search("user=|account=|ada|bob|physics", "".join(found))
    assert found['slurm_queue_pending{partition="medium",reason="Resources"}'] == 1
    assert found['slurm_cores_running{partition="all"}'] == 4
    assert found["slurm_jobs_pending"] == 2
    assert not [name for name in found if "fairshare" in name or name.startswith(("slurm_user_", "slurm_account_"))]


@pytest.mark.parametrize(
    ("words", "figure"),
    [("12", 12), (" 1.5", 1.5), ("1e3", 1000), ("-2", -2), ("N/A", 0), ("(null)", 0), ("nan", 0), ("inf", 0), ("", 0)],
)
def test_figures(words: str, figure: float) -> None:
    assert number(words) == figure


@given(st.text(), st.lists(st.text(), min_size=10, max_size=10))
def test_whatever_slurm_says_prometheus_can_read_it(words: str, row: list[str]) -> None:
    samples = Samples()
    node_samples([row, [words, "all", words, "1/2/3/6", *row[4:]]], samples)
    job_samples([row[:7], ["RUNNING", words, words, words, "1", words, words]], samples)
    scheduler_samples([words, *row], samples)
    reservation_samples([words, f"ReservationName={words}"], samples)
    share_samples(["|".join(row[:7]), words], samples)
    figures(samples)
