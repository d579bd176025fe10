"""What the verbs of `provision lab` have in common: the lab of the plan, held by one command, and its containers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from provisioner.lab.blades import Bench
    from provisioner.lab.podman import Container

Blades = Annotated[list[str], typer.Argument(metavar="NODE...", help="Blades such as BLD-008.")]


def open_bench(plan_file: Path | None) -> Bench:
    """The lab of the plan."""
    from provisioner.lab.lab import open_lab
    from provisioner.paths import find_plan
    from provisioner.plan.load import load_plan

    return open_lab(load_plan(find_plan(plan_file)))


def only_one_command(bench: Bench) -> AbstractContextManager[None]:
    """Holds the lab, so that two commands do not build and remove it at once."""
    from provisioner.lab.lock import only_one

    return only_one(bench.files.state)


def chosen_containers(bench: Bench, names: list[str]) -> list[Container]:
    """The containers of the named blades, each of which must be in the lab."""
    from provisioner.errors import UsageError
    from provisioner.lab.lab import containers
    from provisioner.plan.select import select_nodes

    chosen = select_nodes(bench.plan, ",".join(names))
    there = containers(bench)
    if absent := [name for name in chosen if name not in there]:
        raise UsageError(
            f"not in the lab: {', '.join(absent)}",
            f"add it: provision lab up --nodes {','.join(absent)}",
        )
    return [there[name] for name in chosen]
