"""What the page says, by what is known."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.report.html import render
from provisioner.report.page import page
from provisioner.report.timeline import DAYS, LATELY, LISTED, MOST_LINES
from provisioner.run.history import past_run
from tests.unit.report.reading import read_page
from tests.unit.report.sites import NOW, asgard, facts, large, node, nodes, record, runs, standing

PLAN = asgard()
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></script><!-- --><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "a' onmouseover='alert(1)",
    "\x1b[31mred\x1b[0m\nnext: rm -rf /\r\u202egnirts",
    "javascript:alert(1) ]]> &lt; &#x3c;",
)


def details(card: Any) -> dict[str, str]:
    return dict(card.details)


def test_the_worst_is_said_first() -> None:
    made = page(facts(PLAN))
    assert [made.cards[name].look.kind for name in made.attention] == ["down", "drained", "drained", "held", "idle"]
    assert made.cards["BLD-002"].alarms == ("provision: drain: new memory (eve@desk)",)
    assert sum(each.count for each in made.counts) == 16
    assert made.trouble == ()


def test_a_blade_tells_its_jobs_hardware_and_last_run() -> None:
    card = page(facts(PLAN)).cards["BLD-003"]
    assert (card.jobs, card.load) == (3, 100)
    said = details(card)
    assert said["3 jobs"] == "4102, 4103, 4104"
    assert said["CPU"] == "Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz, 32 (2 x 8 cores)".replace("(R)", "").replace(
        "CPU ", ""
    )
    assert said["memory"] == "62 GiB"
    assert said["last run"] == f"{runs(PLAN)[0].when()}: changed nothing"
    assert card.hardware.seen == "2026-11-25"


def test_who_is_no_member_is_drawn_as_none() -> None:
    made = page(facts(PLAN))
    assert made.cards["BLD-016"].look.word == "not a member"
    assert made.cards["BLD-006"].look.word == "controller"
    assert details(made.cards["BLD-016"])["memory"] == "8 GiB (by the plan)"


def test_a_node_that_the_plan_does_not_have_is_shown() -> None:
    found = {**nodes(PLAN), "bld-099": node("idle")}
    made = page(facts(PLAN, standing=standing(PLAN, found)))
    assert made.boxes[-1].title == "In Slurm, not in the plan"
    assert [slot.blade for slot in made.boxes[-1].slots] == ["BLD-099"]
    assert "BLD-099" in made.attention


def test_without_the_controller_it_says_so_and_shows_what_is_on_record() -> None:
    made = page(facts(PLAN, standing=None, away="it does not answer; next: look at its power"))
    assert made.trouble[0] == "The controller BLD-006 did not answer: it does not answer; next: look at its power"
    assert {card.look.kind for card in made.cards.values()} == {"unknown"}
    assert len(made.runs) == LISTED
    assert made.attention == [], "that nothing is known is said once"
    assert read_page(render(made)).texts("button")[0].split()[:3] == ["1", "BLD-001", "unknown"]


def test_without_slurmctld_nobody_is_called_no_member() -> None:
    made = page(facts(PLAN, standing=standing(PLAN, {}, up=False)))
    assert made.cards["BLD-006"].look.kind == "down"
    assert made.cards["BLD-008"].look.kind == "unknown"
    assert made.trouble[0].startswith("slurmctld on BLD-006 is down; next: ")


def test_runs_are_counted_by_day() -> None:
    made = page(facts(PLAN))
    assert len(made.days) == DAYS
    assert made.days[-1].day == NOW.date().isoformat()
    assert [day.failed + day.changed + day.same for day in made.days[-3:-1]] == [4, 4]
    assert made.days[-2].words == "2026-11-25: 1 failed, 3 changed nothing"
    assert made.tallest == 4
    assert len(made.changes) == LATELY


def test_a_check_has_changed_nothing() -> None:
    data = {"playbook": "slurm.yml", "check": True, "exit_code": 0, "blades": {"BLD-001": {"changed": ["a -> b"]}}}
    run = past_run("20261126T101500Z-1", data)
    assert run is not None
    made = page(facts(PLAN, runs=[run]))
    assert (made.changes, made.days[-1].changed, made.days[-1].same) == ([], 0, 1)


def test_a_run_with_many_lines_is_cut_and_says_so() -> None:
    data = {
        "playbook": "slurm.yml",
        "exit_code": 0,
        "blades": {"BLD-001": {"changed": [f"{n} -> b" for n in range(50)]}},
    }
    run = past_run("20261126T101500Z-1", data)
    assert run is not None
    ((_, lines),) = page(facts(PLAN, runs=[run])).changes[0].blades
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == f"and {50 - MOST_LINES} more"


def test_a_run_of_an_unknown_time_breaks_nothing() -> None:
    run = replace(runs(PLAN)[0], started="")
    made = page(facts(PLAN, runs=[run], now=NOW + timedelta(days=400)))
    assert made.tallest == 1
    assert made.runs[0].began == ""


def test_without_anything_it_is_a_page(tmp_path: Path) -> None:
    made = page(facts(PLAN, standing=standing(PLAN, {}), runs=[]))
    read = read_page(render(made))
    assert "No run is on record here." in read.all


def hostile(text: str) -> str:
    """The page where everybody who may say something says this."""
    found = {name: node("idle+drain", text, (1,)) for name in nodes(PLAN)}
    made = standing(PLAN, found)
    for name in made.registry:
        made.registry[name] = record(text, cpu_model=text)
    made.security["outdated"] = {name: [text] for name in found}
    failed = {"changed": [text], "notes": [text], "skipped": text, "failure": {"message": text, "next_step": text}}
    data = {
        "by": text,
        "playbook": text,
        "exit_code": 1,
        "meaning": text,
        "blades": {"BLD-001": failed, f" {text}": failed},
    }
    run = past_run("20261126T101500Z-1", data)
    assert run is not None
    # A plan takes no character that is not printable.
    words = "box" + "".join(filter(str.isprintable, text))
    box = PLAN.enclosure.model_copy(update=dict.fromkeys(("name", "model", "switch", "power"), words))
    return render(page(facts(PLAN.model_copy(update={"enclosure": box}), standing=made, runs=[run])))


TAGS = [each.tag for each in read_page(hostile("no harm")).elements]


def assert_only_text(text: str) -> None:
    read = read_page(hostile(text))
    assert [each.tag for each in read.elements] == TAGS
    for each in read.elements:
        assert not [name for name in each.attributes if name.startswith("on") or name == "style"]
        assert each.attributes.get("href", "#").startswith(("#", "data:,"))


@pytest.mark.parametrize("text", HOSTILE)
def test_words_of_others_are_only_words(text: str) -> None:
    assert_only_text(text)
    shown = hostile(text)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", shown)


@pytest.mark.parametrize("field", ["name", "model", "switch", "power"])
def test_what_people_call_an_enclosure_is_shown_as_they_wrote_it(field: str) -> None:
    words = "<u>Row 3</u> & 'north' \"upper\""
    plan = PLAN.model_copy(update={"enclosure": PLAN.enclosure.model_copy(update={field: words})})
    read = read_page(render(page(facts(plan))))
    assert words in read.all
    assert "u" not in {each.tag for each in read.elements}


@settings(max_examples=15)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(lambda text: text.strip() != ""))
def test_any_words_are_only_words(text: str) -> None:
    assert_only_text(text)


def test_nothing_is_loaded_and_only_our_own_script_runs() -> None:
    text = render(page(facts(PLAN)))
    read = read_page(text)
    policy = next(e.attributes["content"] for e in read.elements if "http-equiv" in e.attributes)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
    assert read.scripts == 1


def test_256_blades_are_below_two_megabytes(tmp_path: Path) -> None:
    text = render(page(facts(large(tmp_path))))
    assert len(text.encode()) < 2_000_000
    assert len(read_page(text).texts("button")) == 256
