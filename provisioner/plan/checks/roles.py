"""What blades become: tiers, the controller and its backup, partitions."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Problem, did_you_mean, printable

# `all` is the partition that provision itself makes of every compute node, and what `@all` selects;
# Slurm takes `default` for a template.
RESERVED_PARTITIONS = {"all": "every compute node", "default": "Slurm's defaults"}


def check_roles(draft: Draft) -> Iterator[Problem]:
    """Unknown tiers, unfit controllers, roles named twice, partitions that collide."""
    yield from _tiers(draft)
    yield from _controllers(draft)
    yield from _accounting(draft)
    yield from _slurm_roles(draft)
    yield from _partitions(draft)


def _tiers(draft: Draft) -> Iterator[Problem]:
    known = list(draft.tree.data.get("tiers") or {}) if draft.tiers else []
    for name, blade in draft.blades.items():
        tier = blade.get("tier")
        if tier is not None and tier not in known and draft.knows("tiers"):
            wrong = f"{printable(name)} is of an unknown tier {printable(tier)}"
            yield draft.at_value(("blades", name, "tier"), wrong, did_you_mean(tier, known))


def _controllers(draft: Draft) -> Iterator[Problem]:
    controller = draft.cluster.get("controller")
    backup = draft.cluster.get("backup_controller")
    if controller is not None:
        yield from _fit_controller(draft, "controller", controller)
    if backup is not None and backup == controller:
        wrong = f"backup_controller is {backup}, the controller itself"
        yield draft.at_value(("cluster", "backup_controller"), wrong, "name another blade, or leave it out")
    elif backup is not None:
        yield from _fit_controller(draft, "backup_controller", backup)


def _fit_controller(draft: Draft, field: str, name: str) -> Iterator[Problem]:
    place = ("cluster", field)
    if name not in draft.blades:
        if draft.knows("blades", name) or not draft.knows("blades"):
            return
        near = did_you_mean(name, draft.blades, "name one of the blades")
        yield draft.at_value(place, f"{field} {name} is not one of the blades", near)
        return
    allowed = draft.tier_of(name).get("slurm")
    if isinstance(allowed, list) and None not in allowed and "controller" not in allowed:
        tier = draft.blades[name]["tier"]
        fit = [other for other, entry in draft.tiers.items() if "controller" in (entry.get("slurm") or [])]
        tiers = f" (it is in that of {', '.join(fit)})" if fit else ""
        yield draft.at_value(
            place,
            f"{field} {name} is of tier {tier}, which may not be controller",
            f"give it a tier whose `slurm` list has controller{tiers}, or name another blade",
        )


def _accounting(draft: Draft) -> Iterator[Problem]:
    named = draft.data.get("accounting")
    host = named.get("host") if isinstance(named, dict) else None
    if host is not None and host not in draft.blades and draft.knows("blades") and not draft.knows("blades", host):
        near = did_you_mean(host, draft.blades, "name one of the blades")
        yield draft.at_value(("accounting", "host"), f"accounting host {host} is not one of the blades", near)


def _slurm_roles(draft: Draft) -> Iterator[Problem]:
    for name, tier in draft.tiers.items():
        roles = tier.get("slurm") or []
        for i, role in enumerate(roles):
            if role is not None and role in roles[:i]:
                wrong = f"tier {name} lists {role} twice"
                yield draft.at_value(("tiers", name, "slurm", i), wrong, "keep one of them")


def _partitions(draft: Draft) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for tier, entry in draft.tiers.items():
        partition = entry.get("partition") or {}
        written = isinstance(partition.get("name"), str)
        name = str(partition["name"]) if written else tier
        place = ("tiers", tier, "partition", "name") if written else ("tiers", tier)
        at = draft.at_value if written else draft.at_key
        if tier == "all" or name in RESERVED_PARTITIONS:
            reserved = "all" if tier == "all" else name
            yield at(place, f"`{reserved}` is reserved for {RESERVED_PARTITIONS[reserved]}", "call it something else")
        elif "compute" not in (entry.get("slurm") or []):
            continue
        elif name in seen:
            wrong = f"tier {tier} makes a partition {name}, as tier {seen[name]} does"
            yield at(place, wrong, "give one of them another `partition: {name: ...}`")
        seen.setdefault(name, tier)
