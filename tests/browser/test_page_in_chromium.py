"""The page of `provision report` in a real Chromium: how it looks, by pointer, finger and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.report.html import render
from provisioner.report.page import page
from tests.browser.chromium import Tab, chromium
from tests.unit.report import sites
from tests.unit.report.test_report_page import HOSTILE, hostile

SHOWN = (
    "[...document.querySelectorAll('.card')].filter(c => c.checkVisibility()).map(c => c.getAttribute('aria-label'))"
)
FOCUSED = "document.querySelector('.bay > button:focus .name')?.textContent ?? document.activeElement.tagName"
OUTSIDE = """(() => {
  const b = [...document.querySelectorAll('.card')].find(c => c.checkVisibility()).getBoundingClientRect();
  return b.left < 0 || b.top < 0 || b.right > innerWidth || b.bottom > innerHeight; })()"""
# What hostile words would have left behind, had they been more than words.
HARM = "document.querySelectorAll('img, iframe, [onclick], [onerror], [onload], [onmouseover], [style]').length"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of sites small and large, and of one where everybody says hostile words."""
    folder = tmp_path_factory.mktemp("pages")
    asgard = sites.asgard()
    texts = {
        "asgard": render(page(sites.facts(asgard))),
        "away": render(page(sites.facts(asgard, standing=None, away="it is off; next: look at its power"))),
        "large": render(page(sites.facts(sites.large(folder)))),
        "hostile": hostile("".join(HOSTILE)),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)
    return {name: folder / f"{name}.html" for name in texts}


@pytest.fixture(autouse=True)
def _without_complaints(tab: Tab) -> Iterator[None]:
    """Nothing in the console, and nothing asked of any network."""
    yield
    assert tab.complaints() == []
    assert tab.loaded() == []


@pytest.mark.parametrize("name", ["asgard", "away", "large", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_in_any_window(tab: Tab, pages: dict[str, Path], name: str, scheme: str, width: int) -> None:
    tab.open(pages[name], width, 800, scheme)
    assert tab.ask("document.documentElement.scrollWidth") <= width
    blades = 256 if name == "large" else 16
    assert tab.ask("[...document.querySelectorAll('.bay > button')].filter(b => b.checkVisibility()).length") == blades
    cut = (
        "[...document.querySelectorAll('.bay > button .word')].filter(w => w.getBoundingClientRect().width < 4).length"
    )
    assert tab.ask(cut) == 0, "a state without its word"
    light = tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(238, 241, 244)"
    assert light == (scheme == "light")


def test_a_c7000_is_two_rows_of_eight(tab: Tab, pages: dict[str, Path]) -> None:
    for width in (360, 1280):
        tab.open(pages["asgard"], width)
        tops = tab.ask("[...document.querySelectorAll('.bay')].map(b => Math.round(b.getBoundingClientRect().top))")
        assert len(tops) == 16
        assert tops == [tops[0]] * 8 + [tops[8]] * 8
        assert tops[8] > tops[0]


def test_by_pointer(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["asgard"], 1280, 1000)
    tab.ask("document.querySelector('.boxes').scrollIntoView()")
    for button, blade in (("#b0", "BLD-001"), ("#b7", "BLD-008"), ("#b15", "BLD-016")):
        tab.point(button)
        assert tab.ask(SHOWN) == [blade]
        assert not tab.ask(OUTSIDE)
    tab.point("#b1", click=True)
    tab.point("#b9")
    assert tab.ask(SHOWN) == ["BLD-002"], "what was opened stays"
    tab.point("h2", click=True)
    assert tab.ask(SHOWN) == []


def test_by_finger(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["asgard"], 390, 844)
    tab.ask("document.querySelector('.boxes').scrollIntoView()")
    tab.point("#b12", click=True)
    assert tab.ask(SHOWN) == ["BLD-013"]
    assert not tab.ask(OUTSIDE)
    assert tab.ask("document.querySelector('#b12').getBoundingClientRect().width") >= 24, "the least a finger meets"


def test_by_keyboard(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["asgard"])
    for _ in range(8):
        if tab.ask(FOCUSED) == "BLD-001":
            break
        tab.press("Tab")
    assert tab.ask(FOCUSED) == "BLD-001"
    assert tab.ask(SHOWN) == ["BLD-001"]
    walk = {
        "ArrowRight": "BLD-002",
        "ArrowDown": "BLD-010",
        "ArrowLeft": "BLD-009",
        "ArrowUp": "BLD-001",
        "End": "BLD-016",
    }
    for key, blade in walk.items():
        tab.press(key)
        assert tab.ask(FOCUSED) == blade, key
        assert tab.ask(SHOWN) == [blade]
        assert not tab.ask(OUTSIDE)
    tab.press("Enter")
    assert tab.ask("document.activeElement.getAttribute('aria-expanded')") == "true"
    tab.press("Home")
    assert tab.ask(SHOWN) == ["BLD-001"], "once opened, the details go along"
    tab.press("Escape")
    assert tab.ask(SHOWN) == []
    assert tab.ask(FOCUSED) == "BLD-001"
    tab.press("Tab")
    assert tab.ask(FOCUSED) == "SUMMARY", "the blades are one stop"


def test_a_name_at_the_top_leads_to_its_blade(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["large"])
    tab.point(".attention li:nth-child(3) a", click=True)
    assert tab.ask(FOCUSED) == "node009"
    assert tab.ask(SHOWN) == ["node009"]
    assert not tab.ask(OUTSIDE)


def test_hostile_words_do_nothing(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["hostile"])
    assert tab.ask(HARM) == 0
    tab.point("#b0", click=True)
    assert "<script>alert(1)</script>" in tab.ask("document.querySelector('#b0-d .alarm').textContent")
    # The enclosure is called so, too.
    assert "<script>alert(1)</script>" in tab.ask("document.querySelector('#box-1').textContent")


def test_the_policy_stops_what_got_in_all_the_same(tab: Tab, pages: dict[str, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(pages["asgard"].read_text().replace("<main>", "<main><script>window.harm = 1</script>"))
    tab.open(bad)
    assert tab.ask("typeof window.harm") == "undefined"
    assert tab.complaints()
    tab.events.clear()


def test_on_paper_everything_is_light_and_nothing_is_hidden(tab: Tab, pages: dict[str, Path]) -> None:
    tab.open(pages["asgard"], scheme="dark")
    tab.look(1000, 800, "dark", media="print")
    assert tab.ask("getComputedStyle(document.querySelector('.name')).color") == "rgb(23, 32, 43)"
    assert tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.ask("document.querySelectorAll('tbody tr').length") > 16
    assert tab.ask("getComputedStyle(document.querySelector('.wide')).overflowX") == "visible"
    assert tab.call("Page.printToPDF", printBackground=True)["data"]
    tab.look(1280, 900)


def test_without_scripts_the_details_are_there(tab: Tab, pages: dict[str, Path]) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open(pages["asgard"])
        tab.point("#b4")
        assert tab.ask(SHOWN) == ["BLD-005"]
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)
