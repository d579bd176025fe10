"""Each verb that changes something can show it first, and each that answers can answer a script."""

from __future__ import annotations

import pytest

from tests.contracts.test_docs import VERBS

_LOOKS = "it changes nothing"
_CONTAINERS = "its containers are this machine's, and no cluster's"
# Verbs without --check, and why each needs none.
WITHOUT_CHECK = {
    "check": _LOOKS,
    "explain": _LOOKS,
    "hostca show": _LOOKS,
    "init": "it looks at machines, and writes the one new file that --out names",
    "inventory": _LOOKS,
    "lab down": _CONTAINERS,
    "lab off": _CONTAINERS,
    "lab on": _CONTAINERS,
    "lab reboot": _CONTAINERS,
    "lab reimage": _CONTAINERS,
    "lab ssh": "what it runs there is a person's",
    "lab status": _LOOKS,
    "lab up": _CONTAINERS,
    "plan": _LOOKS,
    "report": "it looks, and writes the page that --html names",
    "runs": _LOOKS,
    "runs show": _LOOKS,
    "schema": _LOOKS,
    "status": _LOOKS,
    "timer notify": "systemd calls it after a run; it touches no blade",
    "timer status": _LOOKS,
    "unlock": "without --yes it shows who holds the lock, and asks",
    "verify": "it proves what is there, and leaves nothing",
}
# Verbs without --json, and why each has none.
WITHOUT_JSON = {
    "inventory": "what it prints is JSON, as Ansible wants it",
    "lab down": _CONTAINERS,
    "lab off": _CONTAINERS,
    "lab on": _CONTAINERS,
    "lab reboot": _CONTAINERS,
    "lab reimage": _CONTAINERS,
    "lab ssh": "what it prints is the blade's",
    "lab up": _CONTAINERS,
    "schema": "what it prints is JSON",
    "timer notify": "what it runs is the plan's command; its words are for the journal",
}


def without(option: str) -> set[str]:
    """The verbs that do not take an option; a group that only has verbs below it is none."""
    found = set()
    for words, command in VERBS.items():
        is_verb = not hasattr(command, "commands") or command.invoke_without_command
        if is_verb and option not in {name for each in command.params for name in each.opts}:
            found.add(" ".join(words))
    return found


@pytest.mark.parametrize(("option", "named"), [("--check", WITHOUT_CHECK), ("--json", WITHOUT_JSON)])
def test_a_verb_takes_it_or_is_named_with_a_reason(option: str, named: dict[str, str]) -> None:
    assert without(option) == named.keys()
    assert all(named.values())
