"""What verbs over all nodes of a large cluster cost: drained, shown, and given back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from bench.scale_nodes import states, until_idle
from bench.scale_site import Site, expect
from provisioner.cli.drain_command import DrainCommand
from provisioner.names import host_name

# "In seconds": a node costs a few milliseconds.
MOST_SECONDS = 15


@dataclass
class Took:
    """Wall-clock seconds of what was done in the block."""

    seconds: float = 0.0


@contextmanager
def _timed(what: str) -> Iterator[Took]:
    took, begin = Took(), time.monotonic()
    yield took
    took.seconds = time.monotonic() - begin
    expect(took.seconds < MOST_SECONDS, f"{what} took {took.seconds:.1f} s, {MOST_SECONDS} are allowed")


def verbs(site: Site, names: Sequence[str]) -> dict[str, float]:
    """Seconds of `drain`, `status` and `resume` over these nodes, which are idle before and after."""
    took: dict[str, float] = {}
    for verb, state, wanted in (("drain", "drained", "drain"), ("resume", "resumed", "idle")):
        blades = {host_name(name): name for name in names}
        asked = DrainCommand(site.plan, site.plan_file, Console(quiet=True), blades, state, "for the bench", True)
        with _timed(verb) as time_of_it:
            asked.ask(check=False)
        took[verb] = time_of_it.seconds
        found = states(site)
        # slurmctld asks a node that it gave back anew, and says `idle*` until then.
        odd = [name for name in blades if found.get(name, "").rstrip("*") != wanted]
        expect(not odd, f"after {verb} {len(odd)} nodes are not {wanted}, {odd[:3]} among them")
        if verb == "drain":
            took["status"] = _status(site, len(names))
    until_idle(site, names)
    return took


def _status(site: Site, least: int) -> float:
    """Seconds of `provision status --json`, which has to know so many nodes."""
    with _timed("status") as time_of_it:
        done = site.provision("status", "--json")
    known = len(json.loads(done.stdout)["nodes"]) if done.returncode in (0, 3) else 0
    expect(known >= least, f"status knows {known} of {least} nodes: {done.stderr[-500:]}")
    return time_of_it.seconds
