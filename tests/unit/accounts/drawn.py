"""Accounts files and live states, drawn at random."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from provisioner.accounts.limits import ASSOCIATION, QOS, Setting, Value
from provisioner.accounts.policy import Association, Key, Policy, User
from tests.unit.accounts.slurm_model import Slurm

ACCOUNTS = ["a", "b", "c", "d", "e"]
USERS = ["u", "v", "w", "x"]
QOS_NAMES = ["p", "q", "r"]
_VALUES: dict[str, st.SearchStrategy[Value]] = {
    "count": st.integers(1, 3),
    "tres": st.dictionaries(st.sampled_from(["cpu", "mem", "node"]), st.integers(0, 3000), min_size=1).map(
        lambda found: tuple(sorted(found.items()))
    ),
    "minutes": st.integers(0, 3000),
    "seconds": st.integers(0, 100000),
    "factor": st.sampled_from([0.5, 2.0]),
    "share": st.sampled_from([2, 3, "parent"]),
    "flags": st.sampled_from([("NoDecay",), ("DenyOnLimit", "NoReserve")]),
}


@st.composite
def settings(draw: Any, known: tuple[Setting, ...]) -> dict[str, Value]:
    """Some settings, none of which names a QOS."""
    plain = [setting for setting in known if setting.kind in _VALUES]
    chosen = draw(st.lists(st.sampled_from(plain), max_size=3, unique_by=lambda setting: setting.name))
    return {setting.name: draw(_VALUES[setting.kind]) for setting in chosen}


def places_in(accounts: list[str]) -> st.SearchStrategy[tuple[str, str]]:
    """Accounts, some of them in one partition only."""
    return st.tuples(st.sampled_from(accounts), st.sampled_from(["", "fast"]))


@st.composite
def policies(draw: Any) -> Policy:
    """A policy that an accounts file may say: a tree, users in it, QOS that exist, defaults that may be used."""
    qos: dict[str, dict[str, Value]] = {}
    for name in draw(st.lists(st.sampled_from(QOS_NAMES), unique=True)):
        qos[name] = draw(settings(QOS))
    # Each only those before it: Slurm refuses circles.
    for place, name in enumerate(qos):
        others = sorted(list(qos)[:place])
        if others and draw(st.booleans()):
            qos[name]["Preempt"] = tuple(sorted(draw(st.sets(st.sampled_from(others), min_size=1))))
    accounts = draw(st.permutations(ACCOUNTS))[: draw(st.integers(0, 5))]
    parents: dict[str, str] = {}
    for name in accounts:
        parents[name] = draw(st.sampled_from(["root", *parents]))
    associations: dict[Key, Association] = {}
    for name in accounts:
        associations[Key(name)] = Association(parents[name], _shares(draw, qos, associations, parents, name))
    order = draw(st.permutations(sorted(associations)))
    associations = {key: associations[key] for key in order}
    users = {}
    coordinators = {}
    for user in draw(st.lists(st.sampled_from(USERS), unique=True)) if accounts else []:
        places = draw(st.lists(places_in(accounts), min_size=1, max_size=3, unique=True))
        for account, partition in places:
            associations[Key(account, user, partition)] = Association(
                "", _shares(draw, qos, associations, parents, account)
            )
        users[user] = (draw(st.sampled_from(["none", "operator"])), draw(st.sampled_from(places))[0])
    for account in accounts:
        if users and draw(st.booleans()):
            coordinators[account] = frozenset(draw(st.sets(st.sampled_from(sorted(users)))))
    return Policy(qos, associations, {name: User(*found) for name, found in users.items()}, coordinators)


def _shares(draw: Any, qos: Any, associations: Any, parents: Any, account: str) -> dict[str, Value]:
    """Settings whose default QOS, their own or the one from above, may be used there."""
    found: dict[str, Value] = draw(settings(ASSOCIATION))
    names = ["normal", *qos]
    if draw(st.booleans()):
        found["QOS"] = tuple(sorted(draw(st.sets(st.sampled_from(names), min_size=1))))
    allowed: Any = found.get("QOS")
    inherited: Any = None
    above = account
    while above != "root":
        if Key(above) in associations:
            allowed = allowed or associations[Key(above)].settings.get("QOS")
            inherited = inherited or associations[Key(above)].settings.get("DefaultQOS")
        above = parents[above]
    allowed = allowed or ("normal",)
    if draw(st.booleans()) or (inherited is not None and inherited not in allowed):
        found["DefaultQOS"] = draw(st.sampled_from(allowed))
    return found


def slurm_with(policy: Policy, implied: bool) -> Slurm:
    """A Slurm that has exactly this policy."""
    slurm = Slurm(implied=implied)
    slurm.qos |= {name: dict(found) for name, found in policy.qos.items()}
    for key, association in policy.associations.items():
        if not key.user:
            slurm.parents[key.account] = association.parent
        slurm.associations[key] = dict(association.settings)
    slurm.users = {name: [user.admin, user.default_account] for name, user in policy.users.items()}
    slurm.coordinators = {(account, name) for account, names in policy.coordinators.items() for name in names}
    return slurm
