"""What messages call the places of one kind of file: the plan, or the accounts beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from provisioner.plan.problems import Keys


@dataclass(frozen=True)
class Vocabulary:
    """The words for one shape.

    Args:
        whole: the file in a sentence, such as `the plan`.
        models: which model describes a place; "*" stands for any one key or index.
        forms: what would be right, by the pattern that a text does not match.
        rights: what would be right, by the name of a field that says more than its type.
        names: what the names in a section are, such as `tier name`; "*" for all other sections.
        missing: how it is said that a field is missing, where `... lacks` is not enough.
    """

    whole: str
    models: Mapping[Keys, type[BaseModel]]
    forms: Mapping[str, str]
    rights: Mapping[str, str]
    names: Mapping[str, str]
    missing: Mapping[str, str] = field(default_factory=dict)
