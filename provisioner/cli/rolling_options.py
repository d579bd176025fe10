"""The options of `provision slurm --rolling`, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

Rolling = Annotated[bool, typer.Option("--rolling", help="Batch by batch: drain, change, verify, give back.")]
Most = Annotated[
    str | None,
    typer.Option("--max-unavailable", metavar="N|N%", help="Rolling: nodes that may be away at once; default: 1."),
]
Per = Annotated[str | None, typer.Option("--per", metavar="enclosure", help="Rolling: one enclosure after the other.")]
Wait = Annotated[
    str | None, typer.Option("--wait", metavar="TIME", help="Rolling: wait for jobs at most so long; default: 1d.")
]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Rolling: go on with the others after a failure.")]
MayEmpty = Annotated[
    bool,
    typer.Option("--allow-empty-partition", help="Rolling: take also the last node of a partition that takes jobs."),
]
Reboot = Annotated[bool, typer.Option("--reboot", help="Rolling: reboot the nodes, by Slurm itself.")]
FromStart = Annotated[
    bool, typer.Option("--from-start", help="Rolling: reboot nodes again that a stopped run has rebooted.")
]


@dataclass(frozen=True)
class RollingWords:
    """What the command line says of a rolling run, each word as it was typed; None for one that was not."""

    most: str | None = None
    per: str | None = None
    wait: str | None = None
    keep_going: bool = False
    may_empty: bool = False
    reboot: bool = False
    fresh: bool = False

    def refuse_alone(self) -> None:
        """Refuses what means something for a rolling run only.

        Raises:
            UsageError: one of these was typed.
        """
        from provisioner.errors import UsageError

        typed = {
            "--max-unavailable": self.most, "--per": self.per, "--wait": self.wait, "--keep-going": self.keep_going,
            "--allow-empty-partition": self.may_empty, "--reboot": self.reboot, "--from-start": self.fresh,
        }  # fmt: skip
        if odd := [option for option, given in typed.items() if given]:
            raise UsageError(f"{', '.join(odd)} goes with --rolling", "add --rolling, or leave it out")
