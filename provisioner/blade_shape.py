"""The shape of what modules on blades tell, as data: types, lengths, characters and ranges. Pure.

Facts of one blade meet those of the others in the registry, in slurm.conf and in templates, so nothing with another
shape gets that far. Only what is named here is looked at; whatever else a fact holds has passed the limits of
`provisioner.answer`.
"""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.explain.shape import CLUSTER_EVIDENCE, NODE_EVIDENCE
from provisioner.slurm.deep_checks import CHECKS, MPI_CHECKS
from provisioner.slurm.gpu_names import GPU_FILE
from provisioner.value_shape import (
    ANYTHING,
    Check,
    each,
    flag,
    listed,
    nothing_or,
    null_or,
    number,
    record,
    text,
    whole,
)

_FILE = 4 * 2**20
"""Characters of a file whose text is told; nodes.json of a thousand nodes has less than one million."""
_WORD = text(64, r"[A-Za-z0-9._:+@-]*")
_PATH = text(300)
_EPOCH = number(0, 1e11)
_MIB = whole(0, 2**40)
_ID = whole(0, 2**32)

_SCRATCH = {
    "waiting": listed(
        record(
            {"disk": _PATH, "size_gb": whole(0, 10_000_000), "mount_point": _PATH, "read": null_or(whole(0, 100))},
            {"model": text(200)},
        )
    ),
    "warnings": listed(text(2000)),
}

_PCI_ID = text(9, r"[0-9a-f]{4}:[0-9a-f]{4}")
GPUS = listed(
    record(
        {
            "slot": text(16, r"[0-9a-f:.]+"),
            "id": _PCI_ID,
            "model": text(100),
            "driver": text(64, r"[A-Za-z0-9_-]*"),
            "file": text(64, rf"|{GPU_FILE}"),
        }
    ),
    64,
)
_CPU = record({"cpus": whole(0, 2**20), "model": text(200)})
PARTS = record(
    {
        "serial": text(100),
        "links": each(text(17, r"[0-9a-f:]+"), whole(0, 10_000_000), 64),
        "disks": each(_PATH, whole(0, 10_000_000), 64),
        "warnings": listed(text(100, r"[A-Za-z0-9 (),]*"), 64),
    }
)
BOARD = record({"machine_id": text(64, r"[A-Za-z0-9-]*"), "cpu": _CPU, "memory_mib": _MIB, "parts": PARTS})
"""What `provision replace` is told of a board."""

