"""What is declared and what Slurm has -> the commands that make them the same, in an order that works. Pure.

Who is not declared is left alone; `removals` are what ends without a declaration, and only `--prune` asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from provisioner.accounts import commands as say
from provisioner.accounts.commands import Command, changed, grouped
from provisioner.accounts.limits import ASSOCIATION, QOS, Value
from provisioner.accounts.policy import Association, Key, Policy, User

_PREEMPT = [setting for setting in QOS if setting.name == "Preempt"]
_QOS_BUT_PREEMPT = say.by_name(QOS, "Preempt")
_DEFAULT = [setting for setting in ASSOCIATION if setting.name == "DefaultQOS"]
_ASSOCIATION_BUT_DEFAULT = say.by_name(ASSOCIATION, "DefaultQOS")
_NOBODY, _NEW = User(), Association()


def reconcile(wanted: Policy, there: Policy, cluster: str, prune: bool = False) -> list[Command]:
    """The commands that bring everything declared about; none when Slurm has it.

    QOS come first, then accounts from the top down, associations, defaults, rights, coordinators.

    Args:
        prune: whether `removals` follow, so that what they end need not be as it was; they have the default QOS then.
    """
    cleared = _held_defaults(wanted, there, prune)
    after = _without_defaults(there, cleared)
    return [
        *_qos(wanted, there),
        *_cleared(there, cleared, cluster),
        *_accounts(wanted, after, cluster),
        *_new_memberships(wanted, after, cluster),
        *_changed_memberships(wanted, after, cluster),
        *([] if prune else _defaults(wanted, after, cluster)),
        *_users(wanted, after, cluster),
        *_coordinators(wanted, after),
    ]


def removals(wanted: Policy, there: Policy, cluster: str, kept: Policy | None = None) -> list[Command]:
    """The commands that end what is not declared: users, associations, accounts from the bottom up, QOS.

    They come after those of `reconcile`, which has moved default accounts and declared accounts away. Default QOS come
    last: those who leave may not have been allowed to use them.

    Args:
        kept: what may be removed of what is there; by default all.
    """
    after = _without_defaults(there, _held_defaults(wanted, there, prune=True))
    return [*_ended(wanted, kept or there, cluster), *_defaults(wanted, after, cluster)]


def _ended(wanted: Policy, there: Policy, cluster: str) -> list[Command]:
    gone_users = sorted(there.users.keys() - wanted.users.keys())
    extra = [key for key in there.associations if key.user in wanted.users and key not in wanted.associations]
    # Of users that sacctmgr did not list by themselves, and are in accounts none the less.
    unlisted = {key.user for key in there.associations if key.user} - there.users.keys() - wanted.users.keys()
    leaving = [*gone_users, *sorted(unlisted)]
    first = _more_than_one(there, set(leaving))
    # With an association in it Slurm forgets that an account is the default, though another is left there.
    again = ((key.account, key.user) for key in extra if key.account == wanted.users[key.user].default_account)
    depth = {key.account: len(there.line(key.account)) for key in there.associations if not key.user}
    accounts = sorted((name for name in depth if Key(name) not in wanted.associations), key=lambda n: (-depth[n], n))
    qos = sorted(there.qos.keys() - wanted.qos.keys())
    return [
        *_leave(extra, cluster),
        *(
            say.modify_users(names, (f"DefaultAccount={account}",), cluster)
            for account, names in grouped(dict.fromkeys(again))
        ),
        # They go with their user, who is counted once.
        *(replace(command, removes=False) for command in _leave(first, cluster)),
        # One by one: of several 22.05 finds that one is in its default account.
        *(say.delete_users(cluster, (name,)) for name in leaving),
        *(say.delete_accounts(cluster, names) for _, names in grouped((depth[name], name) for name in accounts)),
        *(say.delete_qos(names) for _, names in grouped(("", name) for name in qos)),
    ]


def _held_defaults(wanted: Policy, there: Policy, prune: bool) -> list[Key]:
    """Associations whose default QOS is taken back first, and given again at the end; without `prune` declared ones.

    Slurm refuses whatever leaves an association with a default QOS that it may not use, its own or one from above, be
    it for a moment. So none is left above or below what changes.
    """
    changing = {
        key
        for key, association in wanted.associations.items()
        if (has := there.associations.get(key, _NEW)).parent != association.parent
        or any(has.settings.get(name) != association.settings.get(name) for name in ("QOS", "DefaultQOS"))
    }
    if not changing:
        return []
    above = {account for key in changing for tree in (wanted, there) for account in tree.line(key.account)}
    below = {key.account for key in changing if not key.user}

    def touched(key: Key) -> bool:
        return key in changing or (not key.user and key.account in above) or bool(below & {*there.line(key.account)})

    held = [key for key, found in there.associations.items() if "DefaultQOS" in found.settings]
    return [key for key in held if (prune or key in wanted.associations) and touched(key)]


def _cleared(there: Policy, keys: list[Key], cluster: str) -> Iterator[Command]:
    """From the top down: what is cleared below would have the default from above."""
    accounts = sorted((len(there.line(key.account)), key.account) for key in keys if not key.user)
    for _, names in grouped(accounts):
        yield say.modify_accounts(cluster, names, ("DefaultQOS=-1",))
    for place, names in grouped((Key(key.account, "", key.partition), key.user) for key in keys if key.user):
        yield say.modify_associations(cluster, names, place, ("DefaultQOS=-1",))


def _defaults(wanted: Policy, there: Policy, cluster: str) -> Iterator[Command]:
    """From the bottom up, once everybody may use what they shall: the default from above counts below."""
    missing = {
        key: changed(_DEFAULT, association.settings, there.associations.get(key, _NEW).settings)
        for key, association in wanted.associations.items()
    }
    users = (((Key(key.account, "", key.partition), words), key.user) for key, words in missing.items() if key.user)
    for (place, words), names in grouped(each for each in users if each[0][1]):
        yield say.modify_associations(cluster, names, place, words)
    accounts = [(-len(wanted.line(key.account)), words, key.account) for key, words in missing.items() if not key.user]
    for (_, words), names in grouped(((depth, words), name) for depth, words, name in sorted(accounts) if words):
        yield say.modify_accounts(cluster, names, words)


def _without_defaults(policy: Policy, keys: list[Key]) -> Policy:
    changed = {
        key: Association(
            policy.associations[key].parent,
            {name: value for name, value in policy.associations[key].settings.items() if name != "DefaultQOS"},
        )
        for key in keys
    }
    return replace(policy, associations={**policy.associations, **changed})


def _leave(keys: list[Key], cluster: str) -> Iterator[Command]:
    for place, names in grouped((Key(key.account, "", key.partition), key.user) for key in sorted(keys)):
        yield say.delete_associations(cluster, names, place)


def _more_than_one(there: Policy, users: set[str]) -> list[Key]:
    """All associations of users but one of their default account.

    22.05 removes no user from a cluster as a whole whose default account is one of several.
    """
    mine: dict[str, list[Key]] = {}
    for key in sorted(key for key in there.associations if key.user in users):
        mine.setdefault(key.user, []).append(key)
    for user, keys in mine.items():
        default = there.users.get(user, _NOBODY).default_account
        keys.remove(next((key for key in keys if key.account == default), keys[0]))
    return sorted(key for keys in mine.values() for key in keys)


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
    above = [each for each in wanted.line(account)[1:] if each not in wanted.coordinators]
    return frozenset(name for each in above for name in there.coordinators.get(each, ()))
