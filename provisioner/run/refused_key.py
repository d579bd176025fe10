"""Why ssh refused the host key of a blade, with the fingerprints that a person has to compare. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.run.diagnose import BEFORE_IT, Diagnosis
from provisioner.run.hostkeys import HostKeys

_REFUSED = re.compile(r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed")
# ssh's own words, only for a key that differs from the one on record.
_SENT = re.compile(r"fingerprint for the (\w+) key sent by the remote host is\s+(SHA256:[A-Za-z0-9+/]{43})")
_ANNOUNCE = "if it was reimaged, say so with `provision reimaged {blade}`; if not, find out who answers there"
_REVOKED = re.compile(r"REVOKED HOST KEY DETECTED|host key for .{1,300} (is|was) (marked as )?revoked")
# Only where the plan takes no unsigned first key.
_UNKNOWN = re.compile(r"No \S+ host key is known for")
_BACK = (
    "if that installation is back, say so with `provision reimaged {blade}`; if not, find out who answers there: "
    "somebody may have a copy of the key"
)
_SIGN = "announce it once with `provision reimaged {blade}`, or give its image a signed key (`provision hostca sign`)"
_PIN = (
    "if it was reimaged, write its new fingerprint into the plan as host_key of {blade}; "
    "if not, find out who answers there"
)


def refused_key(words: str, host: str, keys: HostKeys) -> Diagnosis | None:
    """The failure of a blade whose host key was refused; None for any other failure of a connection.

    Args:
        words: what ssh said.
        host: its inventory name.
        keys: what was known before the run.
    """
    if not _REFUSED.search(words) or re.search(BEFORE_IT, words):
        return None
    if _REVOKED.search(words):
        return Diagnosis("its SSH host key is one that it had before it was reimaged or replaced", _BACK)
    sent = [" ".join(match) for match in _SENT.findall(words)] or keys.offered.get(host, ())
    pins, recorded = keys.pins.get(host, ()), keys.recorded.get(host, ())
    if pins and sent:
        what = (
            f"its SSH host key is not one that the plan pins: it offers {_listed(sent)}, the plan has {_listed(pins)}"
        )
        return Diagnosis(what, _PIN)
    if pins:
        return Diagnosis("its SSH host key was not seen yet", "run again; only a key that the plan pins is taken")
    if _UNKNOWN.search(words):
        return Diagnosis("it shows no certificate of the host CA", _SIGN)
    what = "its SSH host key is not the one on record"
    if sent and recorded:
        what = f"{what}: it offers {_listed(sent)}, on record is {_listed(recorded)}"
    return Diagnosis(what, _ANNOUNCE)


def _listed(keys: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(keys))
