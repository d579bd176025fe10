"""What Slurm has as an accounts file: a site that has accounts already starts from there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

import yaml

from provisioner.accounts.checks.people import SYSTEM_IDS, SYSTEM_NAMES
from provisioner.accounts.fields import HIGHEST_ID, LOWEST_ID, QosFlag
from provisioner.accounts.limits import ASSOCIATION_LIMITS, QOS_LIMITS, Setting, Settings
from provisioner.accounts.live import Live
from provisioner.accounts.policy import ROOT, Key, Policy

Person = Mapping[str, Any]
_QOS_FIELDS = {
    "Priority": "priority", "Preempt": "preempt", "PreemptMode": "preempt_mode", "Flags": "flags",
    "PreemptExemptTime": "preempt_exempt_time", "GraceTime": "grace_time", "UsageFactor": "usage_factor",
    "UsageThreshold": "usage_threshold", "LimitFactor": "limit_factor",
}  # fmt: skip


def exported(live: Live, people: Mapping[str, Person | None]) -> str:
    """The text of the file.

    Args:
        people: the Unix account of each user on the controller; of one that is not there, or is the system's, only
            Slurm's side is written.
    """
    policy, left = live.policy, list(live.strange)
    rooted = {key.account for key in policy.associations if not key.user and _reaches_root(policy, key.account)}
    left += [f"account {key.account}" for key in policy.associations if not key.user and key.account not in rooted]
    users = _users(policy, rooted | {ROOT}, people, left)
    data = {
        "groups": _groups(users, people),
        "qos": {name: _qos(settings) for name, settings in policy.qos.items() if _known_flags(name, settings, left)},
        "accounts": {name: _account(policy, name, users) for name in _top_down(policy, rooted)},
        "users": users,
    }
    text = yaml.safe_dump({key: found for key, found in data.items() if found}, sort_keys=False, width=120)
    notes = "".join(f"# Left out, since its name or a setting is none of this file: {each}\n" for each in left)
    return f"# Written by provision accounts --export.\n{notes}{text if any(data.values()) else ''}"


def _reaches_root(policy: Policy, account: str) -> bool:
    return policy.parent(policy.line(account)[-1]) == ROOT


def _top_down(policy: Policy, names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (len(policy.line(name)), name))


def _known_flags(name: str, settings: Settings, left: list[str]) -> bool:
    flags = settings.get("Flags", ())
    unknown = set(flags) - set(get_args(QosFlag)) if isinstance(flags, tuple) else set()
    if unknown:
        left.append(f"QOS {name}")
    return not unknown


def _qos(settings: Settings) -> dict[str, Any]:
    found = {field: _plain(settings[name]) for name, field in _QOS_FIELDS.items() if name in settings}
    return {**found, **_limits(QOS_LIMITS, settings)}


def _account(policy: Policy, name: str, users: Mapping[str, Any]) -> dict[str, Any]:
    association = policy.associations[Key(name)]
    found: dict[str, Any] = {} if association.parent == ROOT else {"parent": association.parent}
    coordinators = policy.coordinators.get(name, frozenset())
    # With one of them left out, nothing is said: the others alone would be an order to remove it.
    if coordinators and coordinators <= users.keys():
        found["coordinators"] = sorted(coordinators)
    return {**found, **_shares(association.settings)}


def _shares(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "Fairshare" in settings:
        found["fairshare"] = settings["Fairshare"]
    qos = settings.get("QOS", ())
    if isinstance(qos, tuple) and qos and not any(str(name).startswith(("+", "-")) for name in qos):
        found["qos"] = list(qos)
    if "DefaultQOS" in settings:
        found["default_qos"] = settings["DefaultQOS"]
    return {**found, **_limits(ASSOCIATION_LIMITS, settings)}


def _limits(known: Iterable[Setting], settings: Settings) -> dict[str, Any]:
    found = {setting.name: _amounts(setting, settings[setting.name]) for setting in known if setting.name in settings}
    return {"limits": found} if found else {}


def _amounts(setting: Setting, value: Any) -> Any:
    return dict(value) if setting.kind == "tres" else value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _users(
    policy: Policy, accounts: set[str], people: Mapping[str, Person | None], left: list[str]
) -> dict[str, dict[str, Any]]:
    memberships: dict[str, list[Any]] = {}
    for key, association in policy.associations.items():
        if key.user and key.account not in accounts:
            left.append(f"user {key.user} in account {key.account}")
        elif key.user:
            shares = _shares(association.settings)
            where = {"account": key.account, **({"partition": key.partition} if key.partition else {})}
            memberships.setdefault(key.user, []).append({**where, **shares} if shares or key.partition else key.account)
    found: dict[str, dict[str, Any]] = {}
    taken: set[int] = set()
    for name in sorted(memberships):
        if name in SYSTEM_NAMES:
            left.append(f"user {name}")
            continue
        user = policy.users.get(name)
        default, mine = user.default_account if user else "", memberships[name]
        mine.sort(key=lambda each: (each if isinstance(each, str) else each["account"]) != default)
        first = mine[0] if isinstance(mine[0], str) else mine[0]["account"]
        found[name] = {
            **_person(people.get(name), taken),
            "accounts": mine[0] if len(mine) == 1 and isinstance(mine[0], str) else mine,
            **({"default_account": default} if default and default != first else {}),
            **({"admin": user.admin} if user and user.admin != "none" else {}),
        }
    return found


def _person(person: Person | None, taken: set[int]) -> dict[str, Any]:
    uid, gid = (person or {}).get("uid", 0), (person or {}).get("gid", 0)
    usable = all(LOWEST_ID <= number <= HIGHEST_ID and number not in SYSTEM_IDS for number in (uid, gid))
    if not usable or uid in taken:
        return {"unix": False}
    taken.add(uid)
    return {"uid": uid, **({"gid": gid} if gid != uid else {})}


def _groups(users: Mapping[str, Mapping[str, Any]], people: Mapping[str, Person | None]) -> dict[str, Any]:
    """The groups that are the first one of some user and not of its name."""
    found: dict[str, Any] = {}
    for name, user in users.items():
        group = str((people.get(name) or {}).get("group") or "")
        if "gid" in user and group and group != name:
            found[group] = {"gid": user["gid"]}
    return found
