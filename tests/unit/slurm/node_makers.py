"""Hypothesis strategies for what the Slurm tests share: hardware, registry records, whole registries."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from provisioner.slurm.hardware import Hardware

NODE_NAMES = st.integers(min_value=1, max_value=40).map(lambda number: f"bld-{number:03d}")
TIERS = st.sampled_from(["fat", "medium", "thin"])

hardware = st.builds(
    Hardware,
    cpus=st.integers(1, 512),
    boards=st.integers(1, 2),
    sockets_per_board=st.integers(1, 8),
    cores_per_socket=st.integers(1, 64),
    threads_per_core=st.integers(1, 8),
    memory_mib=st.integers(1024, 4 * 1024 * 1024),
    scratch_mib=st.one_of(st.just(0), st.integers(1, 8 * 1024 * 1024)),
)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """One registry record."""
    bay = draw(st.integers(1, 16))
    gpus = draw(st.integers(0, 4))
    files = [f"/dev/nvidia{number}" for number in range(gpus)]
    return {
        **({"gpus": [{"type": "a100", "vendor": "nvidia", "files": files}]} if gpus else {}),
        "blade": f"BLD-{bay:03d}",
        "address": f"10.20.0.{100 + bay}",
        "bay": bay,
        "tier": draw(TIERS),
        "cpu_model": draw(st.sampled_from(["Intel(R) Xeon(R) CPU E5-2690 0 @ 2.90GHz", ""])),
        "machine_id": draw(st.sampled_from(["a" * 32, "b" * 32])),
        "hardware": draw(hardware).as_dict(),
        "seen": {"run": draw(st.sampled_from(["r1", "r2"])), "at": "2026-11-23T05:00:00+00:00"},
    }


registries = st.dictionaries(NODE_NAMES, records(), max_size=8)


def record(**changes: Any) -> dict[str, Any]:
    """A record of an 8 GiB blade, with some of its fields or of its hardware changed."""
    plain = Hardware(16, 1, 2, 4, 2, 7955).as_dict()
    hardware_changes = {key: changes.pop(key) for key in list(changes) if key in plain}
    return {
        "blade": "BLD-008",
        "address": "10.20.0.108",
        "bay": 8,
        "tier": "medium",
        "cpu_model": "Intel(R) Xeon(R) CPU E5-2609 0 @ 2.40GHz",
        "machine_id": "a" * 32,
        "hardware": {**plain, **hardware_changes},
        "seen": {"run": "r1", "at": "2026-11-23T05:00:00+00:00"},
        **changes,
    }
