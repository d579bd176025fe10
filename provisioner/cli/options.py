"""Options that several verbs share, so that they read and complete alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="The role plan; default: $PROVISION_PLAN, ./plan.yml or the only inventories/*/plan.yml.",
    ),
]
Nodes = Annotated[
    str | None,
    typer.Option(
        "--nodes",
        "-n",
        metavar="SET",
        help="Blades such as BLD-008,BLD-011, BLD-[008-012] or @medium; default: all.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print only what changed, failed or is new to be noted; for cron."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
