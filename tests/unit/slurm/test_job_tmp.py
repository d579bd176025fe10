"""Folders of jobs in slurm.conf and job_container.conf: for all nodes at once, and only once all are prepared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.change import config_change, file_key
from provisioner.slurm.config import default_settings, slurm_config
from provisioner.slurm.job_tmp import SETTINGS, job_container, job_folders, job_notes, job_place, job_settings
from tests.unit.slurm.node_makers import record

OLD, NEW = "22.05.8-4+deb12u3", "24.11.5-4"
CLUSTER = {"name": "demo", "controller": "bld-006", "address": "10.20.0.106", "tmp_fs": "/scratch"}


def nodes(**places: str | None) -> dict[str, dict[str, Any]]:
    """Records by node name; None for one that is not prepared."""
    return {
        name.replace("_", "-"): record(**({"job_tmp": place} if place else {}), address=f"10.20.0.{100 + number}")
        for number, (name, place) in enumerate(places.items())
    }


MIXED = nodes(bld_001="scratch", bld_002="root", bld_003="shared")


def test_the_plugin_of_debian_13_knows_all_folders_and_nodes_without() -> None:
    assert job_container(MIXED, {}, NEW).splitlines()[1:] == [
        "NodeName=bld-[001-002] BasePath=/var/lib/provision/job-tmp Dirs=/tmp,/var/tmp,/dev/shm Shared=true",
        "NodeName=bld-003 BasePath=none",
    ]


def test_that_of_debian_12_stops_slurmd_on_a_node_that_it_does_not_know() -> None:
    """So it has all nodes, and the prolog makes what each is to have."""
    assert job_container(MIXED, {}, OLD).splitlines()[1:] == [
        "NodeName=bld-[001-003] BasePath=/var/lib/provision/job-tmp"
    ]


@pytest.mark.parametrize("found", [{}, nodes(bld_001="shared"), nodes(bld_001="scratch", bld_002=None)])
def test_without_a_node_that_wants_them_or_with_one_that_is_not_prepared_nothing_is_set(found: dict[str, Any]) -> None:
    assert job_container(found, {}, OLD) == job_container(found, {}, NEW) == ""
    assert job_settings({"MailProg": "/bin/true"}, found, {}) == {"MailProg": "/bin/true"}


def test_who_is_not_prepared_is_named_with_what_to_do() -> None:
    (note,) = job_notes(nodes(bld_001="scratch", bld_002=None, bld_003=None), {})
    assert "bld-[002-003] are not; next: run `provision slurm`" in note
    assert job_notes(MIXED, {}) == job_notes(nodes(bld_001=None), {}) == []


@pytest.mark.parametrize("key", ["Prolog", "prolog", "JobContainerType", "NamespaceType"])
def test_a_site_with_keys_of_its_own_keeps_them(key: str) -> None:
    site = {key: "/site/prolog"}
    assert not job_folders(MIXED, site)
    assert job_container(MIXED, site, NEW) == ""
    (note,) = job_notes(MIXED, site)
    assert key in note
    assert "/etc/slurm/prolog.d" in note
    assert job_folders(MIXED, {key: None})


def test_they_stand_beside_our_other_keys() -> None:
    before = default_settings("demo", "bld-006", "10.20.0.106") | {"SchedulerParameters": "bf_continue"}
    found = job_settings(before, MIXED, {})
    assert found["SchedulerParameters"] == "bf_continue,nohold_on_prolog_fail"
    assert {key: found[key] for key in SETTINGS if key != "SchedulerParameters"} == {
        "JobContainerType": "job_container/tmpfs",
        "Prolog": "/etc/slurm/prolog.d/*",
    }
    assert slurm_config(CLUSTER, MIXED, [], {})["settings"]["JobContainerType"] == "job_container/tmpfs"


@given(st.text(alphabet="abc=# \n", max_size=40), st.text(alphabet="abc=# \n", max_size=40))
def test_another_file_is_a_change_and_the_same_is_none(one: str, other: str) -> None:
    change = config_change(
        ["A=1\n" + file_key(one, "job_container.conf")], "A=1\n" + file_key(other, "job_container.conf"), NEW
    )
    said = [any(row.strip() and not row.startswith("#") for row in text.splitlines()) for text in (one, other)]
    same = one == other or not any(said)
    assert (change.kind.name, change.why) == (
        ("NOTHING", []) if same else ("RECONFIGURE", ["job_container.conf changed"])
    )


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"blade": {"scratch": {"size_mib": 0, "expected_mib": 0}}}, "shared"),
        ({"blade": {"scratch": {"size_mib": 0, "expected_mib": 280000}}}, "scratch"),
        ({"blade": {"scratch": {"size_mib": 0, "expected_mib": 0}}, "scratch": {"size_mib": 280000}}, "scratch"),
        ({"blade": {"scratch": {"size_mib": 280000}}, "scratch": {"size_mib": 0}}, "shared"),
        ({"blade": {}}, "shared"),
    ],
)
def test_a_disk_that_still_waits_to_be_scratch_holds_no_folders(facts: dict[str, Any], place: str) -> None:
    assert job_place("scratch", facts) == place
    assert (job_place("root", facts), job_place("shared", facts)) == ("root", "shared")
