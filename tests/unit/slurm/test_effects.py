from __future__ import annotations

import pytest

from provisioner.slurm.change import config_change
from provisioner.slurm.effects import USUAL, Effect, Kind, effect, entries, spelled
from provisioner.slurm.keys import KEYS

OLD, NEW = (22, 5), (24, 11)
KNOWN = {key.lower(): key for variable in ("slurmctld_config", "slurmctld_cgroup_config") for key in KEYS[variable][1]}
FILES = {"gres.conf", "job_container.conf", "mpi.conf", "topology.conf"}


def test_every_key_is_one_of_slurm_as_slurm_spells_it_and_has_a_source() -> None:
    for name, entry in entries().items():
        assert KNOWN.get(name, entry.key if entry.key in FILES else None) == entry.key
        assert len(entry.source.split()) > 1, entry.key


def test_a_release_between_has_what_the_last_one_before_it_has() -> None:
    assert effect("SchedulerType", (23, 2)) == effect("SchedulerType", OLD) == Effect(Kind.RESTART)
    assert effect("SchedulerType", (25, 5)) == effect("SchedulerType", (23, 11)) == USUAL
    assert effect("SchedulerType", (21, 8)) == effect("SchedulerType", OLD)


def test_a_key_of_nobody_is_read_by_a_reconfigure() -> None:
    assert effect("NobodyKnows", OLD) == USUAL
    assert spelled("nobodyknows") == "nobodyknows"
    assert spelled("selecttype") == "SelectType"


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (USUAL, "reconfigure"),
        (Effect(Kind.NOTHING), "nothing"),
        (Effect(Kind.RESTART), "restart slurmctld"),
        (Effect(Kind.RECONFIGURE, slurmd=True), "reconfigure, restart slurmd"),
        (Effect(Kind.RESTART, slurmd=True), "restart slurmctld, restart slurmd"),
    ],
)
def test_what_is_needed_in_words(needs: Effect, words: str) -> None:
    assert needs.words() == words


CONF = "ClusterName=demo\nSelectType=select/cons_tres\nMessageTimeout=20\n"


def test_each_setting_has_its_own_verdict_also_a_lesser_one() -> None:
    change = config_change([CONF], "ClusterName=demo\nSelectType=select/linear\nKillWait=31\n", "22.05.8")
    assert [(row.what, row.needs.words()) for row in change.rows] == [
        ("KillWait added", "reconfigure"),
        ("MessageTimeout dropped", "reconfigure"),
        ("SelectType changed", "restart slurmctld, restart slurmd"),
    ]
    assert (change.kind, change.why, change.slurmd) == (
        Kind.RESTART,
        ["selecttype changed"],
        ("selecttype changed",),
    )


def test_what_takes_jobs_along_names_where_they_are() -> None:
    nodes = "NodeName=bld-008 CPUs=8\nNodeName=bld-009 CPUs=8\nPartitionName=night Nodes=bld-008\n"
    change = config_change([CONF + nodes], CONF + "NodeName=bld-008 CPUs=4\n", "24.11.5")
    assert {row.what: row.ends for row in change.rows} == {
        "removed nodes: bld-009": ("node bld-009",),
        "bld-008: cpus changed": ("node bld-008",),
        "removed partitions: night": ("partition night",),
    }


def test_of_two_texts_that_may_be_loaded_a_setting_has_the_larger_need_once() -> None:
    new = CONF.replace("=20", "=30")
    change = config_change([CONF, "", CONF], new, "22.05.8")
    assert [row.what for row in change.rows] == ["MessageTimeout changed", "first configuration"]
