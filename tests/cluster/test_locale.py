"""Every verb works whatever the locale, here and on the blades; ssh forwards that of a person by default."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.labs import Lab

LOCALES = [
    {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "xx_YY.UTF-8", "LANG": "de_DE.UTF-8", "LC_TIME": "de_DE.UTF-8"},
]


def _answers(cluster: Lab, **surroundings: str) -> None:
    nodes = f"--nodes={cluster.compute[0]}"
    for words in (("slurm", nodes, "--check"), ("slurm", nodes), ("verify", nodes), ("disks", nodes), ("status",),
                  ("unlock", "--json"), ("lab", "status")):  # fmt: skip
        said = cluster.provision(*words, **surroundings)
        assert said.code == 0, f"{words}: {said.text}"
        assert "locale" not in said.text
    assert "(0 changes)" in cluster.provision("slurm", nodes, **surroundings).out


@pytest.mark.parametrize("surroundings", LOCALES, ids=str)
def test_every_verb_works_in_any_locale_of_this_machine(cluster: Lab, surroundings: dict[str, str]) -> None:
    _answers(cluster, **surroundings)


@pytest.fixture
def odd_blades(cluster: Lab) -> Iterator[Lab]:
    """Blades whose sessions have a locale that is not installed there."""
    blades = (cluster.controller, cluster.compute[0])
    for blade in blades:
        cluster.inside(blade, "cp -p /etc/environment /root/environment; echo LC_ALL=xx_YY.UTF-8 >> /etc/environment")
    try:
        yield cluster
    finally:
        for blade in blades:
            cluster.inside(blade, "mv /root/environment /etc/environment")


def test_every_verb_works_in_any_locale_of_the_blades(odd_blades: Lab) -> None:
    _answers(odd_blades)
