"""Hardware that is less than on record, or wears out, as the kernel of a blade tells it: what runs and `status` say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.job_tmp import ended, node, state, submit
from tests.cluster.kernel_files import kernel_says, kernel_says_the_truth
from tests.cluster.labs import Lab
from tests.cluster.test_release import records
from tests.cluster.waiting import until

CPU = "/sys/devices/system/cpu"
ONE_CPU = {f"{CPU}/online": "0\n"}
# Of two CPUs each has a socket to itself.
TWO_SOCKETS = {
    f"{CPU}/cpu{cpu}/topology/{part}_{word}": f"{text}\n"
    for cpu in (0, 1)
    for part, word, text in (
        *((part, "id", cpu) for part in ("physical_package", "die", "cluster")),
        *((part, "cpus", 1 + cpu) for part in ("package", "die", "cluster")),
        ("core", "siblings", 1 + cpu),
    )
}
MODEL = "Intel(R) Xeon(R) CPU E5-2690 0 @ 2.90GHz"
OTHER_MODEL = "Intel(R) Xeon(R) CPU E5-2620 0 @ 2.00GHz"
MAC = "02:1b:00:00:00:91"
SERIAL, OTHER_SERIAL = "CZ3111ABCD", "CZ3222WXYZ"


def cpuinfo(model: str) -> dict[str, str]:
    """Two processors of a model."""
    rows = [
        f"processor\t: {cpu}\nvendor_id\t: GenuineIntel\nmodel name\t: {model}\ncore id\t\t: {cpu}\n" for cpu in (0, 1)
    ]
    return {"/proc/cpuinfo": "\n".join(rows)}


def link(speed: int) -> dict[str, str]:
    """A port of the board that runs at so many Mbit/s."""
    port = "/sys/class/net/eno1"
    return {f"{port}/address": f"{MAC}\n", f"{port}/speed": f"{speed}\n", f"{port}/device/vendor": "0x8086\n"}


def plate(serial: str) -> dict[str, str]:
    """The name plate of a board."""
    return {"/sys/class/dmi/id/product_serial": f"{serial}\n"}


@dataclass(frozen=True)
class Loss:
    """What a blade has, what it has afterwards, and how a run says so."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    words: str
    accepted: tuple[str, ...] = ("slurm", "--nodes={0}", "--accept-hardware={0}", "--json")


LOSSES = {
    "CPUs": Loss({}, ONE_CPU, "cpus 2 -> 1"),
    "sockets": Loss(TWO_SOCKETS, ONE_CPU, "sockets per board 2 -> 1"),
    "model": Loss(cpuinfo(MODEL), cpuinfo(OTHER_MODEL), f"processor {MODEL} -> {OTHER_MODEL}"),
    "link": Loss(link(1000), link(100), f"link {MAC} 1000 -> 100 Mbit/s"),
    "board": Loss(
        plate(SERIAL),
        plate(OTHER_SERIAL),
        f"another board: serial number {SERIAL} -> {OTHER_SERIAL}",
        ("replace", "{0}", "--yes", "--json"),
    ),
}


def on_record(lab: Lab, blade: str) -> dict[str, Any]:
    """What the controller remembers of a blade's hardware."""
    record = records(lab)[blade.lower()]
    return {key: record[key] for key in ("hardware", "cpu_model", "parts")}


@pytest.fixture
def blade(cluster: Lab) -> Iterator[str]:
    """A free member; afterwards it is one with its own hardware."""
    name = cluster.compute[-1]
    yield name
    cluster.ask("squeue --noheader --format=%A | xargs --no-run-if-empty scancel")
    kernel_says_the_truth(cluster, name)
    said = cluster.slurm([name], f"--accept-hardware={name}", "--yes")
    assert said.code == 0, said.text
    assert cluster.state(name, "idle", 60) == "idle"


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_lost_hardware_takes_its_node_out_of_work_until_somebody_accepts_it(
    cluster: Lab, blade: str, loss: Loss
) -> None:
    kernel_says(cluster, blade, loss.before)
    said = cluster.slurm([blade], f"--accept-hardware={blade}")
    assert said.code == 0, said.text
    before = on_record(cluster, blade)
    job = submit(cluster, blade, "sleep 600")
    assert until(lambda: state(cluster, job) == "RUNNING", 30)

    kernel_says(cluster, blade, loss.after)
    said = cluster.slurm([blade])

    assert said.code == 1, said.text
    assert loss.words in said.failure(blade)
    assert f"`provision {loss.accepted[0]} " in said.failure(blade)
    drained = node(cluster, blade)
    assert "DRAIN" in drained
    assert loss.words in drained.partition("Reason=provision: hardware: ")[2], drained
    assert on_record(cluster, blade) == before
    shown = cluster.provision("status", "--json").json
    listed = next(each for each in shown["nodes"] if each["blade"] == blade)
    assert (listed["owner"], listed["sync"]["state"]) == ("hardware", "failed")
    assert loss.words in listed["reason"]
    assert state(cluster, job) == "RUNNING"
    cluster.ask(f"scancel {job}")
    ended(cluster, job)

    accepted = cluster.provision(*(word.format(blade) for word in loss.accepted))

    assert accepted.code == 0, accepted.text
    assert on_record(cluster, blade) != before
    assert cluster.state(blade, "idle", 60) == "idle"
    assert ended(cluster, submit(cluster, blade, "true")) == "COMPLETED"
    again = cluster.slurm([blade])
    assert (again.code, again.json["changed"]) == (0, 0), again.text


WORN = {
    "/sys/devices/system/edac/mc/mc0/ce_count": "3\n",
    "/dev/kmsg": "3,1201,98765432,-;sd 0:0:0:0: [sda] Add. Sense: Failure prediction threshold exceeded\n",
}
WARNINGS = ["memory errors were corrected (ECC, mc0)", "the disk sda says that it will fail (SMART)"]


def test_what_wears_out_is_told_by_a_run_and_by_status_until_it_is_replaced(cluster: Lab, blade: str) -> None:
    kernel_says(cluster, blade, WORN)
    said = cluster.slurm([blade])
    assert said.code == 0, said.text
    told = [f"{line}; next: replace that part before it fails" for line in WARNINGS]
    assert [line for line in said.json["blades"][blade]["notes"] if line in told] == told, said.text
    assert cluster.states()[blade] == "idle"
    shown = cluster.provision("status")
    assert [line for line in told if f"warning: {blade}: {line}" not in shown.out] == [], shown.text
    assert {f"{blade}: {line}" for line in told} <= {*cluster.provision("status", "--json").json["warnings"]}

    kernel_says_the_truth(cluster, blade)
    assert cluster.slurm([blade]).code == 0
    assert not [line for line in cluster.provision("status", "--json").json["warnings"] if line.startswith(blade)]
