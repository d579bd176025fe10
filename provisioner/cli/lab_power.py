"""`provision lab off`, `on` and `reboot`: the power of blades."""

from __future__ import annotations

from pathlib import Path

from provisioner.cli.lab_bench import Blades, chosen_containers, only_one_command, open_bench
from provisioner.cli.options import PlanFile
from provisioner.cli.say import say


def off(nodes: Blades, plan: PlanFile = None) -> None:
    """Cut the power of blades: nothing inside is asked first.

    Examples:

        provision lab off BLD-008
    """
    _power(plan, nodes, off=True, on=False)


def on(nodes: Blades, plan: PlanFile = None) -> None:
    """Switch blades on and wait until they let somebody in.

    Examples:

        provision lab on BLD-008
    """
    _power(plan, nodes, off=False, on=True)


def reboot(nodes: Blades, plan: PlanFile = None) -> None:
    """Cut the power of blades and switch them on again.

    Examples:

        provision lab reboot BLD-008
    """
    _power(plan, nodes, off=True, on=True)


def _power(plan: Path | None, nodes: list[str], off: bool, on: bool) -> None:
    from provisioner.lab.power import power_off, power_on

    bench = open_bench(plan)
    with only_one_command(bench):
        chosen = chosen_containers(bench, nodes)
        if off:
            power_off(bench, chosen)
        if on:
            power_on(bench, chosen)
    say(f"{'on' if on else 'off'}: {', '.join(each.blade for each in chosen)}")
