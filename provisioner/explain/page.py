"""The page of `provision explain`: what was found, by headings. Pure; whoever prints it makes the words harmless."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from provisioner.console_text import counted
from provisioner.duration import said
from provisioner.explain.causes import Explained
from provisioner.explain.drains import WHOSE
from provisioner.explain.evidence import Evidence
from provisioner.run.history import PastRun

_RUNS = 3
Section = tuple[str, list[str], bool]
"""A heading, its lines, and whether these are a log of somebody else."""


def page(found: Evidence, runs: Iterable[PastRun]) -> list[Section]:
    """The sections that have something to say, in the order from Slurm down to the logs."""
    sections = [
        ("slurmctld says", _slurm(found), False),
        ("the blade says", _here(found), False),
        ("disks", _disks(found), False),
        ("health check", [line for line in str(found.here.get("health") or "").splitlines() if line], True),
        ("in sync", _sync(found), False),
        ("last runs of this account", [_run(each, found.blade) for each in runs][:_RUNS], False),
        ("slurmd's log", _log(found, "slurmd"), True),
        ("munge's warnings", _log(found, "munge"), True),
        ("errors of its kernel", _log(found, "kernel"), True),
        ("slurmctld's log about it", list(found.cluster.get("log") or []), True),
        ("the end of slurmctld's log", _end_of_log(found), True),
    ]
    return [section for section in sections if section[1]]


def as_dict(found: Evidence, verdict: Explained, runs: Iterable[PastRun]) -> dict[str, Any]:
    """Everything for scripts."""
    # Whoever has a credential speaks for root for some minutes.
    here = {key: value for key, value in found.here.items() if key != "credential"}
    return {
        "blade": found.blade,
        "node": found.node,
        "in_plan": found.roles is not None,
        "roles": list(found.roles or ()),
        **verdict.as_dict(),
        "says": here,
        "slurm": dict(found.cluster),
        "drift": list(found.drift),
        "in_sync": found.roles is not None and bool(found.facts) and not found.drift and not found.problems,
        "notes": list(found.notes),
        "runs": [each.as_dict() for each in runs][:_RUNS],
    }


def _slurm(found: Evidence) -> list[str]:
    cluster, seen = found.cluster, found.seen
    if not cluster:
        return [f"the controller {found.controller} cannot be asked"] if found.controller_failure else []
    if not cluster["up"]:
        return [cluster["words"] or "nothing: it cannot be asked"]
    if not seen:
        return [] if found.is_controller and not found.computes else ["it does not know the node"]
    jobs = counted(len(cluster["jobs"]), "job") + (f" ({_few(map(str, cluster['jobs']))})" if cluster["jobs"] else "")
    lines = [f"{'+'.join(seen['states']).lower()}{', not responding' if seen['silent'] else ''}; {jobs}"]
    if seen["owner"]:
        by = f" ({seen['by']}, {seen['since']})" if seen["by"] else ""
        lines.append(f"{WHOSE.get(seen['owner'], 'somebody')}{by}: {seen['reason'] or 'no reason given'}")
    return [*lines, *seen["problems"]]


def _here(found: Evidence) -> list[str]:
    here = found.here
    if not here:
        return [found.failure.message] if found.failure else []
    units = [f"{name} {unit['active']}" for name, unit in here["units"].items() if unit["load"] != "not-found"]
    munge = "works" if here["munge"] == 0 else f"exit code {here['munge']}"
    accepted = found.cluster.get("accepted")
    taken = "" if accepted is None else f", the controller {'takes' if accepted == 0 else 'refuses'} its credential"
    lines = [
        f"{here['os']['pretty_name'] or 'an unknown system'}, up for {said(here['up_seconds'])}",
        f"services: {', '.join(units) or 'none of the cluster'}",
        f"munge: {munge}{taken}",
        f"clock: {here['skew']:+.0f} s against this machine",
    ]
    return lines + ([f"does not reach: {', '.join(here['unreached'])}"] if here["unreached"] else [])


def _disks(found: Evidence) -> list[str]:
    free = ", ".join(f"{place} {mib} MiB" for place, mib in (found.here.get("free_mib") or {}).items())
    lines = [f"free: {free}"] if free else []
    scratch: Mapping[str, Any] = found.facts.get("scratch") or {}
    if scratch.get("size_mib"):
        lines.append(f"scratch: {scratch['size_mib']} MiB")
    waits = [f"scratch: {each['disk']} waits ({each['size_gb']} GB)" for each in scratch.get("waiting") or []]
    return [*lines, *waits, *(scratch.get("warnings") or [])]


def _sync(found: Evidence) -> list[str]:
    if found.roles == () or found.roles is None or not found.here:
        return []
    if found.problems:
        return ["not compared: a run would refuse it"]
    if not found.facts:
        return ["not compared: it could not be looked at"]
    if found.computes and found.is_fresh:
        return [f"a run would do {counted(len(found.drift), 'thing')} there"]
    return [*(found.drift or ["it is as its roles keep it"]), *(f"note: {note}" for note in found.notes)]


def _run(run: PastRun, blade: str) -> str:
    did = run.failed.get(blade) or run.skipped.get(blade) or _few(run.changed.get(blade, [])) or "nothing changed"
    return f"{run.when()} {run.what}: {did}"


def _log(found: Evidence, name: str) -> list[str]:
    return list((found.here.get("logs") or {}).get(name) or [])


def _end_of_log(found: Evidence) -> list[str]:
    """Only where slurmctld itself is the trouble."""
    cluster = found.cluster
    return [] if not cluster or cluster["up"] else list(cluster["end_of_log"])


def _few(words: Iterable[str], most: int = 4) -> str:
    listed = list(words)
    return "; ".join(listed[:most]) + (f"; and {len(listed) - most} more" if len(listed) > most else "")
