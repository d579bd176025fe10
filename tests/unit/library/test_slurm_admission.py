"""Nodes that take jobs once they are proved; slurmctld is played, as far as it is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.library.modules import answer_of, shared
from tests.unit.library.slurm_cluster import ADMISSION, JOBS, NODES, VERIFY, Play, node, update

OWNER = shared("drain_owner")
UNPROVED, ROLLING = OWNER.UNPROVED, OWNER.ROLLING


class Controller:
    """Nodes as state and reason, reservations as their nodes, and in which order slurmctld was told what."""

    def __init__(self, **nodes: tuple[str, str]) -> None:
        self.nodes = dict(nodes)
        self.reserved: dict[str, str] = {}
        self.told: list[str] = []
        self.refuses = ""

    def run(self, *command: str, limit: float = 60) -> tuple[int, str, str]:
        words = command[1:]
        if words[:2] == ("update", words[1]) and words[1].startswith("nodename="):
            update(self.nodes, command)
            self.told.append(" ".join(words[1:]))
        elif words[:2] == ("create", "reservation"):
            given = dict(word.split("=", 1) for word in words[2:])
            if self.refuses and self.refuses in given["users"]:
                return 1, "", "Error creating the reservation: Invalid account"
            self.reserved[given["reservationname"]] = given["nodes"]
            self.told.append("reserve")
        elif words[0] == "delete":
            del self.reserved[words[1].removeprefix("reservationname=")]
            self.told.append("free")
        elif "reservation" in words:
            rows = [
                f"ReservationName={name} Start=x Nodes={nodes} Flags=MAINT" for name, nodes in self.reserved.items()
            ]
            return 0, "\n".join(rows) or "No reservations in the system\n", ""
        elif "hostnames" in words:
            return 0, words[-1].replace(",", "\n"), ""
        else:
            rows = [node(name, state, reason=reason, by="root") for name, (state, reason) in self.nodes.items()]
            return 0, "\n".join(rows), ""
        return 0, "", ""

    def held(self) -> dict[str, Any]:
        found: dict[str, Any] = NODES.show_nodes()
        return found


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Controller:
    made = Controller(a=("IDLE+DRAIN", f"{UNPROVED}x"), b=("IDLE+DRAIN", f"{ROLLING}RUN reboot"))
    for module in (ADMISSION, NODES, JOBS):
        monkeypatch.setattr(module, "run", made.run)
    return made


def test_a_node_is_reserved_before_it_is_no_longer_drained_and_free_at_last(played: Controller) -> None:
    nodes = {"a": played.held()["a"]}
    assert ADMISSION.admitted(nodes, lambda reservation: {"a": []}) == {}
    assert played.told == ["reserve", "nodename=a state=undrain", "nodename=a reason=provision: was drained: x", "free"]
    assert played.reserved == {}


def test_one_that_fails_is_drained_again_before_it_is_free(played: Controller) -> None:
    wrong = {"a": ["no scratch : or so"], "b": []}
    assert ADMISSION.admitted(played.held(), lambda reservation: wrong) == {"a": ["no scratch : or so"]}
    assert played.nodes["a"] == ("IDLE+DRAIN", f"{UNPROVED}no scratch: or so")
    assert played.nodes["b"] == ("IDLE", "provision: was drained: RUN reboot")
    assert played.told[-2:] == [f"nodename=a state=drain reason={UNPROVED}no scratch: or so", "free"]


def test_a_rolling_run_finds_its_own_drain_again(played: Controller) -> None:
    before = played.nodes["b"]
    ADMISSION.admitted({"b": played.held()["b"]}, lambda reservation: {"b": ["silent"]})
    assert played.nodes["b"] == before


def test_nobody_is_free_after_a_proof_that_broke_off(played: Controller) -> None:
    def breaks(reservation: str) -> dict[str, list[str]]:
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError):
        ADMISSION.admitted(played.held(), breaks)
    assert all("DRAIN" in state for state, _ in played.nodes.values())
    assert played.reserved == {}


def test_accounts_without_associations_may_have_none_and_root_may(played: Controller) -> None:
    played.refuses = "nobody"
    assert ADMISSION.admitted({"a": played.held()["a"]}, lambda reservation: {}) == {}
    played.refuses = "root"
    found = ADMISSION.admitted({"b": played.held()["b"]}, lambda reservation: {})
    assert "it stays out of work: Error creating the reservation" in found["b"][0]
    assert "DRAIN" in played.nodes["b"][0]


def test_what_a_dead_verification_left_is_closed_and_that_of_a_living_one_stays(played: Controller) -> None:
    alive = f"provision-proof-{JOBS.process().replace(':', '-')}"
    played.nodes |= {"a": ("IDLE+MAINT", ""), "b": ("IDLE", "")}
    played.reserved = {"provision-proof-1-1": "a", alive: "b", "maintenance": "b"}
    ADMISSION.close()
    assert played.nodes == {"a": ("IDLE+DRAIN", f"{UNPROVED}a new installation"), "b": ("IDLE", "")}
    assert set(played.reserved) == {alive, "maintenance"}


def test_who_waits_for_a_proof(played: Controller) -> None:
    played.nodes["c"] = ("IDLE+DRAIN", "fan")
    assert ADMISSION.waiting(["a", "b", "c", "d"], played.held(), []) == ["a"]
    assert ADMISSION.waiting(["a", "b", "c", "d"], played.held(), ["b", "c"]) == ["a", "b"]


def test_an_admins_drain_is_no_wait_for_a_proof(played: Controller) -> None:
    played.nodes = {"a": ("IDLE+DRAIN", "fan"), "b": ("DOWN", "")}
    ADMISSION.keep_out({"a": ["x"], "b": ["y"], "unknown": ["z"]})
    assert played.nodes == {"a": ("IDLE+DRAIN", "fan"), "b": ("IDLE+DRAIN", f"{UNPROVED}y")}


@pytest.mark.parametrize("looks", [3, 10**6], ids=["soon", "never"])
def test_the_job_comes_once_slurmctld_has_heard_of_the_node_again(play: Play, looks: int) -> None:
    """Slurm takes a node for silent that is no longer drained, until it has answered anew."""
    cluster = play(node("a", "IDLE+DRAIN", reason=f"{ROLLING}RUN reboot", by="root"))
    asked: list[str] = []

    def told(command: tuple[str, ...]) -> None:
        if "state=undrain" in command:
            cluster.nodes = [node("a", "IDLE*+MAINTENANCE")]
            asked.append("undrain")
        elif command[0] == "srun":
            asked.append("job" if cluster.nodes == [node("a", "IDLE+MAINTENANCE")] else "job too early")
        elif command[-1] == "nodes" and asked:
            asked.append("look")
            if len(asked) > looks and "IDLE*" in cluster.nodes[0]:
                cluster.nodes = [node("a", "IDLE+MAINTENANCE")]
        elif "state=drain" in command:
            asked.append("drain")

    cluster.told = told
    wanted = {"nodes": ["a"], "prove": [], "give_back": ["a"], "timeout": 1 if looks > 3 else 20}
    problems = answer_of(VERIFY, **wanted)["ansible_facts"]["slurm_verify"]["nodes"]["a"]["problems"]
    if looks == 3:
        assert ("job" in asked, "job too early" in asked, problems) == (True, False, [])
    else:
        assert problems == ["slurmctld gets no answer from its slurmd"]
        assert "drain" in asked
        assert not cluster.jobs
