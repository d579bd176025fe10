"""What the page says of each blade: how it is drawn, its details, its row of hardware. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.console_text import counted, one_line, their_words
from provisioner.names import host_name
from provisioner.plan.derive import as_spelt
from provisioner.plan.overview import BayRow
from provisioner.report.facts import Facts
from provisioner.report.hardware import Hardware, found, hardware_of, machine_words
from provisioner.report.states import OUT, UNKNOWN, Look, look_of_node, look_of_service
from provisioner.run.history import PastRun
from provisioner.slurm.status import NodeStatus

_NOTES, _JOBS = 6, 12


@dataclass(frozen=True)
class Card:
    """A blade on the page.

    Args:
        key: names it within the page, of letters, digits and dashes only.
        load: share of its CPUs that jobs have, in percent; None where nobody knows.
        alarms: what a person should see now, each a sentence; `advice` is what the plan has to say.
        failed: whether the last run over it failed there.
        details: label and text, as they are shown when a person asks for the blade.
    """

    blade: str
    key: str
    place: str
    tier: str
    role: str
    look: Look
    jobs: int
    load: int | None
    alarms: tuple[str, ...]
    advice: tuple[str, ...]
    failed: bool
    details: tuple[tuple[str, str], ...]
    hardware: Hardware


@dataclass
class _Known:
    """What is known of one blade, from all sides."""

    node: NodeStatus | None
    record: Mapping[str, Any]
    run: PastRun | None
    outdated: list[str] = field(default_factory=list)


def cards(facts: Facts, rows: list[BayRow]) -> dict[str, Card]:
    """The cards by blade: those of the plan, then nodes that Slurm has besides."""
    last: dict[str, PastRun] = {}
    for run in facts.runs:
        if not run.is_check():
            for name in run.blades:
                last.setdefault(name, run)
    made = {}
    for number, row in enumerate(rows):
        known = _known(facts, host_name(row.blade), last.get(row.blade))
        made[row.blade] = _card(facts, f"b{number}", row, known)
    nodes = facts.standing.cluster.nodes if facts.standing else {}
    strange = sorted(nodes.keys() - {host_name(row.blade) for row in rows})
    for number, (host, blade) in enumerate(zip(strange, as_spelt(facts.plan, strange), strict=True)):
        made[blade] = _stranger(f"s{number}", one_line(blade, 80), _known(facts, host, last.get(blade)))
    return made


def _known(facts: Facts, host: str, run: PastRun | None) -> _Known:
    if facts.standing is None:
        return _Known(None, {}, run)
    standing = facts.standing
    outdated = standing.security.get("outdated", {}).get(host, [])
    return _Known(standing.cluster.nodes.get(host), standing.registry.get(host, {}), run, list(outdated))


def _card(facts: Facts, key: str, row: BayRow, known: _Known) -> Card:
    role = _role(facts, row)
    hardware = hardware_of(row, known.record)
    place = "" if row.bay is None else ", ".join(filter(None, (row.enclosure, f"bay {row.bay}")))
    said = [
        ("place", place),
        ("tier", row.tier),
        ("role", role),
        *_slurm(known),
        *machine_words(hardware),
        ("note", row.note),
    ]
    advice = tuple(one_line(each, 300) for each in row.findings)
    failed = known.run is not None and row.blade in known.run.failed
    details = tuple((label, text) for label, text in [*said, *_last(known.run, row.blade)] if text)
    look = _look(facts, row, known.node)
    return Card(
        row.blade, key, place, row.tier, role, look, _jobs(known), _load(known), _alarms(known), advice, failed,
        details, hardware,
    )  # fmt: skip


def _stranger(key: str, blade: str, known: _Known) -> Card:
    node = known.node
    look = look_of_node(node) if node else Look(UNKNOWN, "unknown")
    hardware = found(known.record) if known.record else Hardware()
    warn = "it is in Slurm and not in the plan; `provision slurm --forget` takes it out"
    details = tuple((label, text) for label, text in [*_slurm(known), *machine_words(hardware)] if text)
    alarms = (warn, *_alarms(known))
    return Card(blade, key, "", "", "compute", look, _jobs(known), _load(known), alarms, (), False, details, hardware)


def _role(facts: Facts, row: BayRow) -> str:
    backup = row.blade == facts.plan.cluster.backup_controller
    words = [
        row.slurm or "", "backup controller" if backup else "", "login" if row.login else "",
        "accounting" if row.accounting else "",
    ]  # fmt: skip
    return ", ".join(filter(None, words))


def _look(facts: Facts, row: BayRow, node: NodeStatus | None) -> Look:
    standing = facts.standing
    if node is not None:
        return look_of_node(node)
    if row.slurm == "controller":
        return look_of_service("controller", standing is not None, standing is not None and standing.cluster.up)
    if row.slurm == "compute":
        # Nobody knows its state while slurmctld does not answer.
        known = standing is not None and standing.cluster.up
        return Look(OUT, "not a member") if known else Look(UNKNOWN, "unknown")
    if row.login or row.accounting:
        return look_of_service("login" if row.login else "accounting", standing is not None, True)
    return Look(OUT, "no Slurm role")


def _jobs(known: _Known) -> int:
    return len(known.node.jobs) if known.node else 0


def _load(known: _Known) -> int | None:
    node = known.node
    return min(100, round(100 * node.cpus_used / node.cpus)) if node and node.cpus else None


def _slurm(known: _Known) -> list[tuple[str, str]]:
    node = known.node
    if node is None:
        return []
    shown = ", ".join(map(str, node.jobs[:_JOBS]))
    more = f" and {len(node.jobs) - _JOBS} more" if len(node.jobs) > _JOBS else ""
    return [
        ("state in Slurm", one_line(node.state, 100)),
        ("CPUs in use", f"{node.cpus_used} of {node.cpus}"),
        (counted(len(node.jobs), "job") if node.jobs else "jobs", shown + more),
        ("slurmd", one_line(node.version, 40)),
    ]


def _alarms(known: _Known) -> tuple[str, ...]:
    reason = (their_words(known.node.reason, 300),) if known.node and known.node.reason else ()
    return (*reason, *(one_line(each, 300) for each in known.outdated))


def _last(run: PastRun | None, blade: str) -> list[tuple[str, str]]:
    if run is None:
        return [("last run", "none on record here")]
    changed = counted(len(run.changed[blade]), "thing") if blade in run.changed else ""
    skipped = run.skipped.get(blade)
    word = "failed" if blade in run.failed else f"skipped ({skipped})" if skipped else f"changed {changed or 'nothing'}"
    notes = [one_line(line, 300) for line in run.notes.get(blade, [])][:_NOTES]
    return [
        ("last run", one_line(f"{run.when()}: {word}", 300)),
        ("failure", one_line(run.failed.get(blade, ""), 400)),
        *(("noted", line) for line in notes),
    ]
