"""Slurm's side: the tree of accounts, who is in which, QOS that exist, coordinators that are users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioner.accounts.policy import NORMAL, ROOT
from provisioner.plan.checks.draft import Draft
from provisioner.plan.problems import Keys, Problem, did_you_mean, printable


def check_sharing(draft: Draft) -> Iterator[Problem]:
    """Reserved names, unknown accounts and QOS, circles, memberships that are said twice, defaults that nobody has."""
    if ROOT in (draft.data.get("accounts") or {}):
        yield draft.at_key(("accounts", ROOT), "account root is Slurm's own", "declare accounts below it")
    if NORMAL in (draft.data.get("qos") or {}):
        yield draft.at_key(("qos", NORMAL), "QOS normal is Slurm's own", "declare QOS of other names beside it")
    yield from _parents(draft)
    yield from _circles(draft)
    yield from _preempted(draft)
    yield from _preemption_circles(draft)
    for name, account in draft.mappings("accounts").items():
        yield from _shares(draft, ("accounts", name), account, account.get("parent", ROOT))
        yield from _coordinators(draft, name, account)
    for name, user in draft.mappings("users").items():
        yield from _memberships(draft, name, user)


def memberships(user: dict[str, Any]) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """The accounts of a user as mappings, each with its place below `accounts`."""
    found = user.get("accounts")
    if isinstance(found, str | dict):
        yield (), found if isinstance(found, dict) else {"account": found}
        return
    for i, entry in enumerate(found or []):
        if isinstance(entry, str | dict):
            yield (i,), entry if isinstance(entry, dict) else {"account": entry}


def _known(draft: Draft, section: str, *more: str) -> list[str]:
    """Names of a section as they are written, usable or not: a mistake inside hides nothing that points at it."""
    raw = (draft.tree.data or {}).get(section)
    return [*(raw if isinstance(raw, dict) else {}), *more]


def _parents(draft: Draft) -> Iterator[Problem]:
    known = _known(draft, "accounts", ROOT)
    for name, account in draft.mappings("accounts").items():
        parent = account.get("parent")
        if isinstance(parent, str) and parent not in known:
            wrong = f"account {printable(name)} is below an unknown account {printable(parent)}"
            yield draft.at_value(("accounts", name, "parent"), wrong, did_you_mean(parent, known))


def _circles(draft: Draft) -> Iterator[Problem]:
    above = {name: account.get("parent", ROOT) for name, account in draft.mappings("accounts").items() if name != ROOT}
    told: set[str] = set()
    for name in above:
        line = [name]
        while line[-1] in above and above[line[-1]] not in line:
            line.append(str(above[line[-1]]))
        last = above.get(line[-1])
        if last == name and name not in told:
            told |= set(line)
            circle = " -> ".join(printable(each) for each in [*line, name])
            wrong = f"accounts are below each other in a circle: {circle}"
            yield draft.at_value(("accounts", name, "parent"), wrong, "put one of them below root")


def _preempted(draft: Draft) -> Iterator[Problem]:
    known = _known(draft, "qos", NORMAL)
    for name, qos in draft.mappings("qos").items():
        for i, other in enumerate(qos.get("preempt") or []):
            place = ("qos", name, "preempt", i)
            if other == name:
                yield draft.at_value(place, f"QOS {printable(name)} preempts itself", "name other QOS")
            elif isinstance(other, str) and other not in known:
                wrong = f"QOS {printable(name)} preempts an unknown QOS {printable(other)}"
                yield draft.at_value(place, wrong, did_you_mean(other, known))


def _preemption_circles(draft: Draft) -> Iterator[Problem]:
    """Slurm refuses QOS that preempt each other, also by way of others."""
    below = {name: [str(each) for each in qos.get("preempt") or []] for name, qos in draft.mappings("qos").items()}
    told: set[str] = set()
    for name in below:
        reached: set[str] = set()
        rest = [each for each in below[name] if each != name]
        while rest:
            if (each := rest.pop()) not in reached:
                reached.add(each)
                rest += below.get(each, [])
        if name in reached and not told & reached:
            told |= {name}
            wrong = f"QOS {printable(name)} preempts what preempts it"
            yield draft.at_value(("qos", name, "preempt"), wrong, "take one of them out of the circle")


def _above(draft: Draft, account: Any, field: str) -> Any:
    """What an account gives to those below it; None where nothing says it, as root's is not in the file."""
    accounts, seen = draft.mappings("accounts"), set()
    while isinstance(account, str) and account in accounts and account not in seen:
        seen.add(account)
        if (found := accounts[account].get(field)) is not None:
            return found
        account = accounts[account].get("parent", ROOT)
    return None


