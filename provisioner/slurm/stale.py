"""Nodes whose slurmd has settings of its start that are other ones by now; the controller remembers them. Pure.

Before 23.11 a reconfigure does not reach all of slurmd. Whoever is due stays on the list until a run has restarted its
slurmd, so a run that is killed, or leaves nodes out, forgets nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from provisioner.slurm.effects import spelled

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")


def read_due(text: str) -> dict[str, list[str]]:
    """The keys by node name, in the controller's file; a text that is none has nobody."""
    try:
        data = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        return {}
    found = data.items() if isinstance(data, dict) else ()
    return {
        name: [spelled(str(key)) for key in keys if _KEY.fullmatch(str(key))]
        for name, keys in found
        if _NAME.fullmatch(name) and isinstance(keys, list)
    }


def due(text: str, why: Collection[str], nodes: Collection[str], logins: Collection[str] = ()) -> str:
    """The new text of that file; '' for nobody.

    Args:
        text: the old one.
        why: what changed that slurmd reads at its start only, such as `taskplugin changed`.
        nodes: the names of all nodes of the registry.
        logins: of those the ones without slurmd.
    """
    keys = [spelled(each.removesuffix(" changed")) for each in why]
    before = read_due(text)
    found = {name: list(dict.fromkeys([*before.get(name, []), *keys])) for name in sorted({*nodes} - {*logins})}
    return _written({name: keys for name, keys in found.items() if keys})


def without(text: str, done: Collection[str]) -> str:
    """The text without nodes whose slurmd was restarted."""
    return _written({name: keys for name, keys in read_due(text).items() if name not in done})


def _written(found: Mapping[str, Any]) -> str:
    return json.dumps(found, sort_keys=True, indent=1) + "\n" if found else ""
