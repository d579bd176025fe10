"""Where verbs print to."""

from __future__ import annotations

import sys

from rich.console import Console


def console_for(as_json: bool) -> Console:
    """The console for people: standard output, or standard error while standard output carries JSON.

    The stream is fixed here, because Ansible's own chatter is kept out by redirecting sys.stdout.
    """
    return Console(file=sys.stderr if as_json else sys.stdout, highlight=False)
