"""The accounts of the file as values."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.accounts.limits import ASSOCIATION_LIMITS, QOS_LIMITS, Settings, Value
from provisioner.accounts.model import Accounts, GroupLimits, Qos, Shares
from provisioner.accounts.policy import Association, Key, Policy, User


def declared_policy(accounts: Accounts) -> Policy:
    """What the file says of Slurm; users without an account are none of Slurm's."""
    associations = {
        Key(name): Association(account.parent, _share_settings(account)) for name, account in accounts.accounts.items()
    }
    users = {}
    for name, user in accounts.users.items():
        for one in user.accounts:
            key = Key(one.account, name, one.partition or "")
            associations[key] = Association(settings=_share_settings(one))
        if user.accounts:
            users[name] = User(user.admin, user.default_account or user.accounts[0].account)
    coordinators = {
        name: frozenset(account.coordinators)
        for name, account in accounts.accounts.items()
        if account.coordinators is not None
    }
    qos = {name: _qos_settings(qos) for name, qos in accounts.qos.items()}
    return Policy(qos, associations, users, coordinators)


def _share_settings(shares: Shares) -> Settings:
    return {
        **({"Fairshare": shares.fairshare} if shares.fairshare != 1 else {}),
        **_limit_settings(shares.limits, (setting.name for setting in ASSOCIATION_LIMITS)),
        **({"QOS": tuple(sorted(set(shares.qos)))} if shares.qos else {}),
        **({"DefaultQOS": shares.default_qos} if shares.default_qos else {}),
    }


def _qos_settings(qos: Qos) -> Settings:
    written: dict[str, Value | None] = {
        "Priority": qos.priority or None,
        "Preempt": tuple(sorted(set(qos.preempt))) or None,
        "PreemptMode": None if qos.preempt_mode == "cluster" else qos.preempt_mode,
        "PreemptExemptTime": qos.preempt_exempt_time,
        "Flags": tuple(sorted(set(qos.flags))) or None,
        "GraceTime": qos.grace_time or None,
        "UsageFactor": None if qos.usage_factor == 1 else qos.usage_factor,
        "UsageThreshold": qos.usage_threshold,
        "LimitFactor": qos.limit_factor,
    }
    settings: dict[str, Value] = {name: value for name, value in written.items() if value is not None}
    return {**settings, **_limit_settings(qos.limits, (setting.name for setting in QOS_LIMITS))}


def _limit_settings(limits: GroupLimits, names: Iterable[str]) -> Settings:
    found: dict[str, Value] = {}
    for name in names:
        value = getattr(limits, name)
        if isinstance(value, dict):
            value = tuple(sorted(value.items()))
        # No amounts at all are no limit.
        if value not in (None, ()):
            found[name] = value
    return found
