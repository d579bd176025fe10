"""What the parts on blades decide without one: data of the lists, texts of terminals, what a mutated answer is."""

from __future__ import annotations

import json
import shlex
import subprocess
from itertools import islice
from pathlib import Path

import pytest

from tests.campaign.brought import ROLES, Thing
from tests.campaign.case import Broken, Case
from tests.campaign.cluster import Cluster
from tests.campaign.disturbances import DISTURBANCES
from tests.campaign.faults import FAULTS
from tests.campaign.first_time import ENDS, Services, event
from tests.campaign.mutated_answer import mutated
from tests.campaign.nodes import WORDS, check_said, without
from tests.campaign.schedule import cases
from tests.campaign.struck import plain
from tests.campaign.terminal import Terminal
from tests.cluster.labs import Said

FACTS = {"ansible_facts": {"blade": {"cpu": {"cpus": 2}, "skew": 0.1, "slurmd_c": "NodeName=x CPUs=2", "paths": {}}}}


@pytest.mark.parametrize(
    ("text", "lost"),
    [("", False), ("\x1b[?25lworking", True), ("\x1b[?25lworking\x1b[?25h", False), ("\x1b[?25h\x1b[?25l", True)],
)
def test_a_lost_cursor_is_seen(tmp_path: Path, text: str, lost: bool) -> None:
    log = tmp_path / "log"
    log.write_bytes(text.encode() + b"\xe2\x94")  # half a character: it was killed
    with subprocess.Popen(["true"]) as process:
        assert Terminal(process, log, tmp_path).cursor_is_lost == lost


def test_what_a_terminal_got_is_readable() -> None:
    assert plain("\x1b[1;31mred\x1b[0m\r\nnext\x1b[?25h") == "red\nnext"


def test_an_answer_is_mutated_alike_by_the_same_seed() -> None:
    found = [mutated(json.loads(json.dumps(FACTS)), f"7:nodes:{number}", WORDS["values"]) for number in range(100)]
    again = [mutated(json.loads(json.dumps(FACTS)), f"7:nodes:{number}", WORDS["values"]) for number in range(100)]
    assert found == again
    assert len(set(found)) > 50
    assert sum(json.loads(each) == FACTS for each in found) < 20


def test_what_slurm_conf_says_of_others_is_compared() -> None:
    text = "NodeName=a CPUs=2\nNodeName=b CPUs=2\nPartitionName=all DefMemPerCPU=100 Nodes=a,b\n"
    assert without(text, "b") == without(text.replace("b CPUs=2", "b CPUs=4").replace("=100", "=50"), "b")
    assert without(text, "b") != without(text.replace("a CPUs=2", "a CPUs=4"), "b")
    assert without(text, "b") != without(text + "NodeName=evil\n", "b")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Said(3, "", "Traceback (most recent call last)"), "a traceback"),
        (Said(1, "{}", ""), "ends with 1"),
        (Said(0, "a\x1b[2J", ""), "moves a cursor"),
        (Said(0, "a\u202eb", ""), "moves a cursor"),
    ],
)
def test_a_bad_answer_is_seen(said: Said, sentence: str) -> None:
    with pytest.raises(Broken, match=sentence):
        check_said(said, (0, 3))


def test_there_is_much_to_choose_from() -> None:
    assert len(DISTURBANCES) > 30
    assert len(FAULTS) > 20
    # what is put right by the next run has no `mend`; what strikes a container has one
    for name in ("power cut of a blade", "frozen blade", "frozen controller", "unplugged blade"):
        assert FAULTS[name].mend, name


@pytest.mark.parametrize("name", ["there", "not there"])
def test_what_a_service_brings_is_seen_and_taken_away(tmp_path: Path, name: str) -> None:
    (tmp_path / "there").touch()
    thing = Thing("BLD-002", "health", "files", shlex.quote(str(tmp_path / name)))
    assert subprocess.run(["sh", "-c", thing.there], check=False).returncode == (name != "there")
    subprocess.run(["sh", "-c", thing.gone], check=True)
    assert subprocess.run(["sh", "-c", thing.there], check=False).returncode == 1


def test_each_service_has_its_turn() -> None:
    things = [Thing("BLD-002", role, "files", f"/{role}/{number}") for role in ROLES for number in range(3)]
    services = Services(Cluster(None, [], ""), "", things, {})  # type: ignore[arg-type]
    chosen = [event(services, case, case.random()) for case in islice(cases(Case("first", 0, 7)), len(ROLES))]
    assert {thing.role for thing in chosen} == set(ROLES)
    assert set(ENDS) < set(FAULTS)
