"""Reservations, licenses and fair share."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .nodes import moment_of
from .samples import Samples, number

RESERVATIONS = ("scontrol", "--oneliner", "show", "reservations")
LICENSES = ("scontrol", "--oneliner", "show", "licenses")
SHARES = (
    "sshare", "--all", "--parsable2", "--noheader",
    "--format=Account,User,RawShares,NormShares,RawUsage,NormUsage,FairShare",
)  # fmt: skip
_PAIR = re.compile(r"(\w+)=(\S*)")


def reservation_samples(lines: Iterable[str], samples: Samples) -> None:
    """Each reservation that is, or will be."""
    for line in lines:
        its = dict(_PAIR.findall(line))
        name = its.get("ReservationName", "")
        if not name:
            continue
        labels = {
            label: its.get(key, "").replace("(null)", "")
            for label, key in {
                "state": "State", "users": "Users", "nodes": "Nodes", "partition": "PartitionName", "flags": "Flags",
            }.items()
        }  # fmt: skip
        samples.put("reservation_info", 1, reservation_name=name, **labels)
        for kind in ("start", "end"):
            moment = moment_of(its.get(f"{kind.capitalize()}Time", ""))
            if moment:
                samples.put(f"reservation_{kind}_time_seconds", moment, reservation_name=name)
        samples.put("reservation_node_count", number(its.get("NodeCnt", "")), reservation_name=name)
        samples.put("reservation_core_count", number(its.get("CoreCnt", "")), reservation_name=name)


def license_samples(lines: Iterable[str], samples: Samples) -> None:
    """Each license."""
    for line in lines:
        its = dict(_PAIR.findall(line))
        if "LicenseName" in its:
            for kind in ("Total", "Used", "Free", "Reserved"):
                samples.put(f"license_{kind.lower()}", number(its.get(kind, "")), license=its["LicenseName"])


def share_samples(lines: Iterable[str], samples: Samples) -> None:
    """Fair share of accounts and users."""
    for line in lines:
        fields = line.split("|")
        if len(fields) != 7 or fields[2].strip() in ("parent", ""):
            continue
        account, user = fields[0].strip(), fields[1].strip()
        whose = {"account": account, "user": user} if user else {"account": account}
        prefix = "user" if user else "account"
        for name, words in zip(
            (
                "fairshare_raw_shares", "fairshare_norm_shares", "fairshare_raw_usage_cpu_seconds",
                "fairshare_norm_usage", "fairshare",
            ),
            fields[2:],
        ):  # fmt: skip
            samples.put(f"{prefix}_{name}", number(words), **whose)
