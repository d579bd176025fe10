"""The default QOS of associations: taken back before anything else changes, given again at the end. Pure.

Slurm refuses whatever leaves an association with a default QOS that it may not use, its own or one from above, be it$
for a moment; it says so with exit code 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from provisioner.accounts import commands as say
from provisioner.accounts.commands import Command, changed, grouped
from provisioner.accounts.limits import ASSOCIATION
from provisioner.accounts.policy import Association, Key, Policy

NAME = "DefaultQOS"
_DEFAULT = [setting for setting in ASSOCIATION if setting.name == NAME]
_NEW = Association()


def held_defaults(wanted: Policy, there: Policy, prune: bool) -> list[Key]:
    """Associations whose default QOS is taken back first, and given again at the end; without `prune` declared ones.

    None is left above or below what changes.
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


def cleared(there: Policy, keys: list[Key], cluster: str) -> Iterator[Command]:
    """From the top down: what is cleared below would have the default from above."""
    accounts = sorted((len(there.line(key.account)), key.account) for key in keys if not key.user)
    for _, names in grouped(accounts):
        yield say.modify_accounts(cluster, names, ("DefaultQOS=-1",))
    for place, names in grouped((Key(key.account, "", key.partition), key.user) for key in keys if key.user):
        yield say.modify_associations(cluster, names, place, ("DefaultQOS=-1",))


def given_defaults(wanted: Policy, there: Policy, cluster: str) -> Iterator[Command]:
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


def without_defaults(policy: Policy, keys: list[Key]) -> Policy:
    changed = {
        key: Association(
            policy.associations[key].parent,
            {name: value for name, value in policy.associations[key].settings.items() if name != "DefaultQOS"},
        )
        for key in keys
    }
    return replace(policy, associations={**policy.associations, **changed})
