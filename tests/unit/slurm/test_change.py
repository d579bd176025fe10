from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.change import Change, Row, config_change, release_of
from provisioner.slurm.config import slurm_config
from provisioner.slurm.effects import Effect, Kind
from tests.unit.slurm.node_makers import record, registries

RELEASES = ["22.05.8", "23.02.1", "23.11.6", "24.05.2", "24.11.5", "25.05.0"]
releases = st.sampled_from(RELEASES)
CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}
CONF = """\
# Written by provision
ClusterName=demo
MessageTimeout=20
SlurmctldPort=6817
TreeWidth=16

NodeName=bld-008 NodeAddr=10.20.0.108 CPUs=8 RealMemory=7792 Features=thin
PartitionName=all Nodes=bld-008 Default=YES
"""


def rendered(nodes: dict[str, Any], **site: Any) -> str:
    model = slurm_config(CLUSTER, nodes, [], site)
    settings = [f"{key}={value}" for key, value in model["settings"].items()]
    return "\n".join([*settings, *model["lines"]]) + "\n"


@given(registries, releases)
def test_the_same_text_needs_nothing(nodes: dict[str, Any], version: str) -> None:
    text = rendered(nodes)
    change = config_change([text, text], text, version)
    assert change == Change(Kind.NOTHING, [])


@given(registries, registries, releases)
def test_another_set_of_nodes(before: dict[str, Any], now: dict[str, Any], version: str) -> None:
    change = config_change([rendered(before)], rendered(now), version)
    if before.keys() != now.keys():
        wanted = Kind.RECONFIGURE if release_of(version) >= (24, 11) else Kind.RESTART
        assert change.kind == wanted
        assert any(why.startswith(("new nodes", "removed nodes")) for why in change.why)
    if change.kind is not Kind.NOTHING:
        assert change.why


@given(st.text(), st.text(), releases)
def test_any_text_can_be_compared(old: str, new: str, version: str) -> None:
    change = config_change([old], new, version)
    assert (change.kind is Kind.NOTHING) <= (change.why == [])


def edited(old: str, new: str) -> str:
    assert old in CONF
    return CONF.replace(old, new)


MORE_NODES = CONF + "NodeName=bld-009 NodeAddr=10.20.0.109 CPUs=8\n"
NO_NODES = edited("NodeName=bld-008 NodeAddr=10.20.0.108 CPUs=8 RealMemory=7792 Features=thin\n", "")


@pytest.mark.parametrize(
    ("new", "version", "kind", "why"),
    [
        (MORE_NODES, "22.05.8", Kind.RESTART, ["new nodes: bld-009"]),
        (MORE_NODES, "23.11.6", Kind.RESTART, ["new nodes: bld-009"]),
        (MORE_NODES, "24.11.5", Kind.RECONFIGURE, ["new nodes: bld-009"]),
        (NO_NODES, "22.05.8", Kind.RESTART, ["removed nodes: bld-008"]),
        (NO_NODES, "24.11.5", Kind.RECONFIGURE, ["removed nodes: bld-008"]),
        (edited("=7792", "=7700"), "22.05.8", Kind.RECONFIGURE, ["bld-008: realmemory changed"]),
        (edited("=thin", "=thin Gres=gpu:a100:2"), "22.05.8", Kind.RESTART, ["bld-008: gres changed"]),
        (edited("=thin", "=thin Gres=gpu:a100:2"), "24.11.5", Kind.RECONFIGURE, ["bld-008: gres changed"]),
        (edited("CPUs=8", "CPUs=16"), "22.05.8", Kind.RESTART, ["bld-008: cpus changed"]),
        (edited("CPUs=8", "CPUs=16"), "23.11.6", Kind.RECONFIGURE, ["bld-008: cpus changed"]),
        (edited("0.108", "0.118"), "22.05.8", Kind.RESTART, ["bld-008: nodeaddr changed"]),
        (edited("MessageTimeout=20", "MessageTimeout=60"), "22.05.8", Kind.RECONFIGURE, ["messagetimeout changed"]),
        (edited("MessageTimeout=20\n", ""), "24.11.5", Kind.RECONFIGURE, ["messagetimeout changed"]),
        (edited("TreeWidth=16", "TreeWidth=50"), "22.05.8", Kind.RESTART, ["treewidth changed"]),
        (edited("TreeWidth=16", "TreeWidth=50"), "24.11.5", Kind.RECONFIGURE, ["treewidth changed"]),
        (edited("6817", "6819"), "24.11.5", Kind.RESTART, ["slurmctldport changed"]),
        (edited("Default=YES", "Default=NO"), "22.05.8", Kind.RECONFIGURE, ["partitions changed: all"]),
        (CONF + "PartitionName=low Nodes=bld-008\n", "22.05.8", Kind.RECONFIGURE, ["new partitions: low"]),
        (
            edited("PartitionName=all", "PartitionName=low"),
            "22.05.8",
            Kind.RECONFIGURE,
            ["new partitions: low", "removed partitions: all"],
        ),
        (CONF + "Include /etc/more\n", "22.05.8", Kind.RECONFIGURE, ["lines of another kind changed"]),
        (CONF + "PreemptType=preempt/partition_prio\n", "22.05.8", Kind.RECONFIGURE, ["preempttype changed"]),
        (edited("# Written by provision", "# by hand"), "22.05.8", Kind.NOTHING, []),
        (edited("ClusterName=demo", "clustername = demo"), "22.05.8", Kind.NOTHING, []),
    ],
)
def test_what_a_change_needs(new: str, version: str, kind: Kind, why: list[str]) -> None:
    change = config_change([CONF], new, version)
    assert (change.kind, change.why) == (kind, why)


