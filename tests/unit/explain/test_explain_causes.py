"""Each file of cases is what a blade and its controller say beside what is good, and the cause that has to be named."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.explain.causes import explained
from provisioner.explain.evidence import Evidence, as_evidence
from provisioner.explain.page import as_dict, page
from provisioner.explain.shape import CLUSTER_EVIDENCE, NODE_EVIDENCE
from provisioner.run.diagnose import Diagnosis
from tests.unit.explain.good import good

CASES = {path.stem.replace("-", " "): path for path in sorted((Path(__file__).parent / "cases").glob("*.yml"))}


def merged(base: Any, over: Any) -> Any:
    """The values with those of a case in their place; null of a case takes a value away."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return copy.deepcopy(over)
    both = {key: merged(base.get(key), value) for key, value in over.items() if value is not None}
    return {**{key: value for key, value in base.items() if key not in over}, **both}


def evidence(case: Mapping[str, Any]) -> Evidence:
    found = merged(good(), case.get("found", {}))
    for which in ("failure", "controller_failure"):
        if isinstance(found.get(which), Mapping):
            found[which] = Diagnosis(**found[which])
    blade, roles = case.get("blade", "BLD-002"), case.get("roles", ["base", "munge", "slurmd"])
    given = {"failure": None, "controller_failure": None, "unreachable": False, **found}
    return as_evidence(blade, blade.lower(), "BLD-001", roles, given)


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_named(name: str) -> None:
    case = yaml.safe_load(CASES[name].read_text())
    causes = explained(evidence(case)).causes
    keys = [cause.key for cause in causes]
    assert keys[: len(case["keys"])] == case["keys"], causes
    assert case["keys"] or not causes
    if causes:
        assert case["says"] in causes[0].message
        assert case["next"] in causes[0].next_step


@pytest.mark.parametrize("name", CASES)
def test_a_cause_is_one_line_and_has_a_next_step(name: str) -> None:
    for cause in explained(evidence(yaml.safe_load(CASES[name].read_text()))).causes:
        assert "\n" not in cause.message + cause.next_step
        assert cause.next_step
        assert "next:" not in cause.message


@pytest.mark.parametrize("name", CASES)
def test_there_is_a_page_of_it(name: str) -> None:
    found = evidence(yaml.safe_load(CASES[name].read_text()))
    verdict = explained(found)
    assert all(heading and lines for heading, lines, _ in page(found, []))
    told = as_dict(found, verdict, [])
    assert "credential" not in told["says"]
    assert (told["cause"] is None) is (not verdict.causes)


def test_what_is_good_has_the_shape_of_an_answer() -> None:
    facts = good()["facts"]
    assert NODE_EVIDENCE(facts["node_evidence"]) == ""
    assert CLUSTER_EVIDENCE(good()["controller_facts"]["cluster_evidence"]) == ""


@given(reason=st.text(), by=st.text(), line=st.text(), owner=st.sampled_from(["admin", "slurm", "unclear"]))
def test_no_words_of_others_begin_a_step_of_ours(reason: str, by: str, line: str, owner: str) -> None:
    node = {"reason": reason, "by": by, "owner": owner, "states": ["DRAIN", "IDLE"], "drain": [reason]}
    case = {
        "found": {
            "facts": {"state_pending": [{"line": line}], "node_evidence": {"health": f"x {line}"}},
            "controller_facts": {"cluster_evidence": {"node": node}},
        }
    }
    causes = explained(evidence(case)).causes
    assert causes[0].key == f"drained by {owner}"
    for cause in causes:
        assert "next:" not in cause.message.lower()
        assert cause.message.isprintable()
