"""`provision lab`: the plan's blades as containers on this machine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provisioner.cli.options import AsJson, Nodes, PlanFile
from provisioner.cli.say import answer, say
from provisioner.console_text import counted

if TYPE_CHECKING:
    from provisioner.lab.blades import Bench
    from provisioner.lab.podman import Container


app = typer.Typer(
    help="Run the plan's blades as containers on this machine. No sandbox: their root is root here.",
    no_args_is_help=True,
)


class Os(StrEnum):
    """Releases a lab can run; the same words as `provisioner.lab.settings.Release`."""

    bookworm = "bookworm"
    trixie = "trixie"


Blades = Annotated[list[str], typer.Argument(metavar="NODE...", help="Blades such as BLD-008.")]


def _say(text: str) -> None:
    say(text, err=True)


def _open(plan_file: Path | None) -> Bench:
    from provisioner.lab.lab import open_lab
    from provisioner.paths import find_plan
    from provisioner.plan.load import load_plan

    return open_lab(load_plan(find_plan(plan_file)))


def _only_one(bench: Bench) -> AbstractContextManager[None]:
    """Holds the lab, so that two commands do not build and remove it at once."""
    from provisioner.lab.lock import only_one

    return only_one(bench.files.state)


def _chosen(bench: Bench, names: list[str]) -> list[Container]:
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


@app.command()
def up(
    nodes: Nodes = None,
    os: Annotated[Os | None, typer.Option("--os", help="Debian release; default: bookworm, or what runs.")] = None,
    shared: Annotated[
        str | None,
        typer.Option(
            "--shared",
            metavar="DIR[:PATH]",
            help="A directory of this machine that all blades have, at PATH; default: at /shared.",
        ),
    ] = None,
    plan: PlanFile = None,
) -> None:
    """Start the blades; keep those that are there.

    A lab is no sandbox: its containers have the rights of root on this machine (mounts, devices, networks). Run in it
    only what you would run as root here.

    A shared directory stands in for a site's NFS: what one blade writes there, all others read, with the same uids. The
    lab keeps it through reimage and power cuts. It is yours: nothing here empties or removes it.

    Examples:

        provision lab up

        provision lab up --nodes BLD-006,BLD-008,BLD-011 --os trixie

        provision lab up --shared /srv/lab
    """
    from provisioner.lab import lab
    from provisioner.lab.settings import Release
    from provisioner.lab.shared import parse_shared
    from provisioner.plan.select import select_nodes

    bench = _open(plan)
    directory = parse_shared(shared) if shared is not None else None
    chosen = select_nodes(bench.plan, nodes)
    with _only_one(bench):
        made = lab.up(bench, chosen, Release(os.value) if os else None, directory, _say)
    kept = len(chosen) - len(made)
    say(f"{counted(len(made), 'blade')} started, {kept} ran already; see: provision lab status")


@app.command()
def down(
    plan: PlanFile = None,
    images: Annotated[bool, typer.Option("--images", help="Also remove the cached images.")] = False,
) -> None:
    """Remove the lab: containers, network, disks, files.

    Examples:

        provision lab down

        provision lab down --images
    """
    from provisioner.lab.down import down as remove

    bench = _open(plan)
    with _only_one(bench):
        remove(bench, _say, images)
    say(f"nothing is left of the lab of {bench.plan.cluster.name}")


@app.command()
def reimage(
    nodes: Blades,
    wipe_disks: Annotated[
        bool, typer.Option("--wipe-disks", help="Empty disks too; default: they keep everything.")
    ] = False,
    unannounced: Annotated[bool, typer.Option("--unannounced", help="Leave the old host key in known_hosts.")] = False,
    plan: PlanFile = None,
) -> None:
    """Give blades a fresh root, machine-id and host keys.

    Examples:

        provision lab reimage BLD-008

        provision lab reimage BLD-008 BLD-011 --wipe-disks
    """
    from provisioner.lab import lab

    bench = _open(plan)
    with _only_one(bench):
        chosen = [each.blade for each in _chosen(bench, nodes)]
        lab.reimage(bench, chosen, _say, wipe_disks, announced=not unannounced)
    say(f"reimaged: {', '.join(chosen)}")


@app.command()
def off(nodes: Blades, plan: PlanFile = None) -> None:
    """Cut the power of blades: nothing inside is asked first.

    Examples:

        provision lab off BLD-008
    """
    _power(plan, nodes, off=True, on=False)


@app.command()
def on(nodes: Blades, plan: PlanFile = None) -> None:
    """Switch blades on and wait until they let somebody in.

    Examples:

        provision lab on BLD-008
    """
    _power(plan, nodes, off=False, on=True)


@app.command()
def reboot(nodes: Blades, plan: PlanFile = None) -> None:
    """Cut the power of blades and switch them on again.

    Examples:

        provision lab reboot BLD-008
    """
    _power(plan, nodes, off=True, on=True)


def _power(plan: Path | None, nodes: list[str], off: bool, on: bool) -> None:
    from provisioner.lab.power import power_off, power_on

    bench = _open(plan)
    with _only_one(bench):
        chosen = _chosen(bench, nodes)
        if off:
            power_off(bench, chosen)
        if on:
            power_on(bench, chosen)
    say(f"{'on' if on else 'off'}: {', '.join(each.blade for each in chosen)}")


@app.command()
def status(plan: PlanFile = None, as_json: AsJson = False) -> None:
    """Show the blades of the lab, their addresses and disks.

    Examples:

        provision lab status

        provision lab status --json
    """
    from provisioner.lab.status import blade_states, table

    states = blade_states(_open(plan))
    if as_json:
        answer(states)
        return
    from provisioner.cli.output import Terminal, print_table

    if states:
        print_table(Terminal(), table(states))
    else:
        say("no lab; start one with: provision lab up")


@app.command(context_settings={"allow_interspersed_args": False})
def ssh(
    node: Annotated[str, typer.Argument(metavar="NODE", help="A blade such as BLD-008.")],
    command: Annotated[list[str] | None, typer.Argument(metavar="[-- COMMAND...]", help="Default: a shell.")] = None,
    plan: PlanFile = None,
) -> None:
    """Log in to a blade, or run a command there.

    The exit code is that of the command.

    Examples:

        provision lab ssh BLD-008

        provision lab ssh BLD-006 -- sinfo --long
    """
    import subprocess

    from provisioner.errors import UsageError
    from provisioner.lab.reach import ssh_command

    bench = _open(plan)
    (container,) = _chosen(bench, [node])
    if not container.runs:
        raise UsageError(f"{container.blade} is off", f"switch it on: provision lab on {container.blade}")
    argv = [*ssh_command(bench, container.blade), *(command or [])]
    raise typer.Exit(subprocess.run(argv, check=False).returncode)
