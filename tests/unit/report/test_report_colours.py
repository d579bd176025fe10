"""What is written can be read: WCAG AA, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from provisioner import report
from provisioner.report.states import MEANINGS

STYLE = (Path(report.__file__).parent / "page_files" / "page.css").read_text()
TONES = (*MEANINGS, "ink", "quiet", "link")
TEXT, SIGN = 4.5, 3.0


def colours(scheme: str) -> dict[str, str]:
    """The named colours of a scheme."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", blocks[scheme == "dark"]))


def light_of(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((light_of(one), light_of(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mixed(tone: str, surface: str, share: float) -> str:
    """As `color-mix` does under the pointer."""
    pairs = [(int(tone[at : at + 2], 16), int(surface[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tone", TONES)
def test_contrast(scheme: str, tone: str) -> None:
    known = colours(scheme)
    ground = [known["surface"], *([known["ground"], known["frame"]] if tone in ("ink", "quiet") else [])]
    ground += [mixed(known[tone], known["surface"], 0.12)] if tone in MEANINGS else []
    for under in ground:
        assert contrast(known[tone], under) >= TEXT, (scheme, tone, under)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_of_warnings(scheme: str) -> None:
    known = colours(scheme)
    assert contrast(known["ink"], known["alarm"]) >= TEXT
    assert contrast(known["surface"], known["drained"]) >= TEXT
    assert contrast(known["drained"], known["frame"]) >= SIGN


def test_black_is_known_from_white() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert contrast("#777777", "#ffffff") < TEXT
