"""The files beside slurm.conf that only some clusters have, and that slurmctld hands to every node. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.slurm.change import file_key
from provisioner.slurm.gpus import gres_conf
from provisioner.slurm.job_tmp import job_container
from provisioner.slurm.mpi import mpi_conf
from provisioner.slurm.nodes import Nodes
from provisioner.slurm.topology import topology

_OURS = "# Written by provision"
_EMPTY = f"{_OURS}: the cluster does without; changes here are overwritten.\n"
_FOLDER = "/etc/slurm"
NAMES = ("gres.conf", "job_container.conf", "mpi.conf", "topology.conf")


def beside(
    nodes: Nodes, cluster: Mapping[str, Any], site: Mapping[str, Any], there: Mapping[str, str]
) -> dict[str, str]:
    """The text of each file by its name; '' for one that is not needed.

    One of ours that is not needed any more stays without a line; one that somebody else made is nothing to us then.

    Args:
        nodes: the registry's records by node name.
        cluster: see `provisioner.slurm.config.slurm_config`.
        site: slurm.conf keys of the site.
        there: the texts on the controller, by name.
    """
    texts = {
        "gres.conf": gres_conf(nodes, site, cluster["version"], cluster.get("gpu_autodetect", "off")),
        "job_container.conf": job_container(nodes, site, cluster["version"]),
        "mpi.conf": mpi_conf(bool(cluster.get("mpi"))),
        "topology.conf": topology(nodes, cluster.get("switches", {}), site),
    }
    return {name: text or (_EMPTY if there.get(name, "").startswith(_OURS) else "") for name, text in texts.items()}


def beside_files(texts: Mapping[str, str], folder: str = _FOLDER, all_of_them: bool = False) -> dict[str, str]:
    """The text of those of these files that there are by its path; with `all_of_them` also of the others, ''."""
    return {f"{folder}/{name}": text for name, text in texts.items() if text or all_of_them}


def beside_texts(paths: Mapping[str, Mapping[str, Any]], folder: str = _FOLDER) -> dict[str, str]:
    """The texts in a folder by name, as `blade_facts` found them."""
    return {name: str(paths[f"{folder}/{name}"].get("content") or "") for name in NAMES}


def file_keys(texts: Mapping[str, str]) -> str:
    """Each of these files as one key of slurm.conf, so that a change is seen."""
    return "".join(file_key(text, name) for name, text in sorted(texts.items()))
