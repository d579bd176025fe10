"""Draws docs/report.png: the page of `provision report` of a made-up day of ASGARD, in a Chromium.

python -m docs.report_picture docs/report.png
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from provisioner.report.html import render
from provisioner.report.page import page
from tests.browser.chromium import chromium
from tests.unit.report import sites

WIDTH, HEIGHT = 1040, 830


def main(target: Path) -> None:
    """Writes the picture."""
    with tempfile.TemporaryDirectory() as name, chromium(Path(name)) as tab:
        file = Path(name) / "report.html"
        file.write_text(render(page(sites.facts(sites.asgard()))))
        tab.open(file, WIDTH, HEIGHT)
        tab.point("#b7", click=True)
        tab.picture(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
