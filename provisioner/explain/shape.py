"""The shape of what a node and its controller say when somebody asks why the node does not work. Pure."""

from __future__ import annotations

from provisioner.value_shape import ANYTHING, each, flag, listed, nothing_or, null_or, number, record, text, whole

_WORD = text(64, r"[A-Za-z0-9._:+@-]*")
_LOG = listed(text(400, ANYTHING), 8)
_SENTENCES = listed(text(4000, ANYTHING), 20)
_CODE = whole(-255, 255)
_UNITS = each(
    _WORD,
    record(
        {"load": _WORD, "active": _WORD, "enabled": _WORD, "since": number(0, 1e11), "reload_needed": flag},
        {"quiet": flag},
    ),
    20,
)
NODE_EVIDENCE = record(
    {
        "host_name": text(255),
        "machine_id": text(64, r"[A-Za-z0-9-]*"),
        "os": record({"id": _WORD, "version_id": _WORD, "pretty_name": text(200)}),
        "skew": number(-1e11, 1e11),
        "up_seconds": number(0, 1e11),
        "units": _UNITS,
        "munge": _CODE,
        "credential": text(4000, r"|MUNGE:[A-Za-z0-9+/=]+:"),
        "free_mib": each(text(300), whole(0, 2**40), 20),
        "read_only": listed(text(300), 20),
        "unreached": listed(_WORD, 20),
        "health": text(4000, ANYTHING),
        "logs": each(_WORD, _LOG, 10),
    }
)
"""What a node says of itself."""
CLUSTER_EVIDENCE = record(
    {
        "up": flag,
        "words": text(400, ANYTHING),
        "node": nothing_or(
            record(
                {
                    "address": text(255),
                    "silent": flag,
                    "version": _WORD,
                    "reason": text(4000, ANYTHING),
                    "by": text(255),
                    "since": text(64),
                    "states": listed(_WORD, 50),
                    "owner": text(40, "[a-z ]*"),
                    "problems": _SENTENCES,
                    "drain": _SENTENCES,
                    "alive": flag,
                }
            )
        ),
        "jobs": listed(whole(0, 2**40), 1000),
        "munge": _CODE,
        "munge_words": text(400, ANYTHING),
        "accepted": null_or(_CODE),
        "units": _UNITS,
        "record": nothing_or(
            record(
                {
                    "address": text(255),
                    "machine_id": text(64, r"[A-Za-z0-9-]*"),
                    "hardware": each(_WORD, whole(0, 2**40), 20),
                    "seen": each(_WORD, text(255), 10),
                }
            )
        ),
        "log": _LOG,
        "end_of_log": _LOG,
    }
)
"""What a controller knows of one node."""
