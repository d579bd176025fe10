"""Reads a page as a browser does, as far as Python has it: elements, their words, and no markup that is left over."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "br", "img", "input", "use", "circle", "path", "rect"})


@dataclass
class Element:
    """An element: its name, attributes and all text within it."""

    tag: str
    attributes: dict[str, str]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its words with one blank between them."""
        return " ".join(" ".join(self.words).split())


class Read(HTMLParser):
    """A page that was read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.loose: list[str] = []

    @property
    def scripts(self) -> int:
        """How many scripts there are."""
        return len([each for each in self.elements if each.tag == "script"])

    @property
    def all(self) -> str:
        """All text of the body."""
        return next(each.text for each in self.elements if each.tag == "body")

    def texts(self, tag: str, name: str = "") -> list[str]:
        """The texts of all elements of that name, and of that class."""
        return [
            each.text
            for each in self.elements
            if each.tag == tag and (not name or name in each.attributes.get("class", "").split())
        ]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {key: value or "" for key, value in attrs})
        self.elements.append(made)
        if tag not in _VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes {self._open[-1].tag}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for each in self._open:
            each.words.append(data)


def read_page(text: str) -> Read:
    """The page; one whose elements do not close as they opened is none."""
    read = Read()
    read.feed(text)
    read.close()
    assert not read._open, f"left open: {[each.tag for each in read._open]}"
    return read
