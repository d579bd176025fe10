"""Accounts files of chance, for runs that are struck while they bring one about; what was there once stays there."""

from __future__ import annotations

from random import Random

import yaml

from tests.campaign.cluster import Cluster

_ACCOUNTS = ["astro", "bio", "chem", "dept", "eng"]
_USERS = ["uma", "vic", "wim", "xia", "yul", "zoe"]
# Of ordinary users, behind those of Debian.
_FIRST_UID = 4001


def accounts_file(random: Random) -> str:
    """A tree of accounts, users in it, QOS and limits. Numbers of users are always the same."""
    accounts = random.sample(_ACCOUNTS, random.randint(1, len(_ACCOUNTS)))
    tree = {name: _account(random, accounts[:place]) for place, name in enumerate(accounts)}
    users = {
        name: {
            "uid": _FIRST_UID + _USERS.index(name),
            "accounts": random.sample(accounts, random.randint(1, min(2, len(accounts)))),
        }
        for name in random.sample(_USERS, random.randint(1, len(_USERS)))
    }
    qos = {"fast": {"priority": random.randint(1, 100)}, "slow": {}}
    return yaml.safe_dump({"qos": qos, "accounts": tree, "users": users})


def _account(random: Random, above: list[str]) -> dict[str, object]:
    found: dict[str, object] = {"fairshare": random.randint(1, 9)}
    if above and random.random() < 0.5:
        found["parent"] = random.choice(above)
    if random.random() < 0.5:
        found["limits"] = {"GrpTRES": {"cpu": random.randint(1, 64)}}
    if random.random() < 0.3:
        found["qos"] = ["normal", "fast"]
    return found


def declare(cluster: Cluster, random: Random) -> str:
    """Puts a file of chance beside the plan of a cluster with accounting, takes it away otherwise; says which."""
    file = cluster.lab.plan.parent / "accounts.yml"
    # Drawn in any case, so that the choices behind it are the same.
    text = accounts_file(random)
    if not cluster.lab.accounting:
        file.unlink(missing_ok=True)
        return "no accounts"
    file.write_text(text)
    return text


def lost_accounts(cluster: Cluster) -> str:
    """Which accounts and users of this file, and of those before it, Slurm has no more; '' for none.

    Who is not declared any more is left alone.
    """
    file = cluster.lab.plan.parent / "accounts.yml"
    if not file.exists():
        return ""
    found = yaml.safe_load(file.read_text())
    cluster.declared |= {*found["accounts"], *found["users"]}
    asked = "sacctmgr -nP list account format=account; sacctmgr -nP list user format=user"
    return ", ".join(sorted(cluster.declared - set(cluster.lab.ask(asked).split())))
