"""Which Slurm each supported Debian release has."""

from __future__ import annotations

SLURM_OF_DEBIAN = {"12": "22.05", "13": "24.11"}
"""Slurm release by VERSION_ID. A cluster runs one of them, since 24.11 speaks to nothing older than 23.02."""
