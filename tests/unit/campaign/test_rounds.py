"""What the rounds over a cluster at work decide without one: whose turn it is, and that each promise can break."""

from __future__ import annotations

import subprocess
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.campaign.case import Case, Tally
from tests.campaign.faults import FAULTS
from tests.campaign.full_disk import OF_CONTROLLER, emptying, filling
from tests.campaign.incidents import AWAY, INCIDENTS, OF_DAEMONS, OF_THE_RUN, WITH_KEYS, Scene
from tests.campaign.one_round import Deed, One
from tests.campaign.rounds import turn
from tests.campaign.schedule import cases
from tests.cluster.labs import Said


def test_everything_happens_once_before_anything_happens_twice() -> None:
    chosen = [turn(WITH_KEYS, case) for case in islice(cases(Case("rotate", 0, 7)), len(WITH_KEYS))]
    assert sorted(chosen) == sorted(WITH_KEYS)
    assert chosen == [turn(WITH_KEYS, Case("rotate", number, 7)) for number in range(len(WITH_KEYS))]
    assert set(WITH_KEYS) - set(INCIDENTS) == {"another key"}


def test_every_fault_is_of_one_kind() -> None:
    kinds = [set(names) for names in (AWAY, OF_DAEMONS, OF_THE_RUN)]
    assert sum(map(len, kinds)) == len(set.union(*kinds)) == len(FAULTS) - 3
    assert all("blade" in name or "controller" in name for name in AWAY)
    assert not [name for name in OF_THE_RUN if FAULTS[name].mend or FAULTS[name].on_controller]


class Cluster:
    """A lab that says what the test wants."""

    def __init__(self, *said: Said) -> None:
        self.answers = list(said)
        self.lab = SimpleNamespace(
            provision=lambda *words: self.answers.pop(0), slurm=lambda *words: self.answers.pop(0)
        )
        self.targets, self.keeper = ["BLD-002"], "BLD-003"


def one(said: Said, **more: Any) -> One:
    given = {"words": ["rotate", "munge"], "ended": lambda: "", "others": (), "by_run": False, **more}
    scene = Scene(Cluster(said), Case("rotate", 0, 7).random(), (1.0,), ())  # type: ignore[arg-type]
    return One(scene, Deed(**given), "", Tally())


ENDS: dict[str, tuple[Said, dict[str, Any], bool, str]] = {
    "well": (Said(0, "", ""), {}, False, ""),
    "well, and it is not so": (Said(0, "", ""), {"ended": lambda: "no"}, False, "does not do what it promises"),
    "as it may": (Said(3, "", ""), {"codes": (3,)}, False, ""),
    "refused with a next step": (Said(1, "x; next: y", ""), {}, False, ""),
    "refused without one": (Said(1, "x", ""), {}, False, "it ends with 1"),
    "refused although nothing is wrong": (Said(1, "x; next: y", ""), {}, True, "it ends with 1"),
}


def test_what_has_ended_well_may_be_refused_afterwards() -> None:
    for once, code in ((True, 0), (False, 0), (True, 4)):
        found = one(Said(2, "it lives; next: say --keep", ""), once=once)
        found.scene.harmless = True
        found._end(code)
        assert bool(found.scene.broken) == (not once or code != 0)


@pytest.mark.parametrize("case", ENDS)
def test_how_the_same_words_end_is_judged(case: str) -> None:
    said, more, harmless, broken = ENDS[case]
    found = one(said, **more)
    found.scene.harmless = harmless
    found._end(1)
    assert broken in "; ".join(found.scene.broken)
    assert bool(found.scene.broken) == bool(broken)


@pytest.mark.parametrize(
    ("code", "said", "is_refused"), [(1, "BLD-002: its munge key", True), (0, "BLD-002", False), (1, "no", False)]
)
def test_a_node_with_another_key_has_to_be_named(code: int, said: str, is_refused: bool) -> None:
    found = one(Said(0, "", ""), refused=True)
    found.scene.spoiled, found.evidence["said"] = "BLD-002", said
    found._refusal(code)
    assert (found.scene.broken == []) == is_refused


def test_a_folder_that_is_not_there_is_left(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    for script in (filling([missing]), emptying([missing]), emptying([str(tmp_path)])):
        subprocess.run(["sh", "-c", script], check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", [filling(OF_CONTROLLER, "lab"), emptying(OF_CONTROLLER, "lab")])
def test_what_runs_on_blades_is_a_script(script: str) -> None:
    subprocess.run(["sh", "-n", "-c", script], check=True)
