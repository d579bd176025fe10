"""The odd settings of the campaign: what it reads is what Slurm reads, and each of its checks can fail."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.campaign import settings
from tests.campaign.case import Broken, Case, Place
from tests.campaign.cluster import Cluster
from tests.campaign.settings import SETTINGS, SITE, some_settings
from tests.campaign.site_files import FILTERS, check_sentences, check_text, slurm_conf
from tests.campaign.slurm_reader import pairs

PLAIN = slurm_conf({})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nb = 2", [("a", "1"), ("b", "2")]),
        ("A=1 B=2\tC=3", [("a", "1"), ("b", "2"), ("c", "3")]),
        ("A=1 # B=2", [("a", "1")]),
        ("A=1#B=2", [("a", "1")]),
        ('A="b c" D=e', [("a", "b c"), ("d", "e")]),
        ("A=1\\\nB=2", [("a", "1B=2")]),
        ("A=1\r\nB=2", [("a", "1"), ("b", "2")]),
        ("SlurmctldHost[1]=x", [("slurmctldhost", "x")]),
        ("  Include /tmp/x A=1", [("include", "/tmp/x")]),
    ],
)
def test_the_reader_reads_as_slurm_does(text: str, found: list[tuple[str, str]]) -> None:
    assert pairs(text) == (found, [])


def test_the_reader_tells_what_is_no_pair() -> None:
    assert pairs("A=1\nnonsense B=2") == ([("a", "1")], ["nonsense B=2"])


def test_the_reader_finds_everything_in_our_own_file() -> None:
    found, junk = pairs(PLAIN)
    assert junk == []
    assert [value for key, value in found if key == "nodename"] == ["bld-007", "bld-008"]


@pytest.mark.parametrize(
    ("site", "more", "sentence"),
    [
        ({"MailProg": "x"}, "MailProg=x\nNodeName=evil", "nodename is another one"),
        ({"MailProg": "x"}, "MailProg=x SlurmUser=root", "slurmuser is another one"),
        ({"MailProg": "x"}, "Include /tmp/x", "include is another one"),
        ({"Debug": "x"}, "Debug=x Other=1", "nobody asked for"),
        ({"Debug": "x # y"}, "Debug=x # y", "another value"),
        ({"Debug": None}, "Debug=1", "to be dropped"),
    ],
)
def test_what_a_setting_must_not_do_is_seen(site: dict[str, Any], more: str, sentence: str) -> None:
    plain = "\n".join(row for row in PLAIN.split("\n") if not row.startswith("MailProg"))
    with pytest.raises(Broken, match=sentence):
        check_text(plain, f"{plain}\n{more}\n", site)


def test_what_a_setting_should_do_passes() -> None:
    assert check_text(
        PLAIN, slurm_conf({"messagetimeout": 61, "MailProg": None}), {"messagetimeout": 61, "MailProg": None}
    )


@pytest.mark.parametrize("problem", ["no step", "two\nlines; next: x"])
def test_a_bad_refusal_is_seen(problem: str) -> None:
    with pytest.raises(Broken, match="without a next step"):
        check_sentences([problem])


def no_cluster() -> Cluster:
    raise AssertionError("a part without blades asked for a cluster")


def broken_of(seed: int, numbers: int, tmp_path: Path) -> Counter[str]:
    """What so many cases find."""
    found: Counter[str] = Counter()
    with SETTINGS.open(Place(tmp_path, no_cluster)) as run:
        for number in range(numbers):
            try:
                run(Case("settings", number, seed), Counter())
            except Broken as broken:
                found[broken.sentence] += 1
    return found


def test_a_guard_that_is_switched_off_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(FILTERS, "slurm_site_problems", lambda given: [])
    assert {"nodename is another one", "slurmuser is another one"} <= broken_of(1, 600, tmp_path).keys()


def test_a_guard_that_stops_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(FILTERS, "slurm_site_problems", lambda given: given["no such key"])
    assert "the filter slurm_site_problems stops" in broken_of(1, 20, tmp_path)


def test_a_seed_makes_the_same_settings() -> None:
    first = [repr(some_settings(Case("settings", number, 5).random())) for number in range(50)]
    assert first == [repr(some_settings(Case("settings", number, 5).random())) for number in range(50)]
    assert len(set(first)) > 40


def test_every_variable_of_the_list_is_one_of_a_role() -> None:
    for name in SITE["variables"]:
        assert name in settings.specification(name.partition("_")[0]), name
