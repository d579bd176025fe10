"""Which blades a person means with `--nodes`: ClusterShell node sets over the plan."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ClusterShell.NodeSet import NodeSet, NodeSetException
from ClusterShell.NodeUtils import GroupResolver, GroupResolverError, GroupSource, GroupSourceError

from provisioner.errors import UsageError
from provisioner.names import host_name
from provisioner.plan.derive import as_spelt, is_member, members
from provisioner.plan.model import Plan
from provisioner.plan.problems import did_you_mean, printable

EXAMPLES = "write names such as BLD-008,BLD-011, a set such as BLD-[008-012], or a tier such as @medium"

# Beyond that, and beyond the plan, a set is a slip of the finger, and slow to expand.
_MAX_LENGTH = 4096
_MAX_EXPANDED = 1024


def select_nodes(plan: Plan, expression: str | None) -> list[str]:
    """The blade ids that `expression` means, in the order of the plan; None means every member.

    Node sets as ClusterShell writes them, in any case: `BLD-008,BLD-011`, `BLD-[008-012]`, `bld-01*`,
    `@medium` for a tier, `@all` for every blade with a Slurm role, `@all!BLD-008` for all but one.

    Raises:
        UsageError: malformed, too large or empty; a name not in the plan; a blade with no Slurm role.
    """
    if expression is None:
        chosen = set(members(plan))
        return [name for name in plan.blades if name in chosen]
    chosen = set(as_spelt(plan, _expand(plan, expression)))
    if not chosen:
        raise UsageError(f'"{printable(expression)}" names no blade', EXAMPLES)
    _refuse_unknown(plan, chosen)
    _refuse_idle(plan, chosen)
    return [name for name in plan.blades if name in chosen]


def select_forgotten(plan: Plan, expression: str, where: str = "--forget") -> list[str]:
    """The blade ids that are to leave the cluster; unlike `select_nodes` also names the plan has no more.

    Args:
        where: what names them on the command line.

    Raises:
        UsageError: malformed, too large or empty; the controller is among them.
    """
    chosen = set(as_spelt(plan, _expand(plan, expression)))
    if not chosen:
        raise UsageError(f'"{printable(expression)}" names no blade', EXAMPLES)
    if plan.cluster.controller in chosen:
        raise UsageError(
            f"{plan.cluster.controller} is the controller, without which there is no cluster",
            f"leave it out of {where}",
        )
    return [*(name for name in plan.blades if name in chosen), *sorted(chosen - plan.blades.keys())]


def select_for_run(plan: Plan, expression: str | None, forgotten: Sequence[str]) -> list[str]:
    """The blades of a run: those that `expression` means; without one every member that is not forgotten.

    Raises:
        UsageError: as `select_nodes`; or a forgotten blade is named, which would join again at once.
    """
    chosen = select_nodes(plan, expression)
    if expression is None:
        return [name for name in chosen if name not in forgotten]
    if both := [name for name in chosen if name in forgotten]:
        raise UsageError(
            f"{', '.join(both)} in --forget and in --nodes at once",
            f"leave out what you do not mean, as in --nodes '{printable(expression)}!{','.join(both)}'",
        )
    return chosen


def _expand(plan: Plan, expression: str) -> set[str]:
    # Blanks around an operator mean nothing, any other separates names.
    wanted = re.sub(r"\s*([,!&^])\s*", r"\1", expression.strip().lower())
    wanted = re.sub(r"\s+", ",", wanted)
    _refuse_large(wanted, max(_MAX_EXPANDED, len(plan.blades)))
    groups = _groups(plan)
    for group in re.findall(r"@([^,!&^@]*)", wanted):
        if group not in groups and not re.search(r"[*?\[]", group):
            raise UsageError(
                f'"@{printable(group)}" is no tier of the plan',
                did_you_mean(f"@{group}", [f"@{name}" for name in groups]),
            )
    source = GroupSource("plan", {name: ",".join(hosts) for name, hosts in groups.items()})
    try:
        return set(NodeSet(wanted, resolver=GroupResolver(source)))
    except (NodeSetException, GroupResolverError, GroupSourceError, ValueError) as error:
        reason = printable(str(error))
        raise UsageError(f'"{printable(expression)}" is no node set: {reason}', EXAMPLES) from None


def _groups(plan: Plan) -> dict[str, list[str]]:
    """Host names by tier; `all` has every blade with a Slurm role."""
    groups: dict[str, list[str]] = {tier: [] for tier in plan.tiers}
    for name, blade in plan.blades.items():
        groups[blade.tier].append(host_name(name))
    return {**groups, "all": [host_name(name) for name in members(plan)]}


def _refuse_large(wanted: str, most: int) -> None:
    """Counts what the ranges would expand to, since expanding them may take all memory."""
    size = 1
    if len(wanted) > _MAX_LENGTH:
        size = most + 1
    for pattern in re.split(r"[,!&^](?![^\[]*\])", wanted):
        pattern_size = 1
        for ranges in re.findall(r"\[([^\]]*)", pattern):
            pattern_size *= sum(map(_range_size, ranges.split(",")))
        size = max(size, pattern_size)
    if size > most:
        raise UsageError(f'"{printable(wanted)}" is a set of more than {most} names', EXAMPLES)


def _range_size(text: str) -> int:
    ends = re.match(r"([0-9]+)-([0-9]+)", text.strip())
    if ends is None:
        return 1
    first, last = (int(end[:12]) if len(end) <= 12 else 10**12 for end in ends.groups())
    return max(last - first + 1, 1)


def _refuse_unknown(plan: Plan, chosen: set[str]) -> None:
    unknown = sorted(chosen - set(plan.blades))
    if not unknown:
        return
    names = ", ".join(printable(name) for name in unknown[:5])
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    groups = {name: f"did you mean @{name}?" for name in _groups(plan)}
    near = groups.get(host_name(unknown[0])) or did_you_mean(
        unknown[0], plan.blades, "`provision plan` lists the blades"
    )
    raise UsageError(f"{names}{more} {'are' if len(unknown) > 1 else 'is'} not in the plan", near)


def _refuse_idle(plan: Plan, chosen: set[str]) -> None:
    idle = [name for name in plan.blades if name in chosen and not is_member(plan, name)]
    if idle:
        named = ", ".join(f"{name} (tier {plan.blades[name].tier})" for name in idle)
        raise UsageError(
            f"no Slurm role for {named}",
            "leave them out, or give them a tier whose `slurm` list is not empty",
        )
