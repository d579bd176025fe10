"""What Slurm needs so that `srun` starts MPI programs: slurm.conf and mpi.conf. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = "# Written by provision from the plan (mpi); changes here are overwritten.\n"
# slurmstepd makes a folder for each step there, and no step starts where it cannot. By default it is TmpFS, which is
# missing where a node has no scratch, and in which users may put a link in its place.
FOLDER = "/run"


def mpi_settings(settings: Mapping[str, Any], mpi: bool) -> dict[str, Any]:
    """Our keys of slurm.conf: what `srun` does with a program when nobody says `--mpi`."""
    return {**settings, "MpiDefault": "pmix" if mpi else "none"}


def mpi_conf(mpi: bool) -> str:
    """The text of mpi.conf, '' for a cluster without MPI."""
    return f"{_HEAD}PMIxCliTmpDirBase={FOLDER}\n" if mpi else ""
