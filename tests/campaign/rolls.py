"""Rolling runs to which something happens: said again they go on, give every node back, and no job notices."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.campaign.cluster import Cluster
from tests.campaign.incidents import INCIDENTS
from tests.campaign.one_round import Deed
from tests.campaign.promises import our_drains
from tests.campaign.rounds import Rounds, part_of

# What a run puts back, and no daemon cares for.
DIFFERS = "/etc/logrotate.d/slurmd"
_BOOT = "stat --format=%Y /proc/1"
# Seconds: how long the job on the way takes, and how long one that does not end is waited for.
SHORT, PATIENCE = 12, 20


def prepare(cluster: Cluster, random: Random, folder: Path, told: list[str]) -> Deed:
    """Changes, reboots or both; at times also of the keeper, whose job does not end."""
    reboots, with_keeper = random.random() < 0.5, random.random() < 0.3
    nodes = [*cluster.targets, *([cluster.keeper] if with_keeper else [])]
    words = ["slurm", "--rolling", f"--nodes={','.join(nodes)}", "--max-unavailable=2", "--allow-empty-partition"]
    words += ["--reboot"] if reboots else []
    words += [f"--wait={PATIENCE}s", "--keep-going"] if with_keeper else []
    before = {name: cluster.lab.inside(name, _BOOT) for name in nodes}

    def differ() -> None:
        for name in nodes:
            cluster.lab.inside(name, f"rm -f {DIFFERS}")

    def ended() -> str:
        for name in cluster.targets:
            if cluster.lab.tried(name, f"test -e {DIFFERS}").code:
                return f"{name} is not changed"
            if reboots and cluster.lab.inside(name, _BOOT) == before[name]:
                return f"{name} did not reboot"
        if with_keeper and cluster.lab.tried(cluster.keeper, f"test -e {DIFFERS}").code == 0:
            return f"{cluster.keeper} was changed although a job runs on it"
        ours = our_drains(cluster)
        return f"a drain is left: {ours}" if ours else ""

    others = (words, ["slurm"], ["rotate", "munge"], ["backup", "--plain", f"--to={folder}"])
    return Deed(words, ended, others, (3,) if with_keeper else (0,), SHORT, by_run=False, first=differ)


ROLLING = part_of(
    "rolling", Rounds(prepare, (10.0, 40.0, 80.0), INCIDENTS, {"rest": True}, lambda cluster: cluster.targets)
)