def test_a_thousand_names_are_one_word() -> None:
    more = CONF + "".join(f"NodeName=e{number:04} CPUs=8\n" for number in range(1, 1001))
    assert config_change([CONF], more, "22.05.8").why == ["new nodes: e[0001-1000]"]
    assert config_change([more], CONF, "24.11.5").why == ["removed nodes: e[0001-1000]"]


def test_a_persons_own_lines_may_be_odd() -> None:
    odd = CONF + "NodeName=a[1 CPUs=8\nNodeName=@b CPUs=8\n"
    assert config_change([odd], CONF, "22.05.8").why == ["removed nodes: @b, a[1"]


def test_the_larger_need_names_its_reasons_alone() -> None:
    new = MORE_NODES.replace("MessageTimeout=20", "MessageTimeout=60")
    assert config_change([CONF], new, "22.05.8").why == ["new nodes: bld-009"]


def test_of_two_texts_that_may_be_loaded_the_larger_need_wins() -> None:
    """A run that was killed after it wrote the file and before slurmctld had it."""
    change = config_change([CONF, MORE_NODES], MORE_NODES, "22.05.8")
    assert (change.kind, change.why) == (Kind.RESTART, ["new nodes: bld-009"])


@pytest.mark.parametrize("live", [[], [""], ["", "  \n"]])
def test_the_first_configuration_starts_slurmctld(live: list[str]) -> None:
    change = config_change(live, CONF, "24.11.5")
    assert (change.kind, change.why) == (Kind.RESTART, ["first configuration"])


def test_plain_data_for_the_record() -> None:
    nothing: dict[str, list[str]] = {
        "partitions_gone": [], "nodes_rebuilt": [], "gpus_changed": [], "nodes_gone": [], "partitions_closed": [],
        "slurmd": [], "rows": [],
    }  # fmt: skip
    assert config_change([CONF], CONF, "22.05.8").as_dict() == {
        "kind": "nothing", "why": [], "named": "any", **nothing,
    }  # fmt: skip
    row = Row("TaskPlugin changed", "taskplugin changed", Effect(Kind.RESTART, slurmd=True), ("node bld-009",))
    change = Change(
        Kind.RESTART,
        ["why"],
        ("thin",),
        ("bld-008",),
        ("bld-007",),
        ("bld-009",),
        ("all",),
        ("taskplugin changed",),
        (row,),
    ).as_dict()
    ends = {
        "partitions_gone": ["thin"], "nodes_rebuilt": ["bld-008"], "gpus_changed": ["bld-007"],
        "nodes_gone": ["bld-009"],
        "partitions_closed": ["all"], "slurmd": ["taskplugin changed"],
        "rows": [
            {"what": "TaskPlugin changed", "needs": "restart slurmctld, restart slurmd", "ends": ["node bld-009"]}
        ],
    }  # fmt: skip
    assert change == {"kind": "restart", "why": ["why"], "named": "any", **ends}


@pytest.mark.parametrize(("version", "named"), [("22.05.8", "any"), ("23.11.4", "any"), ("24.11.5", "all")])
def test_which_jobs_outlive_the_nodes_that_they_name(version: str, named: str) -> None:
    assert config_change([MORE_NODES], CONF, version).named == named


THIN = CONF + "PartitionName=thin Nodes=bld-008\n"
FAT = CONF + "PartitionName=fat Nodes=bld-008\n"


def test_a_partition_that_goes_takes_its_jobs_with_it() -> None:
    assert config_change([THIN], CONF, "22.05.8").partitions_gone == ("thin",)
    assert config_change([THIN], FAT, "22.05.8").partitions_gone == ("thin",)
    assert config_change([CONF], THIN, "22.05.8").partitions_gone == ()


def test_a_partition_that_changes_is_not_gone() -> None:
    change = config_change([CONF], edited("Default=YES", "Default=NO"), "24.11.5")
    assert (change.kind, change.partitions_gone) == (Kind.RECONFIGURE, ())


