"""How the machines are called in a plan. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from provisioner.names import host_name, name_problem
from provisioner.survey.sorting import Seen

# What an image calls every machine.
_NOBODY = {"debian", "localhost", "host", "server", "node", "template", "ubuntu", "linux"}


def node_names(kept: Sequence[Seen]) -> tuple[list[str], list[str]]:
    """A name for each machine, no two alike, and what a person should know of them.

    It is the name that a person used, else what the machine calls itself, else `node` and a number.
    """
    wanted = [_wanted(each) for each in kept]
    counts = Counter(map(host_name, filter(None, wanted)))
    taken = {host_name(name) for name in wanted if name and counts[host_name(name)] == 1}
    names = []
    for name in wanted:
        if not name or counts[host_name(name)] > 1:
            name = _numbered(name, taken)
            taken.add(host_name(name))
        names.append(name)
    return names, [*_doubles(kept, wanted, names)]


def _wanted(each: Seen) -> str:
    """The name it is known by, '' for none that a node can have."""
    own = each.machine.host_name
    candidates = [each.reach.target.name, own if host_name(own) not in _NOBODY else ""]
    return next((name for name in candidates if name and name_problem(name) is None), "")


def _numbered(name: str, taken: set[str]) -> str:
    stem = f"{name[:50].rstrip('-')}-" if name else "node"
    number = 1
    while host_name(f"{stem}{number:02}") in taken:
        number += 1
    return f"{stem}{number:02}"


def _doubles(kept: Sequence[Seen], wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """One sentence for each name that several machines have."""
    notes = []
    for double in dict.fromkeys(name for name in map(host_name, filter(None, wanted))):
        places = [place for place, name in enumerate(wanted) if host_name(name) == double]
        if len(places) > 1:
            who = ", ".join(f"{kept[place].reach.address} is {names[place]}" for place in places)
            notes.append(
                f"{len(places)} machines are called {double}: in the plan {who}; next: write other names there if you "
                "like, a run gives them to the machines"
            )
    return notes
