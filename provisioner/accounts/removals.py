"""What ends without a declaration, and only `--prune` asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from provisioner.accounts import commands as say
from provisioner.accounts.commands import Command, grouped
from provisioner.accounts.default_qos import given_defaults, held_defaults, without_defaults
from provisioner.accounts.policy import Key, Policy


def removals(wanted: Policy, there: Policy, cluster: str, kept: Policy | None = None) -> list[Command]:
    """The commands that end what is not declared: users, associations, accounts from the bottom up, QOS.

    They come after those of `reconcile`, which has moved default accounts and declared accounts away. Default QOS come
    last: those who leave may not have been allowed to use them.

    Args:
        kept: what may be removed of what is there; by default all.
    """
    after = without_defaults(there, held_defaults(wanted, there, prune=True))
    return [*_ended(wanted, kept or there, cluster), *given_defaults(wanted, after, cluster)]


def stuck(wanted: Policy, there: Policy) -> set[Key]:
    """Associations that Slurm does not let go: of a declared user in the default account, who has no other account."""
    return {key for key in _extra(wanted, there) if _in_default(wanted, key) and not _other_account(wanted, there, key)}


def _ended(wanted: Policy, there: Policy, cluster: str) -> list[Command]:
    extra = _extra(wanted, there)
    # Out of a default account nobody goes: it is another one for that while.
    held = [key for key in extra if _in_default(wanted, key) and _other_account(wanted, there, key)]
    gone = there.users.keys() - wanted.users.keys()
    # Of users that sacctmgr did not list by themselves, and are in accounts none the less.
    leaving = sorted(gone | {key.user for key in there.associations if key.user} - wanted.users.keys())
    homes = {user: _default_of(there, user) for user in leaving}
    first = [key for key in there.associations if key.user in homes and key.account != homes[key.user]]
    depth = {key.account: len(there.line(key.account)) for key in there.associations if not key.user}
    accounts = sorted((name for name in depth if Key(name) not in wanted.associations), key=lambda n: (-depth[n], n))
    qos = sorted(there.qos.keys() - wanted.qos.keys())
    return [
        *_defaults({key.user: _other_account(wanted, there, key) for key in held}, cluster),
        *_leave(held, cluster),
        *_defaults({key.user: key.account for key in held}, cluster),
        *_leave([key for key in extra if not _in_default(wanted, key)], cluster),
        # They go with their user, who is counted once. 22.05 lets a user go whose associations all count as default.
        *_defaults({user: account for user, account in homes.items() if account}, cluster),
        *(replace(command, removes=False) for command in _leave(first, cluster)),
        # One by one: of several 22.05 finds that one is in its default account.
        *(say.delete_users(cluster, (name,)) for name in leaving),
        *(say.delete_accounts(cluster, names) for _, names in grouped((depth[name], name) for name in accounts)),
        *(say.delete_qos(names) for _, names in grouped(("", name) for name in qos)),
    ]


def _extra(wanted: Policy, there: Policy) -> list[Key]:
    return sorted(key for key in there.associations if key.user in wanted.users and key not in wanted.associations)


def _in_default(wanted: Policy, key: Key) -> bool:
    return key.account == wanted.users[key.user].default_account


def _other_account(wanted: Policy, there: Policy, key: Key) -> str:
    """Another account that the user is in, '' for none; a declared one rather."""
    places = [*wanted.associations, *there.associations]
    return next((each.account for each in places if each.user == key.user and each.account != key.account), "")


def _default_of(there: Policy, user: str) -> str:
    """The default account of a user, or one of their accounts where Slurm knows none."""
    mine = sorted(key.account for key in there.associations if key.user == user)
    default = there.users[user].default_account if user in there.users else ""
    return default if default in mine else next(iter(mine), "")


def _defaults(accounts: Mapping[str, str], cluster: str) -> Iterator[Command]:
    for account, names in grouped((account, user) for user, account in accounts.items()):
        yield say.modify_users(names, (f"DefaultAccount={account}",), cluster)


def _leave(keys: list[Key], cluster: str) -> Iterator[Command]:
    for place, names in grouped((Key(key.account, "", key.partition), key.user) for key in sorted(keys)):
        yield say.delete_associations(cluster, names, place)
