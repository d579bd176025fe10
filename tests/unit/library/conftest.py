"""What the tests of our modules share."""

from __future__ import annotations

import pytest

from tests.unit.library.slurm_cluster import RUNNERS, VERIFY, Cluster, Play


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    def start(*nodes: str) -> Cluster:
        cluster = Cluster(*nodes)
        for module in RUNNERS:
            monkeypatch.setattr(module, "run", cluster.run)
        monkeypatch.setattr(VERIFY, "silent", lambda names, nodes: cluster.closed & set(names))
        monkeypatch.setattr(VERIFY, "gone", lambda names, nodes: dict.fromkeys(cluster.off & set(names), "off"))
        return cluster

    return start
