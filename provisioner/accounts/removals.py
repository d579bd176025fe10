"""What ends without a declaration, and only `--prune` asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from provisioner.accounts import commands as say
from provisioner.accounts.commands import Command, grouped
from provisioner.accounts.default_qos import given_defaults, held_defaults, without_defaults
from provisioner.accounts.policy import Key, Policy, User

_NOBODY = User()


def removals(wanted: Policy, there: Policy, cluster: str, kept: Policy | None = None) -> list[Command]:
    """The commands that end what is not declared: users, associations, accounts from the bottom up, QOS.

    They come after those of `reconcile`, which has moved default accounts and declared accounts away. Default QOS come
    last: those who leave may not have been allowed to use them.

    Args:
        kept: what may be removed of what is there; by default all.
    """
    after = without_defaults(there, held_defaults(wanted, there, prune=True))
    return [*_ended(wanted, kept or there, cluster), *given_defaults(wanted, after, cluster)]


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
