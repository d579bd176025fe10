"""Under which keys tasks tell a person something. A light module: every run loads it with the task `tell`."""

from __future__ import annotations

NOTE_KEY = "provision_notes"
"""In the result or the facts of a task: what a person should know."""

WAITS_KEY = "provision_waits"
"""Whom or what the next task of a node waits for, as tasks of this machine tell it."""

TROUBLE_KEY = "provision_troubles"
"""What does not work on a node while the cluster does, as tasks of this machine tell it; a node has no say in it."""

CHANGED_KEY = "provision_changed"
"""What a run changed, a line each, as tasks of this machine tell it; a node has no say in it."""

LEFT_KEY = "provision_left"
"""What a scheduled run left for later, a line each, as tasks of this machine tell it; a node has no say in it."""

BECAUSE_KEY = "provision_left_because"
"""Why it left that."""
