"""`provision replace`: another board stands in the bay of a blade."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from provisioner.plan.model import Plan

REGISTRY_TASK, BOARD_TASK = "Read the registry", "Look at the board"
_OTHER_KEY = "SSH host key"


def replace(
    blade: Annotated[
        str, typer.Argument(metavar="BLADE", help="The blade whose board is another one, such as BLD-008.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept the board without asking.")] = False,
    check: Annotated[bool, typer.Option("--check", "-C", help="Only show the old board against the new one.")] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Accept another board in the place of a blade.

    Shows what is on record against what stands there now: serial number, machine-id, processor, memory, network, disks.
    Once that is accepted its host key counts, empty disks of the plan's size may become scratch, its record in the
    cluster is written anew, and a run makes it a member. The node keeps its name, address and partitions.

    A board that is on record as this or another blade is refused. With --check its host key has to be on record.

    Examples:

      provision replace BLD-008

      provision replace BLD-008 --check

      provision replace BLD-008 --yes --json
    """
    from provisioner.cli.output import console_for
    from provisioner.errors import UsageError
    from provisioner.paths import find_plan
    from provisioner.plan.derive import compute_blades
    from provisioner.plan.select import select_nodes
    from provisioner.settings.site import load_site

    plan_file = find_plan(plan)
    site = load_site(plan_file)
    chosen = select_nodes(site, blade)
    if len(chosen) != 1 or chosen[0] == site.cluster.controller or chosen[0] not in compute_blades(site):
        raise UsageError(f"{blade} is not one compute blade besides the controller", "name one, such as BLD-008")
    name = chosen[0]
    console = console_for(as_json)
    with _key_on_trial(site, name) as give_up:
        rows = _shown(site, plan_file, console, name, give_up if not check else None, as_json)
        if not check:
            _ask(name, yes)
    if check:
        if as_json:
            answer({"blade": name, "board": rows, "check": True, "accepted": False})
        raise typer.Exit
    _accept(site, plan_file, console, name, rows, as_json)


def _shown(
    site: Plan, plan_file: Path, console: Any, name: str, give_up: Callable[[], None] | None, as_json: bool
) -> list[dict[str, Any]]:
    """Prints the board on record against the one that stands there; both as rows.

    Raises:
        ProvisionError: they are the same, or it is another blade's.
    """
    from provisioner.errors import ProvisionError, UsageError
    from provisioner.names import host_name
    from provisioner.slurm.board import compared, line, parse_board, refuse_same
    from provisioner.slurm.registry import read_registry

    node = host_name(name)
    results = _look(site, plan_file, console, name, give_up, as_json)
    text = str(results[host_name(site.cluster.controller)][REGISTRY_TASK].get("stdout", ""))
    try:
        registry = read_registry(text, site.cluster.name)
    except ValueError as error:
        raise ProvisionError(str(error), "`provision slurm` says how to restore it") from None
    if node not in registry:
        raise UsageError(
            f"{name} is not in the cluster, so there is no board to replace", f"provision slurm --nodes {name}"
        )
    board = parse_board(results[node][BOARD_TASK].get("board"))
    refuse_same(node, name, registry, board)
    rows = compared(registry[node], board)
    console.print(f"{name}: on record -> now")
    for row in rows:
        console.print(line(row), markup=False, soft_wrap=True)
    return rows


def _look(
    site: Plan, plan_file: Path, console: Any, name: str, give_up: Callable[[], None] | None, as_json: bool
) -> Any:
    """What the registry and the board say.

    Args:
        give_up: gives up the host key on record; None where it counts.

    Raises:
        typer.Exit: one of both does not answer; that is said.
    """
    from provisioner.cli.summary import print_summary
    from provisioner.run.converge import look
    from provisioner.run.request import PlaybookRun

    asked = PlaybookRun(site, plan_file, [name], "replace.yml", quiet=True)
    finished = look(asked, console)
    failure = finished.outcome.failures().get(name)
    # Whoever names the blade here knows that its key is another one.
    if failure and _OTHER_KEY in failure.message and give_up and not site.blades[name].host_key:
        give_up()
        finished = look(asked, console)
    if finished.outcome.code != 0:
        if as_json:
            answer(finished.outcome.as_dict())
        print_summary(console, finished.outcome)
        raise typer.Exit(int(finished.outcome.code))
    return finished.results


@contextmanager
def _key_on_trial(site: Plan, name: str) -> Iterator[Callable[[], None]]:
    """What gives up the host key on record for a look; it is back unless this ends with the board accepted."""
    from provisioner import knownhosts
    from provisioner.paths import state_dir
    from provisioner.plan.way import way_to
    from provisioner.run.vouched import put_aside
    from provisioner.ssh_identity import ssh_identity

    state = state_dir(site.cluster.name)
    lab_key, file = ssh_identity(state)
    known = way_to(site, name, lab=lab_key is not None).known_name
    before = knownhosts.keys_of(file.read_text(), known) if file.exists() else []

    def give_up() -> None:
        put_aside(site, state, [name])
        knownhosts.forget(file, [known])

    try:
        yield give_up
    except BaseException:
        if before:
            knownhosts.announce(file, known, before)
        raise


def _ask(name: str, yes: bool) -> None:
    from provisioner.errors import ProvisionError, UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"the board of {name} was not accepted", f"`provision replace {name} --yes` accepts it")
    if not typer.confirm("Accept this board?"):
        raise ProvisionError(f"the board of {name} was not accepted", "nothing in the cluster was changed")


def _accept(site: Plan, plan_file: Path, console: Any, name: str, rows: Any, as_json: bool) -> None:
    """Announces it as new, and makes it a member."""
    from functools import partial

    from provisioner.announced import announce, announced_file
    from provisioner.cli.summary import print_summary
    from provisioner.names import host_name
    from provisioner.paths import state_dir
    from provisioner.plan.derive import spelling
    from provisioner.run.converge import converge
    from provisioner.run.request import Options, PlaybookRun
    from provisioner.slurm.cluster_words import cluster_words

    announce(announced_file(state_dir(site.cluster.name)), [name])
    options = Options(extra={"slurmctld_accept_hardware": [host_name(name)]})
    tell = partial(cluster_words, blades=spelling(site))
    finished = converge(PlaybookRun(site, plan_file, [name], "slurm.yml", options, as_json, tell), console)
    if as_json:
        answer({"blade": name, "board": rows, "check": False, "accepted": True, **finished.outcome.as_dict()})
    else:
        print_summary(console, finished.outcome)
    raise typer.Exit(int(finished.outcome.code))
