"""What a plan says of Slurm's REST interface."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from provisioner.plan.fields import Strict

LOWEST_PORT = 1024
"""Below it root alone opens ports."""


class RestWay(Strict):
    """Where the controller offers the REST interface."""

    listen: Literal["loopback", "network"] = Field(
        default="loopback",
        description="who reaches it: loopback for programs on the controller, network for everybody who reaches the "
        "controller's address, without encryption",
    )
    port: Annotated[int, Field(strict=True, ge=LOWEST_PORT, le=65535)] = Field(default=6820, description="its TCP port")


def _form(value: Any) -> str:
    return "switch" if isinstance(value, bool) else "way"


Rest = Annotated[
    Annotated[bool, Tag("switch")] | Annotated[RestWay, Tag("way")],
    Discriminator(_form),
]
