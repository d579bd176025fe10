from __future__ import annotations

import pytest

from provisioner.lab.host import Cgroups, Host
from provisioner.plan.model import Plan


@pytest.fixture
def plan() -> Plan:
    return Plan.model_validate(
        {
            "cluster": {"name": "test", "network": "10.77.0.0/24", "controller": "BLD-001"},
            "ssh": {"user": "admin"},
            "tiers": {"fat": {"slurm": ["controller", "compute"]}},
            "blades": {
                "BLD-001": {
                    "bay": 1,
                    "address": "10.77.0.101",
                    "tier": "fat",
                    "ram": 8,
                    "disks": [
                        "2 x 300 GB SAS",
                        {"size_gb": 120, "id": "/dev/disk/by-id/ata-SSD_1", "purpose": "ceph"},
                    ],
                },
                "BLD-002": {"bay": 2, "address": "10.77.0.102", "tier": "fat", "ram": 8},
            },
        }
    )


@pytest.fixture
def v1_host() -> Host:
    return Host(cgroups=Cgroups.V1, nofile=20000, nproc=32768)
