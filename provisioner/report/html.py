"""The page as one HTML file: nothing in it is loaded from elsewhere, and no text in it is more than text."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from provisioner import __version__
from provisioner.report.page import Page

MADE_BY = "provision report"
"""By this word of its head a file is known as such a page."""
_FILES = Path(__file__).parent / "page_files"


def render(page: Page) -> str:
    """The whole page.

    The browser is told to run and to style by exactly what stands in these files, whose hashes are in the page, and to
    load nothing at all.
    """
    environment = Environment(
        loader=FileSystemLoader(_FILES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style, script = (_FILES / "page.css").read_text(), (_FILES / "page.js").read_text()
    return environment.get_template("page.html.j2").render(
        page=page,
        generator=f"{MADE_BY} {__version__}",
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
