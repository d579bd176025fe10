"""The one place that decides how a blade is called.

A blade is `BLD-008` in the plan and on the command line (any case); its host name, its Ansible inventory
name and its Slurm NodeName are `bld-008`. Slurm compares NodeName with the host name case-sensitively.
"""

from __future__ import annotations


def blade_id(name: str) -> str:
    """The name of a blade in the plan: `bld-008` -> `BLD-008`."""
    return name.strip().upper()


def host_name(name: str) -> str:
    """The host name, inventory name and NodeName of a blade: `BLD-008` -> `bld-008`."""
    return name.strip().lower()
