"""What a blade in order and its controller say."""

from __future__ import annotations

from typing import Any

RUNS = {"load": "loaded", "active": "active", "enabled": "enabled", "since": 1.0, "reload_needed": False}
ABSENT = {"load": "not-found", "active": "", "enabled": "", "since": 0.0, "reload_needed": False}
HARDWARE = {
    "cpus": 16, "boards": 1, "sockets_per_board": 2, "cores_per_socket": 8, "threads_per_core": 1,
    "memory_mib": 32000, "scratch_mib": 285962,
}  # fmt: skip
SLURMD_C = (
    "NodeName=bld-002 CPUs=16 Boards=1 SocketsPerBoard=2 CoresPerSocket=8 ThreadsPerCore=1 RealMemory=32000\nUpTime=1"
)


def good() -> dict[str, Any]:
    """All that is asked of a member that works."""
    return {
        "facts": {
            "node_evidence": {
                "host_name": "bld-002",
                "machine_id": "aaaa",
                "os": {"id": "debian", "version_id": "12", "pretty_name": "Debian GNU/Linux 12 (bookworm)"},
                "skew": 0.2,
                "up_seconds": 5000.0,
                "units": {"munge": RUNS, "slurmd": RUNS, "slurmctld": ABSENT},
                "munge": 0,
                "credential": "MUNGE:AwQFAAB=:",
                "free_mib": {"/": 50000, "/var/lib/slurm/slurmd": 50000},
                "read_only": [],
                "unreached": [],
                "health": "nothing speaks against jobs on this node",
                "logs": {"slurmd": ["launch task"], "munge": [], "kernel": []},
            },
            "blade": {"slurmd_c": SLURMD_C, "scratch": {"size_mib": 285962, "waiting": [], "warnings": []}},
            "slurm_work": {"problems": [], "masked": [], "unaccounted": [], "doubts": []},
            "state_pending": [],
            "provision_notes": [],
        },
        "controller_facts": {
            "cluster_evidence": {
                "up": True,
                "words": "",
                "node": {
                    "address": "10.62.75.102",
                    "silent": False,
                    "version": "22.05.8",
                    "reason": "",
                    "by": "",
                    "since": "",
                    "states": ["IDLE"],
                    "owner": "",
                    "problems": [],
                    "drain": [],
                    "alive": True,
                },
                "jobs": [],
                "munge": 0,
                "munge_words": "",
                "accepted": 0,
                "units": {"munge": RUNS, "slurmctld": RUNS},
                "record": {
                    "address": "10.62.75.102",
                    "machine_id": "aaaa",
                    "hardware": HARDWARE,
                    "seen": {"run": "20261126T220000Z-1", "at": "2026-11-26T22:00:00+00:00"},
                },
                "log": [],
                "end_of_log": [],
            }
        },
    }
