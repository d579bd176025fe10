"""The phases of a playbook, in the order of its plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from provisioner.plan.syntax import LOADER


def phases(playbook: Path) -> list[str]:
    """The names of its plays and of the playbooks that it imports, each once."""
    return list(dict.fromkeys(_plays(playbook)))


def _plays(playbook: Path) -> Iterator[str]:
    for play in yaml.load(playbook.read_text(), Loader=LOADER):
        if imported := play.get("ansible.builtin.import_playbook", play.get("import_playbook")):
            yield from _plays(playbook.parent / imported)
        else:
            yield str(play["name"])
