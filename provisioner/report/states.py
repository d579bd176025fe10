"""How the state of a blade is drawn: kind, which is colour and sign, and a word, since no colour speaks alone. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from provisioner.console_text import one_line
from provisioner.slurm.status import NodeStatus

IDLE, BUSY, DRAINED, DOWN, HELD, SERVICE, OUT, UNKNOWN = (
    "idle", "busy", "drained", "down", "held", "service", "out", "unknown",
)  # fmt: skip
MEANINGS = {
    DOWN: "down or not responding",
    DRAINED: "drained: takes no new jobs",
    HELD: "kept back: powered off, maintenance or reserved",
    UNKNOWN: "not known",
    BUSY: "runs jobs",
    IDLE: "free",
    SERVICE: "controller, login or database",
    OUT: "no member of the cluster",
}
"""What each kind means, the worst first; the order of the legend."""
BAD = frozenset({DOWN, DRAINED, HELD, UNKNOWN})
"""The kinds that a person wants to hear of first."""

_WORDS = re.compile(r"[^a-z_]+")
# Words of Slurm's states, the worst first: the first that a node has decides.
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("not_responding", DOWN, "no answer"),
    ("down", DOWN, "down"),
    ("fail", DOWN, "failing"),
    ("failing", DOWN, "failing"),
    ("error", DOWN, "error"),
    ("inval", DOWN, "invalid"),
    ("invalid_reg", DOWN, "invalid"),
    ("draining", DRAINED, "draining"),
    ("drained", DRAINED, "drained"),
    ("drain", DRAINED, "drained"),
    ("powered_down", HELD, "powered off"),
    ("powering_down", HELD, "powers off"),
    ("power_down", HELD, "powers off"),
    ("powering_up", HELD, "powers on"),
    ("reboot_issued", HELD, "reboots"),
    ("reboot_requested", HELD, "is to reboot"),
    ("future", HELD, "future"),
    ("maint", HELD, "maintenance"),
    ("maintenance", HELD, "maintenance"),
    ("reserved", HELD, "reserved"),
    ("blocked", HELD, "blocked"),
    ("completing", BUSY, "completing"),
    ("allocated", BUSY, "allocated"),
    ("mixed", BUSY, "mixed"),
    ("planned", IDLE, "planned"),
    ("idle", IDLE, "idle"),
)


@dataclass(frozen=True)
class Look:
    """How a blade is drawn: one of MEANINGS, and the word beside the sign."""

    kind: str
    word: str


def look_of_node(node: NodeStatus) -> Look:
    """The look of a node that Slurm knows; one whose state nobody knows is drawn as unknown, by its own word."""
    words = set(filter(None, _WORDS.split(node.state.lower())))
    # Slurm's short form of a node that does not answer.
    if "*" in node.state:
        words.add("not_responding")
    for word, kind, said in _KINDS:
        if word in words:
            return Look(kind, "draining" if kind == DRAINED and node.jobs else said)
    return Look(UNKNOWN, one_line(node.state, 20) or "unknown")


def look_of_service(word: str, asked: bool, up: bool) -> Look:
    """The look of a blade that serves the cluster and computes nothing.

    Args:
        word: what it is, such as `controller`.
        asked: whether anybody could be asked about it.
        up: whether what it does works, as far as somebody knows.
    """
    if not asked:
        return Look(UNKNOWN, "no answer")
    return Look(SERVICE, word) if up else Look(DOWN, "down")
