"""Programs that work on the nodes by themselves, without a run: with the Python of their OS and nothing else.

Roles put each package of this folder into /usr/local/lib/provision on the nodes that need it (filter `node_program`).
"""

from __future__ import annotations

from pathlib import Path


def node_program(name: str) -> str:
    """The text of a file of this folder, such as `health/main.py`."""
    return (Path(__file__).parent / name).read_text()
