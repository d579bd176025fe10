"""What a node may be called, and that it has one host name."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.names import folded, host_name, name_problem


@pytest.mark.parametrize("written", ["BLD-008", "bld-008", " Bld-008 "])
def test_one_blade_has_one_host_name(written: str) -> None:
    assert host_name(written) == "bld-008"


@given(st.from_regex(r"[A-Za-z]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?", fullmatch=True))
def test_the_case_does_not_matter(name: str) -> None:
    assert host_name(name.upper()) == host_name(name.lower()) == host_name(host_name(name))


@pytest.mark.parametrize("name", ["BLD-008", "node001", "gpu-a-01", "Node7", "x", "7up", "r2n07-ib", "a" * 63])
def test_names_that_a_host_may_have(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("node1.example.org", "is no name of a node", "write node1, and `domain: example.org` with it"),
        ("gpu_01", "is no name of a node", "write gpu-01"),
        ("_", "is no name of a node", "use letters"),
        ("12", "read as an address or a number", "such as node12"),
        ("0x1F", "read as an address or a number", "put letters before it"),
        ("all", "reserved", "call it something else"),
        ("LocalHost", "reserved", "call it something else"),
        ("none-yet", "reserved", "call it something else"),
        ("slurm_members", "is no name of a node", "write slurm-members"),
        ("node-", "is no name of a node", "use letters"),
        ("-node", "is no name of a node", "use letters"),
        ("", "is no name of a node", "use letters"),
        ("a" * 64, "is no name of a node", "at most 63"),
        ("n" + "1" * 19, "19 digits", "at most 18"),
        ("node1\n", "is no name of a node", "use letters"),
        ("nöde", "is no name of a node", "use letters"),
    ],
)
def test_names_that_are_refused_with_the_remedy(name: str, wrong: str, right: str) -> None:
    found = name_problem(name)
    assert found is not None
    assert wrong in found[0]
    assert right in found[1]


@pytest.mark.parametrize("name", ["7", "0x10", "0X1f"])
def test_a_refused_number_is_one_that_the_resolver_takes_for_an_address(name: str) -> None:
    """Asked of the resolver itself, which looks nothing up for an address."""
    done = subprocess.run(["getent", "ahostsv4", name], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("0.0.0.")


def test_names_are_folded_as_they_are_written() -> None:
    assert folded(["BLD-011", "BLD-008"]) == "BLD-[008,011]"
    assert folded(["node001", "node002", "gpu-a-01"]) == "gpu-a-01,node[001-002]"