BLADE = record(
    {
        "machine_id": text(64, r"[A-Za-z0-9-]*"),
        "host_name": text(255),
        "machine": _WORD,
        "os": record({"id": _WORD, "version_id": _WORD, "pretty_name": text(200)}),
        "init": text(64),
        "epoch": _EPOCH,
        "skew": number(-1e11, 1e11),
        "memory_mib": _MIB,
        "cpu": _CPU,
        "gpus": GPUS,
        "withheld": listed(text(64, GPU_FILE), 64),
        "free_mib": each(_PATH, whole(-(2**40), 2**40)),
        "can_set_clock": flag,
        "read_only": flag,
        "dpkg_trouble": text(2**20, ANYTHING),
        "apt_held": flag,
        "packages": each(text(100, r"[a-z0-9.+:-]+"), text(200, r"[A-Za-z0-9.+:~-]*")),
        "units": each(
            _WORD,
            record(
                {"load": _WORD, "active": _WORD, "enabled": _WORD, "since": _EPOCH, "reload_needed": flag},
                {"quiet": flag},
            ),
        ),
        "users": each(_WORD, null_or(record({"uid": _ID, "gid": _ID}))),
        "paths": each(
            _PATH,
            record(
                {"kind": text(20)},
                {"content": text(_FILE, ANYTHING), "mode": text(8), "owner": _WORD, "group": _WORD, "why": text(1000)},
            ),
        ),
        "written": each(_PATH, _EPOCH),
        "secrets": each(_PATH, text(200, r"|[0-9a-f]{64}:[^:\s]*:[^:\s]*:[0-7]{4}")),
        "asks": each(text(100), text(4096, ANYTHING)),
        "scratch": record(
            {"right": flag, "size_mib": _MIB, "expected_mib": _MIB, "actions": listed(text(400), 50)}, _SCRATCH
        ),
        "full": flag,
        "slurmd_c": text(8000, ANYTHING),
    },
    {
        "lock": nothing_or(
            record({"held": flag, "age": whole(0, 2**40)}, {"token": _WORD, "busy": text(1000), "next": text(1000)})
        ),
        "parts": PARTS,
        "host_keys": listed(text(3000, r"(ssh|ecdsa)-[a-z0-9-]{1,40} [A-Za-z0-9+/]+={0,2}"), 8),
        "root_created": _EPOCH,
        "remains": listed(record({"pid": _ID, "name": text(64), "run": text(300)}), 100_000),
        "slurmd_holds": nothing_or(record({"cpus": whole(0, 2**20), "memory_mib": _MIB, "scratch_mib": _MIB})),
    },
)
_SENTENCES = listed(text(4000, ANYTHING))
VERIFIED = record(
    {},
    {
        "nodes": each(
            text(255),
            record(
                {
                    "problems": _SENTENCES,
                    "notes": _SENTENCES,
                    "news": _SENTENCES,
                    "job": flag,
                    "alive": flag,
                    "unseen": text(300),
                }
            ),
            100_000,
        ),
        "job_width": whole(0, 100_000),
        "reasons": text(2**20, ANYTHING),
        "scratch": listed(text(255), 100_000),
        "peers": listed(text(400), 100_000),
    },
)
DEEP = record(
    {
        "account": _WORD,
        "partition": text(255),
        "checks": listed(
            record(
                {
                    "name": text(40, "|".join([*CHECKS, *MPI_CHECKS])),
                    "result": text(20, "ok|failed|not tried"),
                    "words": text(4000, ANYTHING),
                    "evidence": text(4000, ANYTHING),
                    "cause": text(40, r"[a-z ]*"),
                    "seconds": number(0, 1e6),
                },
                {
                    "hosts": listed(_WORD, 100_000),
                    "figures": listed(
                        record({"what": text(20, "[a-z-]*"), "bytes": whole(0, 2**40), "usec": number(0, 1e12)}), 100
                    ),
                },
            ),
            100,
        ),
    },
    {"mpi": flag},
)
"""What `provision verify --deep` is told."""
MACHINE = record(
    {
        "host_name": text(255),
        "machine_id": text(64, r"[A-Za-z0-9-]*"),
        "os": record({"id": _WORD, "version_id": _WORD, "pretty_name": text(200)}),
        "init": text(64),
        "read_only": flag,
        "memory_mib": _MIB,
        "cpu": _CPU,
        "serial": text(100),
        "interfaces": listed(
            record({"name": text(64), "mac": text(100), "speed": _MIB, "addresses": listed(text(64), 64)}), 64
        ),
        "gpus": listed(_PCI_ID, 64),
        "disks": listed(record({"path": _PATH, "turns": null_or(flag)}), 1000),
    }
)
"""What `provision init` is told of a machine; its disks are looked at once more, by `provisioner.disks`."""
FACTS: Mapping[str, Check] = {
    "blade": BLADE,
    "cluster_evidence": CLUSTER_EVIDENCE,
    "machine": MACHINE,
    "node_evidence": NODE_EVIDENCE,
    "scratch": record({"size_mib": _MIB}, _SCRATCH),
    "provision_changed": _SENTENCES,
    "provision_troubles": _SENTENCES,
    "slurm_deep": DEEP,
    "slurm_verify": VERIFIED,
    "provision_notes": _SENTENCES,
}
"""The shape of each fact that a run decides on."""
