"""The accounting database: its settings, and the memory and disk that it takes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MIB_STEP = 128
# slurmdbd complains of less than half of SchedMD's 4 GiB.
_GOOD_MIB = 4096
_PROGRAMS_MIB = 500


def buffer_pool_mib(memory_mib: int) -> int:
    """How much of the RAM the database may keep its pages in: 30 % up to 4 GiB, and 10 % where that is more."""
    share = max(min(memory_mib * 3 // 10, _GOOD_MIB), memory_mib // 10)
    return max(share // _MIB_STEP * _MIB_STEP, _MIB_STEP)


def database_mib(memory_mib: int) -> int:
    """Room on the disk that a database without records takes: its log is as long as it will ever be."""
    return buffer_pool_mib(memory_mib) // 4 + _PROGRAMS_MIB


def database_settings(memory_mib: int, site: Mapping[str, Any]) -> dict[str, str | int]:
    """The settings of MariaDB as SchedMD asks for them, those of the site over them; null drops one.

    Args:
        memory_mib: RAM of the node.
        site: keys as MariaDB spells them, with `_`.
    """
    pool = buffer_pool_mib(memory_mib)
    ours = {
        "innodb_buffer_pool_size": f"{pool}M",
        "innodb_log_file_size": f"{pool // 4}M",
        "innodb_lock_wait_timeout": 900,
        "max_allowed_packet": "64M",
    }
    its = {key.lower(): value for key, value in site.items()}
    merged = {key: value for key, value in {**ours, **its}.items() if value is not None}
    return {key: int(value) if isinstance(value, bool) else value for key, value in merged.items()}


def database_memory_mib(memory_mib: int) -> int:
    """RAM that the database and slurmdbd take at most: the pool with what manages it, connections and programs."""
    pool = buffer_pool_mib(memory_mib)
    return pool + pool // 8 + _PROGRAMS_MIB // 2
