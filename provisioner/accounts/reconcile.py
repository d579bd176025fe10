"""What is declared and what Slurm has -> the commands that make them the same, in an order that works. Pure.

Who is not declared is left alone; see `removals` for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provisioner.accounts import commands as say
from provisioner.accounts.commands import Command, changed, grouped
from provisioner.accounts.default_qos import NAME, cleared, given_defaults, held_defaults, without_defaults
from provisioner.accounts.limits import ASSOCIATION, QOS, Value
from provisioner.accounts.policy import Association, Key, Policy, User

_PREEMPT = [setting for setting in QOS if setting.name == "Preempt"]
_QOS_BUT_PREEMPT = say.by_name(QOS, "Preempt")
_ASSOCIATION_BUT_DEFAULT = say.by_name(ASSOCIATION, NAME)
_NOBODY = User()


def reconcile(wanted: Policy, there: Policy, cluster: str, prune: bool = False) -> list[Command]:
    """The commands that bring everything declared about; none when Slurm has it.

    QOS come first, then accounts from the top down, associations, defaults, rights, coordinators.

    Args:
        prune: whether `removals` follow, so that what they end need not be as it was; they have the default QOS then.
    """
    held = held_defaults(wanted, there, prune)
    after = without_defaults(there, held)
    return [
        *_qos(wanted, there),
        *cleared(there, held, cluster),
        *_accounts(wanted, after, cluster),
        *_new_memberships(wanted, after, cluster),
        *_changed_memberships(wanted, after, cluster),
        *([] if prune else given_defaults(wanted, after, cluster)),
        *_users(wanted, after, cluster),
        *_coordinators(wanted, after),
    ]


def _qos(wanted: Policy, there: Policy) -> Iterator[Command]:
    for name, settings in wanted.qos.items():
        if name not in there.qos:
            yield say.add_qos(name, changed(_QOS_BUT_PREEMPT, settings, {}))
        elif words := changed(_QOS_BUT_PREEMPT, settings, there.qos[name]):
            yield say.modify_qos(name, words)
    yield from _preemption(wanted, there)


def _preemption(wanted: Policy, there: Policy) -> Iterator[Command]:
    """Once all QOS are there. Slurm refuses circles, so whatever goes is gone before anything comes."""
    has = {name: there.qos.get(name, {}).get("Preempt") for name in wanted.qos}
    for name, settings in wanted.qos.items():
        want = settings.get("Preempt", ())
        kept = _common(want, has[name])
        if has[name] is not None and kept != has[name]:
            words = changed(_PREEMPT, {"Preempt": kept} if kept else {}, there.qos[name])
            yield say.modify_qos(name, words)
            has[name] = kept or None
    for name, settings in wanted.qos.items():
        before = has[name]
        if words := changed(_PREEMPT, settings, {} if before is None else {"Preempt": before}):
            yield say.modify_qos(name, words)


def _common(one: Value, other: Value | None) -> tuple[str, ...]:
    names = other if isinstance(other, tuple) else ()
    return tuple(str(name) for name in names if isinstance(one, tuple) and name in one)


def _accounts(wanted: Policy, there: Policy, cluster: str) -> Iterator[Command]:
    """Level by level from the top: a parent is at its place before anything is put below it, so no circle comes up."""
    levels: dict[int, list[str]] = {}
    for key in wanted.associations:
        if not key.user:
            levels.setdefault(len(wanted.line(key.account)), []).append(key.account)
    for level in sorted(levels):
        new = [name for name in levels[level] if Key(name) not in there.associations]
        kinds = ((_new(wanted.associations[Key(name)]), name) for name in new)
        for (parent, words), names in grouped(kinds):
            yield say.add_accounts(cluster, names, parent, words)
        old = [name for name in levels[level] if Key(name) in there.associations]
        moved = [name for name in old if wanted.parent(name) != there.parent(name)]
        for parent, names in grouped((wanted.parent(name), name) for name in moved):
            yield say.modify_accounts(cluster, names, (f"parent={parent}",))
        yield from (
            say.modify_accounts(cluster, names, words)
            for words, names in grouped((_changed(wanted, there, Key(name)), name) for name in old)
            if words
        )


def _new(association: Association) -> tuple[str, tuple[str, ...]]:
    return association.parent, changed(_ASSOCIATION_BUT_DEFAULT, association.settings, {})


def _changed(wanted: Policy, there: Policy, key: Key) -> tuple[str, ...]:
    return changed(_ASSOCIATION_BUT_DEFAULT, wanted.associations[key].settings, there.associations[key].settings)


def _new_memberships(wanted: Policy, there: Policy, cluster: str) -> Iterator[Command]:
    """First of all a user's default account: Slurm takes the first that comes for it."""
    missing = [key for key in wanted.associations if key.user and key not in there.associations]
    known = {key.user for key in there.associations if key.user}
    first: dict[str, Key] = {}
    for key in missing:
        if key.user not in known and key.account == wanted.users[key.user].default_account:
            first.setdefault(key.user, key)
    missing.sort(key=lambda key: first.get(key.user) != key)

    def kind(key: Key) -> tuple[Key, tuple[str, ...]]:
        default = (f"DefaultAccount={key.account}",) if first.get(key.user) == key else ()
        words = changed(_ASSOCIATION_BUT_DEFAULT, wanted.associations[key].settings, {})
        return Key(key.account, "", key.partition), (*default, *words)

    for (place, words), names in grouped((kind(key), key.user) for key in missing):
        yield say.add_users(cluster, names, place, words)


