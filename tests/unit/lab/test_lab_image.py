from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.lab.image import PARTS, Recipe
from provisioner.lab.settings import Release

RECIPE = Recipe(
    release=Release.BOOKWORM,
    user="admin",
    sources=("deb http://mirror.test/debian bookworm main",),
    apt_settings=('Acquire::Retries "3";',),
    parts={"boot": b"#!/bin/sh\n"},
    certificates={"ca.crt": b"CA"},
)


def test_equal_recipes_give_one_image() -> None:
    assert RECIPE.name == replace(RECIPE).name
    assert RECIPE.name.startswith("localhost/provision-lab:bookworm-")


@pytest.mark.parametrize(
    "other",
    [
        replace(RECIPE, release=Release.TRIXIE),
        replace(RECIPE, user="root"),
        replace(RECIPE, sources=("deb http://other.test/debian bookworm main",)),
        replace(RECIPE, apt_settings=()),
        replace(RECIPE, parts={"boot": b"#!/bin/bash\n"}),
        replace(RECIPE, parts={"boot#": b"!/bin/sh\n"}),
        replace(RECIPE, certificates={}),
    ],
)
def test_any_other_content_is_another_image(other: Recipe) -> None:
    assert other.name != RECIPE.name


def test_the_base_is_shared_by_all_that_differs_later() -> None:
    assert replace(RECIPE, user="root", parts={}).base_name == RECIPE.base_name
    assert replace(RECIPE, release=Release.TRIXIE).base_name != RECIPE.base_name


def test_the_container_file_uses_every_part() -> None:
    containerfile = (PARTS / "Containerfile").read_text()
    for part in PARTS.iterdir():
        assert part.name == "Containerfile" or f"COPY {part.name} " in containerfile
