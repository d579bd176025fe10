from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.hardware import Hardware, losses
from provisioner.slurm.registry import merge_notes, merge_records, read_registry, write_registry
from tests.unit.slurm.node_makers import NODE_NAMES, record, registries

Registry = dict[str, dict[str, Any]]
accepted = st.sets(NODE_NAMES, max_size=4)


@given(registries)
def test_reads_back_what_it_wrote(nodes: Registry) -> None:
    assert read_registry(write_registry(nodes, "demo"), "demo") == nodes


@given(registries, registries, accepted)
def test_merging_twice_is_merging_once(known: Registry, found: Registry, accept: set[str]) -> None:
    once = merge_records(known, found, accept)
    twice = merge_records(once.nodes, found, accept)
    assert write_registry(twice.nodes, "demo") == write_registry(once.nodes, "demo")
    assert (twice.added, twice.changed) == ([], {})


@given(registries, registries, accepted)
def test_no_node_is_ever_dropped(known: Registry, found: Registry, accept: set[str]) -> None:
    merged = merge_records(known, found, accept)
    assert merged.nodes.keys() == known.keys() | found.keys()
    assert merged.added == sorted(found.keys() - known.keys())
    for name in known.keys() - found.keys():
        assert merged.nodes[name] == known[name]


@given(registries, registries, accepted)
def test_hardware_is_never_lowered_unless_accepted(known: Registry, found: Registry, accept: set[str]) -> None:
    merged = merge_records(known, found, accept)
    for name in known.keys() - accept:
        before, now = (Hardware.from_dict(nodes[name]["hardware"]) for nodes in (known, merged.nodes))
        assert losses(before, now) == []
    assert not merged.drifted.keys() & accept


@given(registries, registries, accepted)
def test_what_is_forgotten_leaves_and_nothing_else(known: Registry, found: Registry, forget: set[str]) -> None:
    merged = merge_records(known, found, (), forget)
    gone = forget & known.keys() - found.keys()
    assert merged.forgotten == sorted(gone)
    assert merged.nodes.keys() == (known.keys() | found.keys()) - gone
    assert merged.not_forgotten.keys() == forget - gone
    again = merge_records(merged.nodes, found, (), forget)
    assert (again.nodes, again.forgotten) == (merged.nodes, [])


@given(registries, registries)
def test_the_arguments_stay_as_they_are(known: Registry, found: Registry) -> None:
    before = write_registry(known, "demo"), write_registry(found, "demo")
    merge_records(known, found, (), known)
    assert (write_registry(known, "demo"), write_registry(found, "demo")) == before


def test_a_loss_is_drift_and_the_old_promise_stays() -> None:
    known = {"bld-008": record(memory_mib=32086)}
    merged = merge_records(known, {"bld-008": record(memory_mib=24064, tier="fat")})
    assert merged.drifted == {"bld-008": ["memory 32086 -> 24064 MiB"]}
    assert merged.nodes["bld-008"]["hardware"]["memory_mib"] == 32086
    assert merged.changed == {"bld-008": ["tier medium -> fat"]}


def test_an_accepted_loss_becomes_the_promise() -> None:
    known = {"bld-008": record(memory_mib=32086)}
    merged = merge_records(known, {"bld-008": record(memory_mib=24064)}, ["bld-008"])
    assert merged.drifted == {}
    assert merged.changed == {"bld-008": ["memory_mib 32086 -> 24064"]}
    assert merged.nodes["bld-008"]["hardware"]["memory_mib"] == 24064


def test_more_hardware_is_taken_without_asking() -> None:
    merged = merge_records({"bld-008": record()}, {"bld-008": record(memory_mib=16000)})
    assert merged.changed == {"bld-008": ["memory_mib 7955 -> 16000"]}


def test_noise_and_another_run_change_no_byte() -> None:
    known = {"bld-008": record()}
    later = record(memory_mib=7950, seen={"run": "r2", "at": "2026-11-24T05:00:00+00:00"})
    merged = merge_records(known, {"bld-008": later})
    assert write_registry(merged.nodes, "demo") == write_registry(known, "demo")


def test_a_reimaged_blade_gets_its_new_machine_id() -> None:
    merged = merge_records({"bld-008": record()}, {"bld-008": record(machine_id="b" * 32)})
    assert merged.nodes["bld-008"]["machine_id"] == "b" * 32


