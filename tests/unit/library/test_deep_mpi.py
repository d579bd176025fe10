"""MPI in the deep verification: what counts as an MPI program that works, and what is told of one that does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provisioner.blade_shape import FACTS
from provisioner.slurm.deep import report
from provisioner.slurm.deep_checks import MPI_CHECKS
from tests.unit.library.deep_cluster import Said, User, tried
from tests.unit.library.modules import shared

MPI = shared("deep_mpi")
FIGURES = "FIGURE ping-pong 8 41.50\nFIGURE ping-pong 1048576 9011.20\nFIGURE barrier 0 55.00\n"
# What srun came to, the words of the check and its result.
SRUN: dict[str, tuple[Said, str, str]] = {
    "no answer": ((1, "", "srun: error: Invalid MPI type 'pmix'\n"), "srun ended with 1", "failed"),
    "too late": ((124, "RANK 0 bld-008\n", "srun did not end within 61 s"), "srun did not end within 61 s", "failed"),
    "alone": ((0, "RANK 0 bld-008\nEND\n" * 4, ""), "4 ranks on bld-008, bld-009: each is", "failed"),
    "no end": ((0, "".join(f"RANK {n} bld-008\n" for n in range(4)), ""), "told their host", "failed"),
    "elsewhere": (
        (0, "".join(f"RANK {n} bld-00{7 + n // 2}\n" for n in range(4)) + "END\n", ""),
        "other nodes than were asked for: bld-007, bld-009",
        "failed",
    ),
    "busy": (
        (1, "", "srun: error: Unable to allocate resources: Requested nodes are busy\n"),
        "nodes are busy",
        "not tried",
    ),
    "at once": ((1, "", "srun: Immediate execution impossible\n"), "nodes are busy", "not tried"),
}


class MpiUser(User):
    """A user whose cluster starts MPI programs."""

    def __init__(self, *harms: str, srun: Said | None = None, **more: Any) -> None:
        super().__init__(*harms, **{"MpiDefault": "pmix", **more})
        self.srun, self.inputs = srun, list[str]()

    def _sh(self, command: tuple[str, ...], text: str) -> Said:
        if command[2] != MPI.COMPILE:
            return super()._sh(command, text)
        wrong = next((int(harm.split()[1]) for harm in self.harms if harm.startswith("mpicc ")), 0)
        return (wrong, "", "mpi.c:1: error\n") if wrong else (0, "QklOQVJZ\n", "")

    def _env(self, command: tuple[str, ...], text: str) -> Said:
        self.inputs.append(text)
        nodes = next(word for word in command if word.startswith("--nodelist=")).partition("=")[2].split(",")
        ranks = "".join(f"RANK {number} {nodes[number // 2]}.example.org\n" for number in range(2 * len(nodes)))
        noise = "OpenMPI says a word\n" if "noise" in self.harms else ""
        return self.srun or (0, f"{ranks}{FIGURES}END\n", f"srun: job 7 queued and waiting for resources\n{noise}")


def checks(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in found["checks"] if one["name"] in MPI_CHECKS}


def test_both_programs_run_on_all_free_nodes_and_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    user = MpiUser()
    found = tried(monkeypatch, user, mpi=True)
    assert {name: one["result"] for name, one in checks(found).items()} == dict.fromkeys(MPI_CHECKS, "ok")
    assert FACTS["slurm_deep"](json.loads(json.dumps(found))) == ""
    for one in checks(found).values():
        assert [host.partition(".")[0] for host in one["hosts"]] == ["bld-008", "bld-008", "bld-009", "bld-009"]
        assert one["figures"][0] == {"what": "ping-pong", "bytes": 8, "usec": 41.5}
        assert one["words"] == "4 ranks, 2 on each of bld-008, bld-009"
    assert user.inputs == ["QklOQVJZ\n", ""]
    # The default of the cluster is what is tried.
    assert not any(word.startswith("--mpi") for command in user.asked if command[0] == "env" for word in command)


def test_without_the_word_nothing_of_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, MpiUser())
    assert checks(found) == {}
    told = report(found)
    assert told is not None
    assert not told.failed()


def test_what_openmpi_has_to_say_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = checks(tried(monkeypatch, MpiUser("noise"), mpi=True))
    assert found["mpi4py"]["words"].endswith("; it said: OpenMPI says a word")


@pytest.mark.parametrize("case", SRUN)
def test_a_program_that_does_not_work_says_how(monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    srun, words, result = SRUN[case]
    one = checks(tried(monkeypatch, MpiUser(srun=srun), mpi=True))["mpi in C"]
    assert (one["result"], "figures" in one) == (result, False)
    assert words in one["words"]
    assert one["cause"] == ("alone" if case == "alone" else "")


@pytest.mark.parametrize(
    ("harm", "words", "result", "cause"),
    [
        ("mpicc 41", "there is no mpicc on the controller", "not tried", ""),
        ("mpicc 42", "nobody cannot write into /tmp", "failed", "no script"),
        ("mpicc 1", "mpicc does not compile on the controller", "failed", "no compiler"),
    ],
)
def test_what_the_compiler_lacks_is_said_and_python_goes_on(
    monkeypatch: pytest.MonkeyPatch, harm: str, words: str, result: str, cause: str
) -> None:
    found = checks(tried(monkeypatch, MpiUser(harm), mpi=True))
    assert (found["mpi in C"]["result"], found["mpi in C"]["words"]) == (result, words)
    assert found["mpi in C"]["cause"] == cause
    assert found["mpi4py"]["result"] == "ok"


@pytest.mark.parametrize("said", ["none", "pmi2", "(null)"])
def test_a_cluster_without_mpi_has_nothing_to_try(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    found = checks(tried(monkeypatch, MpiUser(MpiDefault=said), mpi=True))
    assert {one["result"] for one in found.values()} == {"not tried"}
    assert "srun starts no MPI programs here" in found["mpi4py"]["words"]


def test_a_controller_that_leaves_them_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, MpiUser(), mpi=True)
    found["checks"] = [one for one in found["checks"] if one["name"] != "mpi4py"]
    told = report(found)
    assert told is not None
    assert [row.what for row in told.failed()] == ["an MPI program in Python"]


@pytest.mark.parametrize("harm", [{"hosts": ["a\nb"]}, {"hosts": "x"}, {"figures": [{"what": "x", "bytes": 1}]}])
def test_measurements_of_another_shape_are_refused(monkeypatch: pytest.MonkeyPatch, harm: dict[str, Any]) -> None:
    found = json.loads(json.dumps(tried(monkeypatch, MpiUser(), mpi=True)))
    found["checks"][-1].update(harm)
    assert FACTS["slurm_deep"](found) != ""
