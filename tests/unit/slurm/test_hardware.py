from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.hardware import (
    MEMORY_NOISE,
    Hardware,
    cpu_feature,
    disagreement,
    implausible,
    is_noise,
    losses,
    parse_slurmd_c,
)
from provisioner.slurm.nodes import default_memory_per_cpu
from tests.unit.slurm.node_makers import hardware

BLADE = Hardware(32, 1, 2, 8, 2, 32086, 270_000)


def printed(machine: Hardware, sockets: str = "SocketsPerBoard") -> str:
    return (
        f"NodeName=bld-008 CPUs={machine.cpus} Boards={machine.boards} {sockets}={machine.sockets_per_board} "
        f"CoresPerSocket={machine.cores_per_socket} ThreadsPerCore={machine.threads_per_core} "
        f"RealMemory={machine.memory_mib}"
    )


@given(hardware, st.sampled_from(["SocketsPerBoard", "Sockets"]), st.sampled_from(["", " Gres=gpu:a100:2"]))
def test_reads_back_what_slurmd_prints(machine: Hardware, sockets: str, more: str) -> None:
    text = f"slurmd: some remark\n{printed(machine, sockets)}{more}\nUpTime=0-00:12:34\n"
    assert parse_slurmd_c(text, machine.scratch_mib) == machine


@given(hardware)
def test_reads_back_its_own_plain_data(machine: Hardware) -> None:
    assert Hardware.from_dict({**machine.as_dict(), "of_a_newer_release": "x"}) == machine


def test_boards_are_one_when_slurmd_does_not_say() -> None:
    line = "NodeName=x CPUs=2 Sockets=2 CoresPerSocket=1 ThreadsPerCore=1 RealMemory=900"
    assert parse_slurmd_c(line).boards == 1


@pytest.mark.parametrize(
    "text",
    ["", "UpTime=0-00:01:00", "NodeName=x CPUs=2", printed(BLADE).replace("32086", "many"), "slurmd: not found"],
)
def test_incomplete_output_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="slurmd -C printed no complete node line"):
        parse_slurmd_c(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_slurmd_c(text), Hardware)


def changed(**fields: int) -> Hardware:
    return Hardware.from_dict({**BLADE.as_dict(), **fields})


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (changed(sockets_per_board=1, cpus=16), ["sockets per board 2 -> 1", "cpus 32 -> 16"]),
        (changed(threads_per_core=1, cpus=16), ["threads per core 2 -> 1", "cpus 32 -> 16"]),
        (changed(memory_mib=24064), ["memory 32086 -> 24064 MiB"]),
        (changed(scratch_mib=135_000), ["scratch 270000 -> 135000 MiB"]),
        (changed(scratch_mib=1), ["scratch 270000 -> 1 MiB"]),
        (changed(memory_mib=0), ["memory 32086 -> 0 MiB"]),
        (changed(memory_mib=31900), []),
        (changed(memory_mib=64172, sockets_per_board=4), []),
    ],
)
def test_names_what_was_lost(now: Hardware, words: list[str]) -> None:
    assert losses(BLADE, now) == words


def test_a_plan_without_scratch_is_no_loss() -> None:
    """The plan took the disks away; of one that is missing the blade would have been told before."""
    assert losses(BLADE, changed(scratch_mib=0)) == []
    assert not is_noise(BLADE, changed(scratch_mib=0)), "and yet the record has to follow"


@given(hardware, hardware)
def test_what_is_noise_is_no_loss(old: Hardware, new: Hardware) -> None:
    assert losses(old, old) == []
    assert is_noise(old, old)
    if is_noise(old, new):
        assert losses(old, new) == []


