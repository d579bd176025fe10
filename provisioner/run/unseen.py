"""Blades that nobody looked at, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.run.events import RunState


def mark_unseen(state: RunState, controller: str, name: str, told: Mapping[str, str], stopped: bool) -> None:
    """Marks the blades that nobody looked at: silence about them is no good news.

    Args:
        controller: inventory name of the controller.
        name: its blade id.
        told: what the controller said of blades that were not asked themselves: '' for one that it looked at, else why
            it did not.
        stopped: whether the run was stopped in the middle.
    """
    usual = _usual_reason(state, controller, name, stopped)
    for host, blade in state.blades.items():
        is_seen = blade.failure is not None or blade.skipped or blade.modules > 0
        if not is_seen and (why := told.get(host, usual)):
            blade.skipped = f"not looked at: {why}"


def _usual_reason(state: RunState, controller: str, name: str, stopped: bool) -> str:
    lead = state.blades.get(controller)
    if stopped:
        return "the run was stopped before"
    if lead is not None and lead.failure is not None:
        return f"the controller {name} {'does not answer' if lead.unreachable else 'failed'}"
    return "the controller said nothing about it" if state.finished else "Ansible stopped before"
