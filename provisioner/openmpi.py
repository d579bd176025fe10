"""OpenMPI's parameters on the blades: on the cluster's network, and quiet about those that they lack. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Debian's own: they look for InfiniBand and other fabrics, and complain where there is none.
_QUIET = {
    "btl_base_warn_component_unused": "0",
    "mtl": "^ofi",
    "btl": "^uct,openib,ofi",
    "pml": "^ucx",
    "osc": "^ucx,pt2pt",
}


def openmpi_parameters(site: Mapping[str, Any], network: str) -> dict[str, str]:
    """Parameters by name: Debian's, the network, and the site's over both; null drops one.

    Without a network OpenMPI tries each that a blade has, such as one of containers that has the same addresses on all
    of them, and hangs. Of an IPv6 network it takes no prefix.

    Args:
        site: the site's parameters.
        network: the network of the blades, such as 10.20.0.0/24.
    """
    keep = {} if not network or ":" in network else dict.fromkeys(("btl_tcp_if_include", "oob_tcp_if_include"), network)
    return {key: str(value) for key, value in {**_QUIET, **keep, **site}.items() if value is not None}
