"""What a node's installation is to the cluster: new, as a run left it, somebody else's. Pure.

It goes by the machine-id, by when the root filesystem came into being, by the host keys, by the board, and by a mark
that a run leaves on the node once it works on it. Everything a run does may be repeated, so a wrong guess between fresh
and outdated costs time alone; a blade of another cluster, or the copy of another node, is never worked on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from provisioner import __version__
from provisioner.console_text import their_words
from provisioner.slurm.parts import other_board, serial_of

MARK = "/var/lib/provision/installation.json"
"""Where a node keeps the mark of its installation."""
_LONGEST = 4000


class Standing(StrEnum):
    """What an installation is to the cluster."""

    FRESH = "fresh"
    IN_SYNC = "in sync"
    OUTDATED = "outdated"
    FOREIGN = "foreign"
    DUPLICATE = "duplicate machine-id"
    OTHER_HARDWARE = "other hardware"


@dataclass(frozen=True)
class Installation:
    """What is known of a node's installation.

    Args:
        cluster: the name of the cluster that looks.
        machine_id: its own.
        root_created: seconds since 1970, 0 where nobody knows.
        host_keys: a digest of them, '' where nobody knows.
        mark: what a run left on it; {} for nothing.
        known: the machine-id that the registry has of the node, '' for a node that it does not have.
        namesake: the node that has the same machine-id and had it first, '' for none.
        other_board: how it is known that another board stands there, '' where it is the same.
        joined: whether it has options of slurmd of ours.
        same_key: whether it has the munge key of this cluster.
        differs: whether anything is not as its roles keep it.
        release: that of this program.
    """

    cluster: str
    machine_id: str
    root_created: int = 0
    host_keys: str = ""
    mark: Mapping[str, Any] | None = None
    known: str = ""
    namesake: str = ""
    other_board: str = ""
    joined: bool = False
    same_key: bool = False
    differs: bool = False
    release: str = __version__


@dataclass(frozen=True)
class Verdict:
    """How an installation stands, and why, in words for a person."""

    standing: Standing
    why: str = ""

    def as_dict(self) -> dict[str, str]:
        """Plain data."""
        return {**asdict(self), "standing": str(self.standing)}


def verdict(found: Installation) -> Verdict:
    """What the installation of a node is to the cluster."""
    mark = found.mark or {}
    ours = bool(mark) and mark.get("machine_id") == found.machine_id
    if found.namesake:
        return Verdict(Standing.DUPLICATE, f"it has the machine-id of {found.namesake}")
    if ours and mark.get("cluster") != found.cluster:
        return Verdict(Standing.FOREIGN, f"it belongs to the cluster {their_words(mark.get('cluster'), 40)}")
    if not mark and found.joined and not found.known and not found.same_key:
        return Verdict(Standing.FOREIGN, "it belongs to a cluster with another munge key")
    if found.other_board:
        return Verdict(Standing.OTHER_HARDWARE, found.other_board)
    if why := _fresh(found, mark, ours):
        return Verdict(Standing.FRESH, why)
    if why := _outdated(found, mark):
        return Verdict(Standing.OUTDATED, why)
    return Verdict(Standing.IN_SYNC)


def _fresh(found: Installation, mark: Mapping[str, Any], ours: bool) -> str:
    if mark and not ours:
        return "it is a copy of another installation"
    if not mark:
        # A member of a release that left no mark, which is the same installation as ever.
        stays = found.known == found.machine_id and found.joined
        return "" if stays else ("it was imaged anew" if found.known else "no run has worked on it")
    created = mark.get("root_created")
    if created and found.root_created and created != found.root_created:
        return "its root filesystem is another one"
    return ""


def _outdated(found: Installation, mark: Mapping[str, Any]) -> str:
    if not mark:
        return "it was set up by a release that left no mark"
    if mark.get("release") != found.release:
        return f"it was set up by release {their_words(mark.get('release'), 20)}"
    if found.host_keys and mark.get("host_keys") != found.host_keys:
        return "it has other host keys than when it was set up"
    return "something is not as the plan wants it" if found.differs else ""


def mark_text(blade: Mapping[str, Any], cluster: str, node: str) -> str:
    """The mark of an installation, as the node keeps it.

    Args:
        blade: the node's facts.
    """
    said = {
        "cluster": cluster,
        "node": node,
        "machine_id": blade["machine_id"],
        "root_created": blade.get("root_created", 0),
        "host_keys": keys_digest(blade),
        "release": __version__,
    }
    return json.dumps(said, indent=2) + "\n"


def read_mark(blade: Mapping[str, Any]) -> dict[str, Any]:
    """The mark that a node has; {} for none, or one that is damaged."""
    text = str((blade.get("paths") or {}).get(MARK, {}).get("content") or "")
    if len(text) > _LONGEST:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    known = isinstance(found, dict) and isinstance(found.get("cluster"), str) and found["cluster"]
    return found if known else {}


def keys_digest(blade: Mapping[str, Any]) -> str:
    """A digest of the host keys of a node, '' where it told none."""
    keys = blade.get("host_keys") or []
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:16] if keys else ""


def board_words(blade: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """How it is known that another board stands in the place of a node, '' where it is the same."""
    return other_board(record, {"parts": blade.get("parts") or {}})


def serial_number(blade: Mapping[str, Any]) -> str:
    """The serial number of a node's board, '' where nobody knows it."""
    return serial_of({"parts": blade.get("parts") or {}})