def test_memory_that_fades_slowly_is_noticed() -> None:
    """Each loss alone is noise; against the promise the sum is not."""
    nodes = {"bld-008": record(memory_mib=8000)}
    for memory in (7900, 7850):
        nodes = merge_records(nodes, {"bld-008": record(memory_mib=memory)}).nodes
    assert merge_records(nodes, {"bld-008": record(memory_mib=7800)}).drifted == {
        "bld-008": ["memory 8000 -> 7800 MiB"]
    }


@given(registries, registries, accepted)
def test_a_person_reads_of_every_node_that_changed(known: Registry, found: Registry, accept: set[str]) -> None:
    merged = merge_records(known, found, accept)
    notes = merge_notes(merged.as_dict())
    assert len(notes) == len(merged.changed) + len(merged.added)
    for name, differences in merged.changed.items():
        assert f"{name}: {', '.join(differences)}" in notes
    for name in merged.added:
        assert f"{name} is new" in notes


def test_notes_say_who_left_and_who_did_not() -> None:
    known = {"bld-003": record(), "bld-008": record()}
    merged = merge_records(known, {"bld-008": record()}, (), ["bld-008", "bld-003", "bld-099"])
    assert merge_notes(merged.as_dict()) == [
        "bld-003 is no longer in the cluster",
        "bld-008 is not taken out: this run works on it; next: leave it out of one of the two",
        "bld-099 is not taken out: it is not in the registry",
    ]


def test_notes_say_old_against_new() -> None:
    found = {"bld-008": record(memory_mib=16000, tier="fat"), "bld-009": record()}
    merged = merge_records({"bld-008": record()}, found)
    assert merge_notes(merged.as_dict()) == ["bld-008: memory_mib 7955 -> 16000, tier medium -> fat", "bld-009 is new"]


def test_scratch_that_the_plan_took_away_leaves_the_record() -> None:
    merged = merge_records({"bld-008": record(scratch_mib=270_000)}, {"bld-008": record(scratch_mib=0)})
    assert merged.drifted == {}
    assert merged.nodes["bld-008"]["hardware"]["scratch_mib"] == 0


def test_scratch_that_shrank_is_drift() -> None:
    merged = merge_records({"bld-008": record(scratch_mib=270_000)}, {"bld-008": record(scratch_mib=135_000)})
    assert merged.drifted == {"bld-008": ["scratch 270000 -> 135000 MiB"]}


@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_file_is_no_records(text: str) -> None:
    assert read_registry(text, "demo") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"format": 1, "cluster": "demo"}', "damaged"),
        ('{"format": 2, "cluster": "demo", "nodes": {}}', "format 2"),
        ('{"format": 1, "cluster": "demo", "nodes": []}', "format 1"),
        ("[" * 100_000, "damaged"),
        ('{"format": 1, "cluster": "demo", "nodes": {"bld-008": 5}}', "the record of 'bld-008' is a number"),
        ('{"format": 1, "cluster": "other", "nodes": {}}', "belongs to cluster other, not demo"),
    ],
)
def test_a_registry_that_is_not_ours_to_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_registry(text, "demo")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(read_registry(text, "demo"), dict)


DAMAGED: dict[str, tuple[dict[str, Any], str]] = {
    "hardware": ({"hardware": 5}, "hardware is a number"),
    "CPUs": ({"cpus": -1}, "hardware cpus is not between 1 and 4096"),
    "memory": ({"memory_mib": "x"}, "hardware memory_mib is text, not a number"),
    "tier": ({"tier": "x\nNodeName=evil"}, "tier has characters that do not belong there"),
    "address": ({"address": "10.20.0.1 State=DOWN"}, "address has"),
    "bay": ({"bay": None}, "bay is nothing"),
    "model": ({"cpu_model": " " * 60_000}, "cpu_model has 60000 characters"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_record_is_one_sentence(case: str) -> None:
    changes, words = DAMAGED[case]
    made = record(**{key: value for key, value in changes.items() if key not in ("cpus", "memory_mib")})
    if inner := {key: value for key, value in changes.items() if key in ("cpus", "memory_mib")}:
        made["hardware"] = {**made["hardware"], **inner}
    with pytest.raises(ValueError, match=r"the node registry is damaged: the record of 'bld-008' ") as caught:
        read_registry(write_registry({"bld-008": made}, "demo"), "demo")
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["", "x y", "bld-008\nNodeName=evil", "BLD-008", "n[1-30000000]", "x" * 64])
def test_a_damaged_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="the node registry is damaged"):
        read_registry(write_registry({name: record()}, "demo"), "demo")
