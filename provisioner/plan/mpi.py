"""The shape of what a plan says of MPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from provisioner.plan.fields import Strict


class MpiChoice(Strict):
    """What the cluster has for MPI programs."""

    compilers: Literal["controller", "all", "none"] = Field(
        default="controller",
        description="where mpicc and its kin are: where people log in (the controller and login nodes), or on all",
    )


def _mpi_form(value: Any) -> str:
    return "switch" if isinstance(value, bool) else "choice"


Mpi = Annotated[
    Annotated[bool, Tag("switch")] | Annotated[MpiChoice, Tag("choice")],
    Discriminator(_mpi_form),
]
