"""`provision reimaged`: announces blades as new or reimaged: new host keys, and empty disks that may be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from provisioner.cli.options import AsJson, PlanFile
from provisioner.cli.say import answer, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provisioner.plan.model import Plan


def reimaged(
    nodes: Annotated[str, typer.Argument(metavar="SET", help="Blades such as BLD-008,BLD-011.")],
    within: Annotated[
        str | None,
        typer.Option(
            "--within", metavar="TIME", help="They will be reimaged within 30min, 2h, 1d; they run until then."
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", "-C", help="Only say what would be done.")] = False,
    plan: PlanFile = None,
    as_json: AsJson = False,
) -> None:
    """Announce blades as new or reimaged.

    Their next SSH host key is accepted once; a changed one that was not announced stops a run. And the next run
    may make scratch from empty disks that the plan only knows by their size. Nothing on the blades is touched.

    With --within they are announced ahead: the key on record stays good, and the first run that meets another one
    within that time takes it. Another board, which shows another serial number, is refused all the same.

    Examples:

      provision reimaged BLD-008 && provision slurm --nodes BLD-008

      provision reimaged BLD-[008-011] --within 2h
    """
    from provisioner.paths import find_plan, state_dir
    from provisioner.plan.load import load_plan
    from provisioner.plan.select import select_nodes

    site = load_plan(find_plan(plan))
    chosen = select_nodes(site, nodes)
    state = state_dir(site.cluster.name)
    if within is None:
        words, until = _now(site, chosen, state, check), ""
    else:
        words, until = _ahead(site, chosen, state, within, check)
    if as_json:
        answer({"exit_code": 0, "check": check, "blades": chosen, "until": until, "told": words})
        return
    for line in words:
        say(f"would be announced: {line}" if check else line)


def _now(site: Plan, chosen: Sequence[str], state: Path, check: bool) -> list[str]:
    """What becomes of blades that are reimaged already."""
    from provisioner import knownhosts, reimage_windows
    from provisioner.announced import announce, announced_file
    from provisioner.plan.way import way_to
    from provisioner.run.vouched import put_aside
    from provisioner.ssh_identity import ssh_identity

    lab_key, file = ssh_identity(state)
    if not check:
        put_aside(site, state, chosen)
        knownhosts.forget(file, [way_to(site, name, lab=lab_key is not None).known_name for name in chosen])
        announce(announced_file(state), chosen)
        reimage_windows.close(reimage_windows.windows_file(state), chosen)
    words = []
    for name in chosen:
        if site.blades[name].host_key and lab_key is None:
            key = "the plan pins its host key, so only that one is accepted"
        else:
            key = "its next host key is accepted once"
        words.append(f"{name}: {key}, and empty disks of the plan's size may become scratch")
    return words


def _ahead(site: Plan, chosen: Sequence[str], state: Path, within: str, check: bool) -> tuple[list[str], str]:
    """What becomes of blades that are to be reimaged, and until when.

    Raises:
        UsageError: no time, or a blade whose pinned key does not tell whether it was reimaged.
    """
    from datetime import UTC, datetime, timedelta

    from provisioner import reimage_windows
    from provisioner.duration import parse_duration
    from provisioner.errors import UsageError

    seconds = parse_duration(within, "--within")
    if not seconds:
        raise UsageError("--within 0 is no time ahead", "leave --within out for blades that are reimaged by now")
    if pinned := [name for name in chosen if site.blades[name].host_key]:
        raise UsageError(
            f"the plan pins the host key of {pinned[0]}, so nothing tells whether it was reimaged",
            "announce it without --within once it was",
        )
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    if not check:
        reimage_windows.open_until(reimage_windows.windows_file(state), chosen, end)
    what = "another host key is accepted once, and then empty disks of the plan's size may become scratch"
    words = [f"{name}: until {end.astimezone():%Y-%m-%d %H:%M} {what}" for name in chosen]
    return words, end.isoformat(timespec="seconds")
