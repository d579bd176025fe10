"""What the tests of our modules share."""

from __future__ import annotations

import pytest

from tests.unit.library.slurm_cluster import ADMISSION, NODES, RUNNERS, VERIFY, Cluster, Play


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    def start(*nodes: str) -> Cluster:
        cluster = Cluster(*nodes)
        for module in RUNNERS:
            monkeypatch.setattr(module, "run", cluster.run)
        for module in (VERIFY, NODES, ADMISSION):
            monkeypatch.setattr(
                module, "silent", lambda names, nodes: dict.fromkeys(cluster.closed & set(names), NODES.DEAF)
            )
        for module in (VERIFY, NODES):
            monkeypatch.setattr(module, "gone", lambda names, nodes: dict.fromkeys(cluster.off & set(names), "off"))
        return cluster

    return start