def test_noise_ends_beside_its_limit() -> None:
    limit = int(BLADE.memory_mib * MEMORY_NOISE)
    assert is_noise(BLADE, changed(memory_mib=BLADE.memory_mib - limit))
    assert is_noise(BLADE, changed(memory_mib=BLADE.memory_mib + limit))
    assert not is_noise(BLADE, changed(memory_mib=BLADE.memory_mib - limit - 2))
    assert not is_noise(BLADE, changed(memory_mib=BLADE.memory_mib + limit + 2))
    assert not is_noise(BLADE, changed(cores_per_socket=10))


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ({"cpus": 32, "memory_mib": 32086}, []),
        ({"cpus": 0, "memory_mib": 0}, []),
        ({}, []),
        ({"cpus": 16, "memory_mib": 32000}, ["slurmd counts 32 CPUs, /proc/cpuinfo 16"]),
        ({"cpus": 32, "memory_mib": 8000}, ["slurmd measures 32086 MiB, /proc/meminfo 8000 MiB"]),
    ],
)
def test_says_where_the_kernel_disagrees(kernel: dict[str, int], words: list[str]) -> None:
    assert disagreement(BLADE, kernel) == words


@pytest.mark.parametrize(
    ("model", "feature"),
    [
        ("Intel(R) Xeon(R) CPU E5-2690 0 @ 2.90GHz", "e5-2690"),
        ("Intel(R) Xeon(R) CPU E5-2603 0 @ 1.80GHz", "e5-2603"),
        ("Intel(R) Xeon(R) CPU E5-2690 v2 @ 3.00GHz", "e5-2690v2"),
        ("Intel(R) Xeon(R) Gold 6258R CPU @ 2.70GHz", "gold-6258r"),
        ("AMD EPYC 7302 16-Core Processor", "epyc-7302"),
        ("QEMU Virtual CPU version 2.5+", "qemu-virtual-version-2.5"),
        ("", ""),
    ],
)
def test_cpu_model_becomes_a_feature(model: str, feature: str) -> None:
    assert cpu_feature(model) == feature


@given(st.text())
def test_a_feature_never_breaks_the_node_line(model: str) -> None:
    assert set(cpu_feature(model)) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


def test_a_model_of_blanks_is_no_work() -> None:
    """Ten million of them would take the patterns of a product's name weeks."""
    assert cpu_feature(" " * 10_000_000) == ""
    assert cpu_feature("Xeon" + " " * 10_000_000 + "0") == ""
    assert cpu_feature("\t0 " * 1_000_000).count("-") < 200


@given(st.text())
def test_a_feature_is_one_word_of_slurm(model: str) -> None:
    feature = cpu_feature(model)
    assert all(character in "abcdefghijklmnopqrstuvwxyz0123456789.-" for character in feature)
    assert len(feature) <= 200


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cpus": 0}, "cpus 0 is not between 1 and 4096"),
        ({"cpus": -4}, "cpus -4 is not between"),
        ({"cpus": 70000}, "cpus 70000 is not between"),
        ({"cpus": 33}, "33 CPUs are more than its 32 hardware threads"),
        ({"threads_per_core": 0}, "threads per core 0"),
        ({"boards": 10**9}, "boards 1000000000"),
        ({"memory_mib": -1}, "memory mib -1 is not between"),
        ({"memory_mib": 0}, "memory mib 0"),
        ({"memory_mib": 10**9}, "memory mib 1000000000"),
        ({"memory_mib": 1023}, "its memory, 1023 MiB, is less than 512 MiB and 16 for each of its 32 CPUs"),
        ({"scratch_mib": -1}, "scratch mib -1"),
    ],
)
def test_what_no_machine_has_is_named(fields: dict[str, int], words: str) -> None:
    assert words in implausible(changed(**fields))


def test_a_machine_is_plausible() -> None:
    assert implausible(BLADE) == ""
    assert implausible(changed(memory_mib=1024)) == ""


@given(hardware)
def test_no_plausible_node_starves_the_jobs_of_others(machine: Hardware) -> None:
    """DefMemPerCPU of `all` is that of its leanest node."""
    if not implausible(machine):
        assert default_memory_per_cpu([{"hardware": machine.as_dict()}]) >= 8
