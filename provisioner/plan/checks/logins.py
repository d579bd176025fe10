"""Login nodes: blades that there are, and never the only one that could compute."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Keys, Problem, did_you_mean


def check_logins(draft: Draft) -> Iterator[Problem]:
    """Unknown and doubled login nodes, the controller beside them, and none left to compute."""
    said = draft.data.get("login")
    listed = enumerate(said) if isinstance(said, list) else [(None, said)]
    places: dict[str, Keys] = {}
    for number, name in listed:
        place: Keys = ("login",) if number is None else ("login", number)
        if not isinstance(name, str):
            continue
        if name in places:
            yield draft.at_value(place, f"login names {name} twice", "keep one of them")
        elif name not in draft.blades and draft.knows("blades") and not draft.knows("blades", name):
            near = did_you_mean(name, draft.blades, "name one of the blades")
            yield draft.at_value(place, f"login node {name} is not one of the blades", near)
        places.setdefault(name, place)
    yield from _nobody_left(draft, places)


def _nobody_left(draft: Draft, places: dict[str, Keys]) -> Iterator[Problem]:
    """A login node computes nothing, so one that is the only compute node would leave a cluster without any."""
    able = [name for name in draft.blades if name != draft.cluster.get("controller") and _may_compute(draft, name)]
    taken = [name for name in able if name in places]
    if taken and taken == able:
        names = " and ".join(taken)
        wrong = f"login takes {names}, which {'is' if len(taken) == 1 else 'are'} all that could compute"
        right = "leave it out, so that users log in on the controller, or name another blade"
        yield draft.at_value(places[taken[0]], wrong, right)


def _may_compute(draft: Draft, name: str) -> bool:
    roles = draft.tier_of(name).get("slurm")
    # Of a tier that could not be used it is not known.
    return not isinstance(roles, list) or bool({"compute", None} & {*roles})