def _changed_memberships(wanted: Policy, there: Policy, cluster: str) -> Iterator[Command]:
    kept = (key for key in wanted.associations if key.user and key in there.associations)
    listed = (((Key(key.account, "", key.partition), _changed(wanted, there, key)), key.user) for key in kept)
    for (place, words), names in grouped(each for each in listed if each[0][1]):
        yield say.modify_associations(cluster, names, place, words)


def _users(wanted: Policy, there: Policy, cluster: str) -> Iterator[Command]:
    known = {key.user for key in there.associations if key.user}
    moved = (
        (user.default_account, name)
        for name, user in wanted.users.items()
        if name in known and user.default_account != there.users.get(name, _NOBODY).default_account
    )
    for account, names in grouped(moved):
        yield say.modify_users(names, (f"DefaultAccount={account}",), cluster)
    raised = (
        (user.admin, name) for name, user in wanted.users.items() if user.admin != there.users.get(name, _NOBODY).admin
    )
    for admin, names in grouped(raised):
        yield say.modify_users(names, (f"AdminLevel={admin}",))


def _coordinators(wanted: Policy, there: Policy) -> Iterator[Command]:
    """Who manages an account manages all below it, and Slurm's list does not tell how somebody came into it.

    So what counts is whom each account has in effect, of the accounts whose coordinators are declared.
    """
    will = {account: _in_effect(wanted, account, wanted.coordinators) for account in wanted.coordinators}
    has = {account: _in_effect(wanted, account, there.coordinators) for account in wanted.coordinators}
    ended: set[str] = set()
    for account in sorted(wanted.coordinators, key=lambda name: len(wanted.line(name))):
        gone = has[account] - will[account] - _elsewhere(wanted, there, account)
        direct = tuple(sorted(gone & there.coordinators.get(account, frozenset())))
        if direct:
            yield say.coordinators("delete", account, direct)
            ended |= set(direct)
    for account, names in wanted.coordinators.items():
        moved = wanted.line(account) != there.line(account)
        new = tuple(sorted(name for name in names if moved or name not in has[account] or name in ended))
        if new:
            yield say.coordinators("add", account, new)


def _in_effect(tree: Policy, account: str, named: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(name for each in tree.line(account) for name in named.get(each, ()))


def _elsewhere(wanted: Policy, there: Policy, account: str) -> frozenset[str]:
    """Coordinators of accounts above it of which the file says nothing: those stay, and with them what follows."""
    after = Policy(associations={**there.associations, **wanted.associations})
    above = [each for each in wanted.line(account)[1:] if each not in wanted.coordinators]
    # Whom an account has only from one that it is moved away from, it will not have.
    left = {each: set(there.line(each)) - set(after.line(each)) for each in above}
    return frozenset(
        name
        for each in above
        for name in there.coordinators.get(each, ())
        if not any(name in there.coordinators.get(other, ()) for other in left[each])
    )
