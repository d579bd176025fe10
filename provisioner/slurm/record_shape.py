"""What a node's record in the registry may hold. Pure."""

from __future__ import annotations

from typing import Any

from provisioner.slurm.gpu_names import GPU_FILE, GPU_TYPE
from provisioner.slurm.hardware import RANGES
from provisioner.value_shape import each, flag, listed, record, text, whole

_GPUS = record(
    {
        "type": text(63, GPU_TYPE),
        "vendor": text(6, r"nvidia|amd"),
        "files": listed(text(64, GPU_FILE), 64),
    },
    {"alias": flag},
)
# What a record holds goes into a line of slurm.conf; more keys of another release may be there.
RECORD = record(
    {
        "address": text(39, r"[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}"),
        "tier": text(31, r"[a-z][a-z0-9_-]*"),
        "hardware": record({key: whole(low, high) for key, (low, high) in RANGES.items() if key != "scratch_mib"}),
    },
    {
        "bay": whole(0, 10_000),
        "blade": text(63),
        "cpu_model": text(200),
        "gpus": listed(_GPUS, 64),
        "gpus_missing": whole(1, 64),
        "job_tmp": text(7, r"scratch|root|shared"),
        "machine_id": text(64),
        "parts": record(
            {
                "serial": text(100),
                "links": each(text(17, r"[0-9a-f:]+"), whole(0, 10_000_000), 64),
                "disks": each(text(300), whole(0, 10_000_000), 64),
            }
        ),
        "warnings": listed(text(100, r"[A-Za-z0-9 (),]*"), 64),
        "packages": each(text(100), text(100)),
    },
)
_NAME = text(63, r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def record_trouble(name: str, found: Any) -> str:
    """What is wrong with a record of the registry, '' when nothing is; the file is anybody's who had the controller."""
    return _NAME(name) or RECORD(found)