def test_a_partition_that_is_for_a_group_from_now_on_is_closed() -> None:
    closed = edited("Default=YES", "AllowGroups=nogroup")
    assert config_change([CONF], closed, "22.05.8").partitions_closed == ("all",)
    assert config_change([closed], CONF, "22.05.8").partitions_closed == ()
    assert config_change([closed], closed.replace("nogroup", "wheel"), "22.05.8").partitions_closed == ()
    assert config_change([], closed, "22.05.8").partitions_closed == ()


def test_new_nodes_are_told_without_their_partitions_and_lost_partitions_always() -> None:
    more = MORE_NODES.replace("Nodes=bld-008", "Nodes=bld-[008-009]") + "PartitionName=low Nodes=bld-009\n"
    assert config_change([CONF], more, "24.11.5").why == ["new nodes: bld-009"]
    assert config_change([more], CONF, "24.11.5").why == ["removed nodes: bld-009", "removed partitions: low"]


def test_partitions_of_every_text_that_may_be_loaded_count() -> None:
    assert config_change([THIN, FAT], CONF, "22.05.8").partitions_gone == ("fat", "thin")


@pytest.mark.parametrize(
    ("new", "version", "rebuilt"),
    [
        (edited("CPUs=8", "CPUs=16"), "22.05.8", ("bld-008",)),
        (edited("CPUs=8", "CPUs=16"), "23.11.6", ("bld-008",)),
        (edited("CPUs=8", "CPUs=8 ThreadsPerCore=2"), "24.11.5", ("bld-008",)),
        (edited("=7792", "=7700"), "24.11.5", ()),
        (edited("Features=thin", "Features=fat"), "24.11.5", ()),
        (MORE_NODES, "24.11.5", ()),
        (NO_NODES, "24.11.5", ()),
    ],
)
def test_jobs_are_requeued_where_cpus_changed(new: str, version: str, rebuilt: tuple[str, ...]) -> None:
    assert config_change([CONF], new, version).nodes_rebuilt == rebuilt


@pytest.mark.parametrize("version", RELEASES)
@pytest.mark.parametrize(
    ("before", "after"), [("gpu:a100:1", "gpu:a100:2"), ("gpu:a100:2", "gpu:a100:1"), ("gpu:1", "")]
)
def test_jobs_with_gpus_are_requeued_where_those_changed(version: str, before: str, after: str) -> None:
    old, new = (edited("=thin", f"=thin Gres={gpus}" if gpus else "=thin") for gpus in (before, after))
    change = config_change([old], new, version)
    assert (change.gpus_changed, change.nodes_rebuilt) == (("bld-008",), ())
    assert [row.ends for row in change.rows] == [("node bld-008",)]
    assert config_change([new], new, version).gpus_changed == ()


def test_of_two_texts_every_node_that_differs_counts() -> None:
    old = MORE_NODES.replace("bld-009 NodeAddr=10.20.0.109 CPUs=8", "bld-009 NodeAddr=10.20.0.109 CPUs=4")
    change = config_change([old, edited("CPUs=8", "CPUs=16")], MORE_NODES, "24.11.5")
    assert change.nodes_rebuilt == ("bld-008", "bld-009")


@pytest.mark.parametrize("version", RELEASES)
def test_jobs_end_on_nodes_that_go(version: str) -> None:
    assert config_change([MORE_NODES], CONF, version).nodes_gone == ("bld-009",)
    assert config_change([CONF], MORE_NODES, version).nodes_gone == ()
    assert config_change([CONF, MORE_NODES], CONF, version).nodes_gone == ("bld-009",)


def test_the_placeholder_of_a_cluster_without_nodes_has_no_jobs() -> None:
    one = {"bld-008": record()}
    assert config_change([rendered({})], rendered(one), "22.05.8").nodes_gone == ()
    assert config_change([rendered(one)], rendered({}), "22.05.8").nodes_gone == ("bld-008",)


@pytest.mark.parametrize("live", [[], [""]])
def test_the_first_configuration_ends_no_job(live: list[str]) -> None:
    change = config_change(live, THIN, "24.11.5")
    assert (change.partitions_gone, change.nodes_rebuilt, change.nodes_gone) == ((), (), ())


@pytest.mark.parametrize(
    ("version", "release"),
    [("22.05.8-4+deb12u3", (22, 5)), ("slurm 24.11.5", (24, 11)), ("24.11", (24, 11)), ("slurm-wlm 22.05.8", (22, 5))],
)
def test_reads_the_release(version: str, release: tuple[int, int]) -> None:
    assert release_of(version) == release


@pytest.mark.parametrize("version", ["", "unknown", "5.4"])
def test_a_version_without_release_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="not a Slurm version"):
        release_of(version)
