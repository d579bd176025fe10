"""Two roles of one node never keep the same thing: each run would undo what the other did."""

from __future__ import annotations

from provisioner.state.kinds import StateError, States, all_things

# A path has one owner, whatever it is. A package may be wanted by several roles: it is there or not.
_NOUNS = {
    "accounts": "account", "folders": "path", "links": "path", "files": "path", "secrets": "path", "asks": "answer",
    "scratch": "path", "units": "unit", "trials": "trial",
}  # fmt: skip


def refuse_contradictions(states: States) -> None:
    """Raises StateError where one path, unit, account or answer is kept twice on one release."""
    owners: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for kind, noun in _NOUNS.items():
        for role, name, options in all_things(states, kind):
            release = str(options["release"]) if "release" in options else ""
            same = owners.setdefault((noun, name), [])
            for other, its_kind, its_release in same:
                if not release or not its_release or release == its_release:
                    raise StateError(_words(noun, name, (other, its_kind), (role, kind)))
            same.append((role, kind, release))
    if len(made := [role for role, _, _ in all_things(states, "scratch")]) > 1:
        raise StateError(f"{' and '.join(f'role {role}' for role in made)} keep scratch; a node has one")


def _words(noun: str, name: str, *kept: tuple[str, str]) -> str:
    (one, one_kind), (other, other_kind) = sorted(kept)
    if one == other:
        return f"role {one} keeps {noun} {name} twice: as {one_kind} and {other_kind}"
    return f"roles {one} and {other} both keep {noun} {name}"
