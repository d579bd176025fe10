"""Two roles of one node never keep the same thing: each run would undo what the other did."""

from __future__ import annotations

from provisioner.state.kinds import OPTIONS, StateError, States, all_things

# A package may be wanted by several roles: it is there or not. A path has one owner, whatever it is.
_SHARED = {"packages"}
_SAME = {"folders": "path", "links": "path", "files": "path", "secrets": "path", "scratch": "path"}


def refuse_contradictions(states: States) -> None:
    """Raises StateError where two roles keep one path, unit, account or answer."""
    owners: dict[tuple[str, str, str], str] = {}
    for kind in OPTIONS:
        if kind in _SHARED:
            continue
        for role, name, options in all_things(states, kind):
            # The same path on two releases is not the same thing.
            key = (_SAME.get(kind, kind), name, str(options["release"]) if "release" in options else "")
            other = owners.setdefault(key, role)
            if other != role:
                raise StateError(f"roles {other} and {role} both keep {_SAME.get(kind, kind[:-1])} {name}")
