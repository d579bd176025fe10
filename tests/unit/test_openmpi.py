"""OpenMPI's parameters: Debian's, the network of the blades, and the site's over both."""

from __future__ import annotations

import pytest

from provisioner.openmpi import openmpi_parameters

QUIET = openmpi_parameters({}, "")


def test_it_keeps_to_the_network_of_the_blades() -> None:
    found = openmpi_parameters({}, "10.20.0.0/24")
    assert found == {**QUIET, "btl_tcp_if_include": "10.20.0.0/24", "oob_tcp_if_include": "10.20.0.0/24"}


@pytest.mark.parametrize("network", ["", "fd00:20::/64"])
def test_without_a_prefix_that_it_takes_it_looks_for_itself(network: str) -> None:
    assert openmpi_parameters({}, network) == QUIET


def test_a_site_with_a_fabric_says_so() -> None:
    site = {"pml": None, "btl": None, "btl_tcp_if_include": "10.30.0.0/24", "verbose": 1}
    found = openmpi_parameters(site, "10.0.0.0/8")
    assert "pml" not in found
    assert "btl" not in found
    assert (found["btl_tcp_if_include"], found["verbose"]) == ("10.30.0.0/24", "1")
