"""What a plan says of the site's host CA."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag


def _form(value: Any) -> str:
    return "switch" if isinstance(value, bool) else "word"


HostCa = Annotated[
    Annotated[bool, Tag("switch")] | Annotated[Literal["required"], Tag("word")],
    Discriminator(_form),
]
