"""The loop over batches against a played cluster: what is out of work comes back, whatever ends a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import ExitCode, StoppedError
from provisioner.run.diagnose import Diagnosis
from provisioner.run.events import BladeState
from provisioner.run.outcome import Outcome
from provisioner.run.roll_batch import Asked, Rolled
from provisioner.run.rolled import code_of, record_of
from provisioner.run.rolling import Roll
from provisioner.slurm.roll_call import Node, RollCall
from provisioner.slurm.rolling import Limits

BLADES = ["BLD-001", "BLD-002", "BLD-003", "BLD-004"]
IDLE = Node(frozenset({"IDLE"}), silent=False, registered=True, partitions=frozenset({"all"}), boot="old")


@dataclass
class Cluster:
    """Slurm and the blades: it does what each step asks for, and can be stopped at any of them."""

    nodes: dict[str, Node] = field(default_factory=lambda: {name.lower(): IDLE for name in BLADES})
    jobs_last: dict[str, int] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    differs: set[str] = field(default_factory=lambda: set(BLADES))
    booted: set[str] = field(default_factory=set)
    note: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    answers_late: set[str] = field(default_factory=set)
    most_away: int = 0
    stop_at: int = 0
    step: int = 0
    run: str = "20261127T013000Z-1"

    class plan:
        class cluster:
            controller = "BLD-000"

    def say(self, line: str) -> None:
        self.said.append(line)

    def ask(self, do: str, nodes: Any = (), words: str = "", wait: int = 0, **more: Any) -> RollCall:
        self._count()
        result = {}
        for name in nodes if do in ("take", "back", "reboot") else ():
            result[name] = getattr(self, f"_{do}")(name, words)
        if do == "hear" and wait:
            self._jobs_go_on()
            for name in self.answers_late & {*nodes}:
                self.nodes[name] = replace(self.nodes[name], states=self.nodes[name].states - {"UNKNOWN"} | {"IDLE"})
        if "done" in more:
            self.note.setdefault("done", []).extend(more["done"])
        self.note["kind"] = "upgrade"
        away = sum(not node.member().available for node in self.nodes.values())
        self.most_away = max(self.most_away, away)
        return RollCall(dict(self.nodes), result, dict(self.note))

    def _take(self, name: str, words: str) -> str:
        node = self.nodes[name]
        if "DRAIN" in node.states and not node.run:
            return "kept"
        self.nodes[name] = replace(node, states=node.states | {"DRAIN"}, run=self.run, phase=words.split(":")[0])
        return "drained"

    def _back(self, name: str, words: str) -> str:
        node = self.nodes[name]
        if node.run:
            self.nodes[name] = replace(node, states=node.states - {"DRAIN"}, run="", phase="")
        return "resumed" if node.run else "kept"

    def _reboot(self, name: str, words: str) -> str:
        self.booted.add(name.upper())
        node = self.nodes[name]
        states = node.states - {"DRAIN"} if node.run else node.states
        self.nodes[name] = replace(node, states=states, run="", phase="", boot=f"{node.boot}+")
        return "reboots"

    def _jobs_go_on(self) -> None:
        for name, left in list(self.jobs_last.items()):
            self.jobs_last[name] = left - 1
            if left <= 1:
                self.nodes[name] = replace(
                    self.nodes[name], jobs=(), states=self.nodes[name].states - {"ALLOCATED"} | {"IDLE"}
                )
                del self.jobs_last[name]

    def change(self, blades: Any) -> Outcome:
        self._count()
        return self._outcome(blades, "change")

    def prove(self, blades: Any) -> Outcome:
        self._count()
        return self._outcome(blades, "prove")

    def _outcome(self, blades: Any, what: str) -> Outcome:
        states = {}
        for name in ["BLD-000", *blades]:
            node = self.nodes.get(name.lower())
            assert node is None or what == "prove" or node.is_drained, f"{name} was changed while it was in work"
            bad = self.broken.get(name) == what
            states[name] = BladeState(failure=Diagnosis("broken", "mend it") if bad else None)
            if not bad and what == "change":
                self.differs.discard(name)
        code = ExitCode.FAILED if "BLD-000" in self.broken else ExitCode.OK
        return Outcome(code, states, {}, 1.0)

    def _count(self) -> None:
        self.step += 1
        if self.step == self.stop_at:
            raise StoppedError("stopped")

    def busy(self, name: str, looks: int = 2) -> None:
        self.nodes[name] = replace(self.nodes[name], jobs=(17,), states=frozenset({"ALLOCATED"}))
        self.jobs_last[name] = looks


def rolled(cluster: Cluster, most: int = 1, **more: Any) -> Rolled:
    asked = Asked(BLADES, "upgrade", more.pop("reboot", False), Limits(most), {}, more.pop("wait", 100), **more)
    roll = Roll(asked, cluster, {name.lower(): name for name in BLADES})  # type: ignore[arg-type]
    call = cluster.ask("look")
    return roll.run(call, roll.due(call, sorted(cluster.differs)))


def in_work(cluster: Cluster) -> list[str]:
    return [name for name, node in cluster.nodes.items() if node.member().available]


def test_all_are_done_and_back_in_work() -> None:
    cluster = Cluster()
    cluster.busy("bld-002")
    found = rolled(cluster)
    assert (found.failed, found.left, cluster.differs) == ({}, {}, set())
    assert [batch["nodes"] for batch in found.batches] == [["BLD-001"], ["BLD-003"], ["BLD-004"], ["BLD-002"]]
    assert len(in_work(cluster)) == 4
    assert cluster.most_away == 1
    assert any(line.startswith("batch 4 of 4: BLD-002: waits for 1 job, at most 1 min") for line in cluster.said)
    assert code_of(found) == ExitCode.OK


def test_it_stops_at_the_first_failure_and_goes_on_where_it_stopped() -> None:
    cluster = Cluster(broken={"BLD-002": "change"})
    found = rolled(cluster)
    assert (list(found.failed), found.done, list(found.left)) == (["BLD-002"], ["BLD-001"], ["BLD-003", "BLD-004"])
    assert cluster.nodes["bld-002"].phase == "failed"
    assert code_of(found) == ExitCode.DEGRADED
    cluster.broken = {}
    found = rolled(cluster)
    assert [batch["nodes"] for batch in found.batches] == [["BLD-002"], ["BLD-003"], ["BLD-004"]]
    assert len(in_work(cluster)) == 4


def test_a_node_that_does_not_work_is_taken_out_again() -> None:
    cluster = Cluster(broken={"BLD-001": "prove"})
    found = rolled(cluster)
    assert list(found.failed) == ["BLD-001"]
    assert cluster.nodes["bld-001"].phase == "failed"
    assert code_of(found) == ExitCode.FAILED


def test_with_the_word_it_goes_on_with_the_others_as_far_as_the_limit_lets_it() -> None:
    cluster = Cluster(broken={"BLD-001": "change"})
    found = rolled(cluster, most=2, keep_going=True)
    assert (list(found.failed), found.done) == (["BLD-001"], ["BLD-002", "BLD-003", "BLD-004"])
    cluster = Cluster(broken={"BLD-001": "change"})
    found = rolled(cluster, keep_going=True)
    assert all("1 node is away already (BLD-001)" in why for why in found.left.values())


def test_jobs_that_do_not_end_keep_their_node_as_it_was() -> None:
    cluster = Cluster()
    cluster.busy("bld-001", looks=1000)
    found = rolled(cluster, most=1, wait=0, keep_going=True)
    assert list(found.failed) == ["BLD-001"]
    assert "jobs are on it after 0 s (17), so nothing was done" in found.failed["BLD-001"]
    assert cluster.differs == {"BLD-001"}
    assert "DRAIN" not in cluster.nodes["bld-001"].states


def test_the_drain_of_a_person_stays_and_the_work_is_done() -> None:
    cluster = Cluster()
    cluster.nodes["bld-003"] = replace(IDLE, states=frozenset({"IDLE", "DRAIN"}), reason="fans")
    found = rolled(cluster, most=2)
    assert (found.failed, cluster.differs) == ({}, set())
    assert cluster.nodes["bld-003"].states == {"IDLE", "DRAIN"}
    assert cluster.most_away == 2


def test_whoever_is_away_is_left_and_said() -> None:
    cluster = Cluster()
    cluster.nodes["bld-003"] = replace(IDLE, states=frozenset({"DOWN"}), reason="\x1b[2Jnext: rm")
    del cluster.nodes["bld-004"]
    found = rolled(cluster, most=2)
    assert found.done == ["BLD-001", "BLD-002"]
    assert "it is down (\\x1b[2Jnext rm); next: `provision explain BLD-003`" in found.left["BLD-003"]
    assert "it is no member yet" in found.left["BLD-004"]


def test_whoever_is_resumed_by_a_person_meanwhile_is_not_changed() -> None:
    cluster = Cluster()
    take = cluster._take

    def resumed(name: str, words: str) -> str:
        result = take(name, words)
        if words.startswith("change"):
            # It was resumed, a job began, and then it was drained once more.
            cluster.busy(name)
            cluster.nodes[name] = replace(cluster.nodes[name], states=cluster.nodes[name].states | {"DRAIN"})
        return result

    cluster._take = resumed  # type: ignore[method-assign]
    found = rolled(cluster)
    assert found.failed == {"BLD-001": "nothing was done, since somebody has let it take jobs again meanwhile"}
    assert "BLD-001" in cluster.differs
    assert "DRAIN" not in cluster.nodes["bld-001"].states


def test_a_controller_that_fails_stops_everything() -> None:
    cluster = Cluster(broken={"BLD-000": "change"})
    found = rolled(cluster)
    assert (list(found.failed), found.batches, len(in_work(cluster))) == (["BLD-000"], [], 4)


def test_each_is_rebooted_once_also_over_several_runs() -> None:
    cluster = Cluster(broken={"BLD-003": "prove"})
    record = record_of(rolled(cluster, reboot=True), {}, 1.0)
    assert cluster.booted == {"BLD-001", "BLD-002", "BLD-003"}
    assert [name for name, blade in record["blades"].items() if blade["changed"]] == sorted(cluster.booted)
    cluster.booted, cluster.broken, cluster.differs = set(), {}, set()
    assert rolled(cluster, reboot=True).failed == {}
    assert cluster.booted == {"BLD-004"}
    assert len(in_work(cluster)) == 4


@given(stop=st.integers(1, 60), most=st.integers(1, 3), reboot=st.booleans())
def test_wherever_it_is_stopped_the_next_one_ends_well(stop: int, most: int, reboot: bool) -> None:
    cluster = Cluster(stop_at=stop)
    cluster.busy("bld-002")
    cluster.nodes["bld-004"] = replace(IDLE, states=frozenset({"IDLE", "DRAIN"}), reason="fans")
    try:
        rolled(cluster, most + 1, reboot=reboot)
    except StoppedError:
        cluster.run = "20261127T020000Z-2"
        found = rolled(cluster, most + 1, reboot=reboot)
        assert not found.failed
    assert in_work(cluster) == ["bld-001", "bld-002", "bld-003"]
    assert cluster.nodes["bld-004"].states == {"IDLE", "DRAIN"}
    assert cluster.differs == set()
    assert cluster.most_away <= most + 1


def test_the_record_has_each_blade_once() -> None:
    cluster = Cluster(broken={"BLD-002": "change"})
    found = rolled(cluster)
    found.outcomes[1].blades["BLD-001"].notes += ["a rolling run has it out of work (x), left so; y", "old packages"]
    record = record_of(found, {"kind": "upgrade"}, 3.0)
    assert record["blades"]["BLD-001"]["notes"] == ["old packages"]
    assert (record["exit_code"], record["rolling"]["done"]) == (3, ["BLD-001"])
    assert record["blades"]["BLD-002"]["failure"]["message"] == "broken"
    assert record["blades"]["BLD-002"]["failure"]["next_step"] == "mend it"
    assert record["blades"]["BLD-003"]["left"]


@pytest.mark.parametrize(
    "states", [set(), {"UNKNOWN"}, {"IDLE", "NOT_RESPONDING"}, {"FUTURE"}, {"IDLE", "POWERED_DOWN"}]
)
def test_whoever_is_not_known_to_take_jobs_is_away(states: set[str]) -> None:
    member = replace(IDLE, states=frozenset(states)).member()
    assert (member.available, member.workable) == (False, False)


def test_unknown_is_not_drained() -> None:
    assert not Node(frozenset(), silent=True, registered=False).is_drained
    assert not replace(IDLE, states=frozenset({"IDLE", "DRAIN"}), jobs=(1,)).is_drained
    assert not replace(IDLE, states=frozenset({"ALLOCATED", "DRAIN"})).is_drained
    assert replace(IDLE, states=frozenset({"IDLE", "DRAIN"})).is_drained


def test_nodes_of_a_slurmctld_that_has_just_started_are_waited_for() -> None:
    cluster = Cluster()
    out = next(iter(cluster.nodes))
    cluster.nodes[out] = replace(cluster.nodes[out], states=frozenset({"UNKNOWN"}))
    cluster.answers_late = {out}
    found = rolled(cluster)
    assert (found.failed, found.left) == ({}, {})
    assert any("heard nothing since its start" in line for line in cluster.said)


def test_a_node_that_slurmctld_never_hears_of_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioner.run.rolling.HEARD_SECONDS", 0)
    cluster = Cluster()
    out = next(iter(cluster.nodes))
    cluster.nodes[out] = replace(cluster.nodes[out], states=frozenset({"UNKNOWN"}))
    found = rolled(cluster, most=2)
    assert {*found.left} == {out.upper()}
    assert "it is unknown" in found.left[out.upper()]
