"""`provision lab`: the plan's blades as containers on this machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from provisioner.cli.lab_bench import Blades, chosen_containers, only_one_command, open_bench
from provisioner.cli.lab_power import off, on, reboot
from provisioner.cli.options import AsJson, Nodes, PlanFile
from provisioner.cli.say import answer, say
from provisioner.console_text import counted

app = typer.Typer(
    help="Run the plan's blades as containers on this machine. No sandbox: their root is root here.",
    no_args_is_help=True,
)


class Os(StrEnum):
    """Releases a lab can run; the same words as `provisioner.lab.settings.Release`."""

    bookworm = "bookworm"
    trixie = "trixie"


def _say(text: str) -> None:
    say(text, err=True)


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

    bench = open_bench(plan)
    directory = parse_shared(shared) if shared is not None else None
    chosen = select_nodes(bench.plan, nodes)
    with only_one_command(bench):
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

    bench = open_bench(plan)
    with only_one_command(bench):
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

    bench = open_bench(plan)
    with only_one_command(bench):
        chosen = [each.blade for each in chosen_containers(bench, nodes)]
        lab.reimage(bench, chosen, _say, wipe_disks, announced=not unannounced)
    say(f"reimaged: {', '.join(chosen)}")


for verb in (off, on, reboot):
    app.command()(verb)


@app.command()
def status(plan: PlanFile = None, as_json: AsJson = False) -> None:
    """Show the blades of the lab, their addresses and disks.

    Examples:

        provision lab status

        provision lab status --json
    """
    from provisioner.lab.status import blade_states, table

    states = blade_states(open_bench(plan))
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

    bench = open_bench(plan)
    (container,) = chosen_containers(bench, [node])
    if not container.runs:
        raise UsageError(f"{container.blade} is off", f"switch it on: provision lab on {container.blade}")
    argv = [*ssh_command(bench, container.blade), *(command or [])]
    raise typer.Exit(subprocess.run(argv, check=False).returncode)