def _shares(draft: Draft, place: Keys, shares: dict[str, Any], above: Any) -> Iterator[Problem]:
    known = _known(draft, "qos", NORMAL)
    listed = shares.get("qos")
    for i, name in enumerate(listed or []):
        if isinstance(name, str) and name not in known:
            yield draft.at_value((*place, "qos", i), f"unknown QOS {printable(name)}", did_you_mean(name, known))
    if listed == []:
        right = "name one, or leave `qos` out for what is allowed above it"
        yield draft.at_value((*place, "qos"), "a list of no QOS", right)
    default = shares.get("default_qos")
    if default is None and listed:
        inherited = _above(draft, above, "default_qos")
        if isinstance(inherited, str) and None not in listed and inherited not in listed:
            wrong = f"the default QOS {printable(inherited)} from above is not among its `qos`"
            yield draft.at_value((*place, "qos"), wrong, "add it, or say `default_qos:` here")
    if not isinstance(default, str):
        return
    if default not in known:
        wrong = f"unknown QOS {printable(default)}"
        yield draft.at_value((*place, "default_qos"), wrong, did_you_mean(default, known))
        return
    allowed = _above(draft, above, "qos") if listed is None else listed
    if allowed and None not in allowed and default not in allowed:
        wrong = f"the default QOS {printable(default)} is none that may be used there"
        right = f"name one of {', '.join(printable(str(name)) for name in allowed)}, or allow it with `qos`"
        yield draft.at_value((*place, "default_qos"), wrong, right)


def _coordinators(draft: Draft, name: str, account: dict[str, Any]) -> Iterator[Problem]:
    known = _known(draft, "users")
    for i, user in enumerate(account.get("coordinators") or []):
        place: Keys = ("accounts", name, "coordinators", i)
        if isinstance(user, str) and user not in known:
            wrong = f"coordinator {printable(user)} is no user of this file"
            yield draft.at_value(place, wrong, did_you_mean(user, known, "declare it under `users:`"))
        elif user in draft.mappings("users") and not draft.knows("users", user, "accounts"):
            wrong = f"coordinator {printable(user)} has no account"
            yield draft.at_value(place, wrong, "add `accounts:` there: Slurm knows only users that have one")


def _memberships(draft: Draft, name: str, user: dict[str, Any]) -> Iterator[Problem]:
    known = _known(draft, "accounts", ROOT)
    found = list(memberships(user))
    seen: set[tuple[str, str]] = set()
    for below, entry in found:
        place: Keys = ("users", name, "accounts", *below)
        account = entry.get("account")
        if isinstance(account, str) and account not in known:
            wrong = f"user {printable(name)} is in an unknown account {printable(account)}"
            yield draft.at_value(place, wrong, did_you_mean(account, known, "declare it under `accounts:`"))
        both = (str(account), str(entry.get("partition") or ""))
        if both in seen:
            yield draft.at_value(place, f"user {printable(name)} is in {printable(str(account))} twice", "keep one")
        seen.add(both)
        yield from _shares(draft, place, entry, account)
    default, mine = user.get("default_account"), [entry.get("account") for _, entry in found]
    if isinstance(default, str) and default not in mine:
        wrong = f"the default account {printable(default)} is not among those of user {printable(name)}"
        yield draft.at_value(("users", name, "default_account"), wrong, "name one of `accounts`, or add it there")
    if user.get("admin", "none") != "none" and not mine:
        wrong = f"user {printable(name)} has rights in Slurm without an account"
        yield draft.at_value(("users", name, "admin"), wrong, "add `accounts:`: Slurm knows only users that have one")
