"""Rotations of keys to which something happens: one key on all members, whatever it is, and no job notices."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.campaign.cluster import USER, Cluster
from tests.campaign.incidents import WITH_KEYS
from tests.campaign.one_round import Deed
from tests.campaign.promises import computing, keys
from tests.campaign.rounds import Rounds, part_of

OLD = "/var/lib/provision/rotation/old.key"
TOKENS = "/etc/slurm/jwt/hs256.key"
_OTHERS = (["rotate", "munge"], ["rotate", "munge", "--undo"], ["slurm"], ["backup", "--plain"])


def _token(cluster: Cluster) -> str:
    return cluster.lab.ask(f"runuser -u {USER} -- scontrol token lifespan=3600").removeprefix("SLURM_JWT=")


def _opens(cluster: Cluster, token: str) -> bool:
    """Whether slurmctld takes a token in place of munge."""
    words = f"env SLURM_JWT={token} SLURM_CLI_AUTH_TYPE=auth/jwt squeue --noheader"
    return cluster.lab.tried(cluster.lab.controller, f"runuser -u {USER} -- timeout 30 {words}").code == 0


def _new_key(cluster: Cluster, before: str) -> str:
    return "" if keys(cluster)[cluster.lab.controller] != before else "munge's key is that of before"


def _same_key(cluster: Cluster, expected: str) -> str:
    return "" if keys(cluster)[cluster.lab.controller] == expected else "munge's key is not that of before"


def prepare(cluster: Cluster, random: Random, folder: Path, told: list[str]) -> Deed:
    """One of the rotations; undo needs a key to take back."""
    others = [[*words, f"--to={folder}"] if words[0] == "backup" else words for words in _OTHERS]
    kind = random.choice(("munge", "munge", "undo", "finish", "jwt"))
    before = keys(cluster)[cluster.lab.controller]
    if kind == "jwt":
        token = _token(cluster)
        return Deed(["rotate", "jwt"], lambda: _void(cluster, token), others)
    if kind == "munge":
        return Deed(["rotate", "munge"], lambda: _new_key(cluster, before), others, refused=True)
    said = cluster.lab.provision("rotate", "munge")
    told.append(f"rotate munge: {said.code}")
    if kind == "finish":
        return Deed(["rotate", "munge", "--finish"], lambda: _finished(cluster), others)
    return Deed(["rotate", "munge", "--undo"], lambda: _same_key(cluster, before), others, refused=True)


def _finished(cluster: Cluster) -> str:
    return "the key of before is kept" if cluster.lab.tried(cluster.lab.controller, f"test -e {OLD}").code == 0 else ""


def _void(cluster: Cluster, token: str) -> str:
    if _opens(cluster, token):
        return "a token of before opens slurmctld"
    return "" if _opens(cluster, _token(cluster)) else "a new token does not open slurmctld"


ROTATE = part_of("rotate", Rounds(prepare, (6.0, 15.0, 30.0), WITH_KEYS, {"rest": True}, computing))
