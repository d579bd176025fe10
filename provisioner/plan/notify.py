"""What a plan says of who hears that scheduled runs fail."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from provisioner.plan.fields import Strict

MOST_PATIENCE = 600


class Notify(Strict):
    """The command that tells somebody when scheduled runs fail, and when they are well again."""

    command: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00]*\S[^\x00]*$")] = Field(
        description="a command for /bin/sh; it gets JSON on standard input, and the subject as $PROVISION_SUBJECT"
    )
    after: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        default=3, description="after how many failed runs in a row it is run"
    )
    patience: Annotated[int, Field(strict=True, ge=1, le=MOST_PATIENCE)] = Field(
        default=60, description="seconds that it may take"
    )
