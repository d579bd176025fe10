"""What `provision status` warns of, beside the table."""

from __future__ import annotations

from pathlib import Path

from provisioner.cli.status_page import Seen
from provisioner.plan.load import load_plan
from provisioner.slurm.status import ClusterStatus, NodeStatus


def warnings(site: Path, cluster: ClusterStatus) -> list[str]:
    """The sentences for a cluster that nothing else is known of."""
    return list(
        Seen(load_plan(site / "plan.yml"), cluster, {"outdated": {}, "release": ""}, None, {}, {}, "").warnings()
    )


def test_a_cluster_that_works_has_none(site: Path) -> None:
    assert warnings(site, ClusterStatus(True, {"bld-008": NodeStatus("idle", "", 8, 0, 7000, "24.11.5")}, 3)) == []


def test_a_job_that_does_not_begin_has_a_next_step(site: Path) -> None:
    assert warnings(site, ClusterStatus(True, {}, 0, (18,))) == [
        "job 18 is called running and has not begun; next: scontrol requeue 18, or scancel 18"
    ]


def test_a_node_that_slurm_took_out_has_a_next_step(site: Path) -> None:
    down = NodeStatus("down*", "Not responding", 8, 0, 7000, "", owner="slurm")
    assert warnings(site, ClusterStatus(True, {"bld-008": down}, 0)) == [
        "BLD-008 takes no jobs; next: provision explain BLD-008"
    ]
