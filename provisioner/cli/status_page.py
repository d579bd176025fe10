"""What `provision status` shows: the cluster as data, and as a page for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from provisioner.plan.model import Plan
    from provisioner.run.history import PastRun
    from provisioner.run.synced import Synced
    from provisioner.slurm.status import ClusterStatus

# Drains that a person made or began, who knows of them.
_KNOWN = ("admin", "provision drain", "rolling run")


@dataclass(frozen=True)
class Seen:
    """What is known of a cluster at one moment.

    Args:
        security: see `slurm.security.cluster_security`.
        last: the last run of this account, None for none.
        synced: what is known of each compute blade, see `run.synced`.
        worn: what wears out on each node, see `slurm.registry.recorded_warnings`.
        following: when the next scheduled run begins, an ISO time; '' where none is known.
    """

    site: Plan
    cluster: ClusterStatus
    security: Mapping[str, Any]
    last: PastRun | None
    synced: Mapping[str, Synced]
    worn: Mapping[str, list[str]]
    following: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as --json prints it."""
        last = self.last
        said = {"run": last.run, "by": last.by, "code": last.code, "result": last.result()} if last else None
        return {
            "cluster": self.site.cluster.name,
            "up": self.cluster.up,
            "pending_jobs": self.cluster.pending,
            "nodes": self._nodes(),
            "security": self.security,
            "last_run": said,
            "next_run": self.following,
            "warnings": list(self.warnings()),
        }

    def _nodes(self) -> list[dict[str, Any]]:
        from provisioner.names import host_name
        from provisioner.plan.derive import compute_blades, enclosure_of

        nodes = []
        for name in compute_blades(self.site):
            blade, node = self.site.blades[name], self.cluster.nodes.get(host_name(name))
            place = {"bay": blade.bay, "enclosure": enclosure_of(self.site, blade), "tier": blade.tier}
            known = {"sync": self.synced[name].as_dict()} if name in self.synced else {}
            said = node.as_dict() if node else {}
            nodes.append({"blade": name, "member": node is not None} | said | place | known)
        strangers = self.strangers()
        return nodes + [{"blade": name, "member": True} | self.cluster.nodes[name].as_dict() for name in strangers]

    def strangers(self) -> list[str]:
        """Nodes that Slurm has and the plan does not."""
        from provisioner.names import host_name
        from provisioner.plan.derive import members

        return sorted(self.cluster.nodes.keys() - {host_name(name) for name in members(self.site)})

    def warnings(self) -> Iterator[str]:
        """What a person should know, a sentence each."""
        from provisioner.console_text import one_line
        from provisioner.names import host_name
        from provisioner.plan.derive import as_spelt, compute_blades

        for name in compute_blades(self.site):
            node = self.cluster.nodes.get(host_name(name))
            if node is not None and not node.is_good() and node.owner not in _KNOWN and not _is_coming(node.state):
                yield f"{name} takes no jobs; next: provision explain {name}"
        for job in self.cluster.unstarted:
            yield f"job {job} is called running and has not begun; next: scontrol requeue {job}, or scancel {job}"
        for name, lines in self.worn.items():
            blade = as_spelt(self.site, [name])[0]
            yield from (f"{blade}: {line}; next: replace that part before it fails" for line in lines)
        for name, lines in self.security["outdated"].items():
            yield from (f"{as_spelt(self.site, [name])[0]}: {line}; next: provision slurm --upgrade" for line in lines)
        if strangers := self.strangers():
            yield f"defined in Slurm, but without a Slurm role in the plan: {one_line(', '.join(strangers))}"
        if self.security["release"]:
            yield str(self.security["release"])


def page(seen: Seen) -> list[RenderableType]:
    """What a person is shown: the cluster, its blades by bay, the last run, warnings."""
    from rich.text import Text

    from provisioner.console_text import counted, one_line

    word = "up" if seen.cluster.up else "down"
    pending = f"{counted(seen.cluster.pending, 'job')} pending"
    head = f"{seen.site.cluster.name}: slurmctld on {seen.site.cluster.controller} is {word}, {pending}"
    warnings = (f"warning: {one_line(line)}" for line in seen.warnings())
    runs = [*([_last_run(seen.last)] if seen.last else []), *([_next_run(seen.following)] if seen.following else [])]
    below = [*_in_sync(seen), *runs, *warnings]
    return [Text(head), *([_table(seen)] if seen.cluster.up else []), *map(Text, below)]


def _in_sync(seen: Seen) -> list[str]:
    """Of which blades a run said so; the others have words in the table."""
    from provisioner.names import folded
    from provisioner.run.synced import IN_SYNC

    good = [name for name, known in seen.synced.items() if known.state == IN_SYNC]
    return [f"in sync when a run last looked: {folded(good)}"] if good else []


def _last_run(last: PastRun) -> str:
    from provisioner.console_text import one_line

    by = f" by {last.by}" if last.by else ""
    return one_line(f"last run of this account{by}, {last.when()}: {last.result()}", 400)


def _next_run(following: str) -> str:
    return f"next scheduled run: {datetime.fromisoformat(following).astimezone():%Y-%m-%d %H:%M}"


def _table(seen: Seen) -> Any:
    from rich.table import Table
    from rich.text import Text

    from provisioner.console_text import one_line
    from provisioner.names import host_name
    from provisioner.plan.derive import compute_blades, enclosure_of

    table = Table(box=None, padding=(0, 2, 0, 0))
    boxes = ["enclosure"] if len(seen.site.enclosures) > 1 else []
    for column in ("blade", *boxes, "bay", "tier", "state", "CPUs", "memory", "jobs", "not in sync", "reason"):
        table.add_column(column, justify="right" if column in ("bay", "CPUs", "memory", "jobs") else "left")
    for name in compute_blades(seen.site):
        blade, node = seen.site.blades[name], seen.cluster.nodes.get(host_name(name))
        box = [enclosure_of(seen.site, blade) or ""] if boxes else []
        place = (name, *box, str(blade.bay or ""), blade.tier)
        known = _not_in_sync(seen.synced.get(name))
        if node is None:
            table.add_row(*place, "not a member", "", "", "", known, "", style="dim")
            continue
        table.add_row(
            *place,
            Text(one_line(node.state, 60), style="green" if node.is_good() else "bold red"),
            f"{node.cpus_used}/{node.cpus}",
            f"{node.memory_mib} MiB",
            str(len(node.jobs) or ""),
            known,
            one_line(f"{_whose(node.owner, node.by)}{node.reason}", 260),
        )
    return table


def _not_in_sync(known: Synced | None) -> str:
    from provisioner.console_text import one_line
    from provisioner.run.synced import DIFFERS, FAILED
    from provisioner.slurm.installation import Standing

    if known is None:
        return ""
    odd = known.installation if known.installation not in ("", Standing.IN_SYNC) else ""
    words = known.words if known.state in (DIFFERS, FAILED) else ""
    return one_line("; ".join(each for each in (odd, words) if each), 200)


def _whose(owner: str, by: str) -> str:
    from provisioner.explain.drains import WHOSE

    if not owner:
        return ""
    return f"{WHOSE.get(owner, 'somebody')}{f' ({by})' if owner == 'admin' and by else ''}: "


def _is_coming(state: str) -> bool:
    """A state that ends by itself."""
    return any(word in state for word in ("completing", "planned", "reserved", "maint", "power", "reboot"))
