"""Writes the files in docs/programs.md anew: each is the very one that `make programs` runs.

python docs/programs.py
"""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent / "programs.md"
FILES = Path(__file__).parents[1] / "tests" / "programs" / "shown"
_FILE = re.compile(r"(<!-- file: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_LANGUAGES = {".py": "python", ".yaml": "yaml", "": "text"}


def page(text: str) -> str:
    """The page with its files as they are."""
    return _FILE.sub(lambda found: f"{found[1]}{_block(FILES / found[2])}{found[3]}", text)


def shown(text: str) -> set[str]:
    """The names of the files in it."""
    return {found[2] for found in _FILE.finditer(text)}


def _block(file: Path) -> str:
    return f"```{_LANGUAGES[file.suffix]}\n{file.read_text()}```\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
