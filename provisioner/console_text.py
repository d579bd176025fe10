"""The one sanitizer between what nodes, users and Slurm say and a person's terminal. Pure.

Escape sequences move the cursor and rewrite what stands above, controls of bidirectional text turn a command round,
invisible characters hide in names. All of them are shown as what they are, such as `\\x1b` or `\\u202e`.
"""

from __future__ import annotations

import re
import unicodedata

# What a sentence, a note or a name may be long; what is cut off is counted.
LONGEST = 2000
# Letters and symbols without any ink, which Python calls printable.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# More marks than this over one letter are no language; they grow over the lines around.
_MOST_MARKS = 2


def one_line(text: object, most: int = LONGEST) -> str:
    """The text as one line of visible characters, cut after `most` of them."""
    return visible(_cut(str(text).strip(), most))


def their_words(text: object, most: int = 200) -> str:
    """The words of a node or a user inside a sentence of ours: one short line that cannot begin our next step."""
    return re.sub(r"(?i)next\s*:[\s:]*", "next ", one_line(text, most))


def lines(text: object, most: int = LONGEST) -> list[str]:
    """The text as lines of visible characters, each cut after `most`; line ends of every kind count."""
    return [visible(_cut(line, most)) for line in str(text).expandtabs(4).replace("\r\n", "\n").split("\n")]


def visible(text: str) -> str:
    """The text with every character that is not seen as itself written out."""
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        shown.append(character if _is_seen(character) and marks <= _MOST_MARKS else _written_out(character))
    return "".join(shown)


def counted(number: int, noun: str) -> str:
    """`1 blade`, `4 blades`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def same_width(text: str, encoding: str = "utf-8") -> str:
    """The text with a question mark for every character that is not seen as itself, or that the terminal cannot print.

    The last fence, behind which a table is already laid out. Line ends stay.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    safe = "".join(character if character == "\n" or _is_seen(character) else "?" for character in text)
    return safe.encode(encoding, "replace").decode(encoding, "replace")


def _is_seen(character: str) -> bool:
    return character.isprintable() and character not in _BLANK


def _written_out(character: str) -> str:
    number = ord(character)
    known = {9: "\\t", 10: "\\n", 13: "\\r"}
    if number in known:
        return known[number]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}... ({len(text) - most} more characters)"
