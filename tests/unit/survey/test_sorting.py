"""Which machines can be nodes of one cluster, and the one sentence for each that cannot."""

from __future__ import annotations

import re
from typing import Any

import pytest

from provisioner.survey.sorting import Seen, remarks, sort_out
from tests.unit.survey.machines import FACTS, seen

HERE, OWN_ADDRESS = "f" * 32, "10.0.0.200"


def sorted_out(machines: list[Seen], controller: str | None = None) -> tuple[list[str], dict[str, str]]:
    kept, out = sort_out(machines, controller, {HERE}, {OWN_ADDRESS})
    return [each.label for each in kept], {each.label: f"{each.why}; {each.next_step}" for each in out}


def release(version: str) -> dict[str, Any]:
    return {"os": {"id": "debian", "version_id": version, "pretty_name": f"Debian GNU/Linux {version}"}}


def test_machines_that_have_nothing_in_common_are_nodes() -> None:
    assert sorted_out([seen(1, "a"), seen(2, "b"), seen(3, "c")]) == (["a", "b", "c"], {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (release("11"), "Debian GNU/Linux 11, which is not supported; image it with Debian 12 or Debian 13"),
        ({"os": {"id": "ubuntu", "version_id": "24.04", "pretty_name": "Ubuntu 24.04"}}, "Ubuntu 24.04, which is not"),
        ({"init": "sh"}, "its init is sh, not systemd"),
        ({"machine_id": ""}, "no machine-id"),
        ({"read_only": True}, "read-only"),
    ],
)
def test_a_system_that_is_not_supported(change: dict[str, Any], said: str) -> None:
    kept, out = sorted_out([seen(1, "a"), seen(2, "b", **change)])
    assert kept == ["a"]
    assert said in out["b"]


@pytest.mark.parametrize(
    ("releases", "controller", "kept"),
    [
        (["12", "12", "13"], None, "ab"),
        (["12", "13", "13"], None, "bc"),
        (["12", "13"], None, "b"),
        (["12", "13", "13"], "a", "a"),
        (["12", "13", "13"], "nobody", "bc"),
    ],
)
def test_a_cluster_has_one_release(releases: list[str], controller: str | None, kept: str) -> None:
    machines = [
        seen(n, name, **release(version)) for n, (name, version) in enumerate(zip("abc", releases, strict=False))
    ]
    found, out = sorted_out(machines, controller)
    assert found == list(kept)
    assert all("one release of Slurm" in words and "image it with Debian" in words for words in out.values())


def test_one_machine_with_two_names_is_one() -> None:
    twin = seen(1, "b", address="10.0.0.77")
    kept, out = sorted_out([seen(1, "a"), twin, seen(2, "c")])
    assert kept == ["a", "c"]
    assert "the same machine as a" in out["b"]


def test_machines_of_one_image_are_two_and_a_person_is_told() -> None:
    clones = [seen(1, "a"), seen(2, "b", machine_id=f"{1:032x}"), seen(3, "c")]
    assert sorted_out(clones) == (["a", "b", "c"], {})
    (note,) = remarks(clones)
    assert re.match(r"a, b have one machine-id.*; next: .*systemd-machine-id-setup", note)


@pytest.mark.parametrize("own", [{"machine_id": HERE}, {"address": OWN_ADDRESS}])
def test_this_machine_is_a_node_only_where_it_was_named(own: dict[str, Any]) -> None:
    machines = [seen(1, "desk", **own), seen(2, "b")]
    kept, out = sorted_out(machines)
    assert kept == ["b"]
    assert "it is this machine, which a run would change" in out["desk"]
    assert "--controller desk" in out["desk"]
    assert sorted_out(machines, "desk") == (["desk", "b"], {})


@pytest.mark.parametrize("word", ["alpha", "ALPHA", "10.0.0.11", "node001"])
def test_a_person_means_a_machine_by_any_of_its_names(word: str) -> None:
    assert seen(1, "alpha").is_called(word)
    assert not seen(2, "beta").is_called(word)


def test_an_empty_word_means_nobody() -> None:
    assert not seen(1, **{**FACTS, "host_name": ""}).is_called("")
