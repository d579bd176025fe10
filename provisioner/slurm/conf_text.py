"""The text of slurm.conf taken apart, so that two can be compared. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Conf:
    """slurm.conf without comments: settings and nodes with lower-case keys, the rest as lines."""

    settings: dict[str, str]
    nodes: dict[str, dict[str, str]]
    partitions: dict[str, str]
    others: tuple[str, ...]


def parse_conf(text: str) -> Conf:
    """Any text; what is no line of Slurm stands among the others."""
    settings: dict[str, str] = {}
    nodes: dict[str, dict[str, str]] = {}
    partitions: dict[str, str] = {}
    others: list[str] = []
    for line in (row.split("#", 1)[0].strip() for row in text.splitlines()):
        pairs = {key.lower(): value for key, value in re.findall(r"(\w+)=(\S*)", line)}
        if "nodename" in pairs:
            nodes[pairs["nodename"]] = pairs
        elif "partitionname" in pairs:
            partitions[pairs["partitionname"]] = line
        elif "=" in line:
            key, value = line.split("=", 1)
            settings[key.strip().lower()] = value.strip()
        elif line:
            others.append(line)
    return Conf(settings, nodes, partitions, tuple(others))
