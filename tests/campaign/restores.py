"""Restores to which something happens: said again the controller is what it was, and no node is touched."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.campaign.case import Broken
from tests.campaign.cluster import Cluster
from tests.campaign.incidents import INCIDENTS
from tests.campaign.one_round import Deed
from tests.campaign.promises import computing, keys
from tests.campaign.rounds import Rounds, part_of

_REGISTRY = "grep -o '\"bld-[0-9]*\"' /etc/slurm/nodes.json | sort -u"


def prepare(cluster: Cluster, random: Random, folder: Path, told: list[str]) -> Deed:
    """A backup, then a controller that was reimaged, or one that lives and may have another munge key by now."""
    reimaged, rotated = random.random() < 0.6, random.random() < 0.5
    lab = cluster.lab
    before = keys(cluster)[lab.controller]
    known = lab.ask(_REGISTRY)
    words = ["restore", "", *([] if reimaged else ["--overwrite=munge,config,state"])]

    def first() -> None:
        said = lab.provision("backup", "--plain", f"--to={folder}", "--json")
        if said.code != 0:
            raise Broken("there is no backup", {"said": said.text})
        words[1] = said.json["file"]
        if reimaged:
            lab.lab("reimage", lab.controller)
        elif rotated:
            told.append(f"rotate munge: {lab.provision('rotate', 'munge').code}")

    def ended() -> str:
        if keys(cluster)[lab.controller] != before:
            return "munge's key is not that of the backup"
        if lab.ask(_REGISTRY) != known:
            return "the registry is not that of the backup"
        return "" if lab.tried(lab.controller, "scontrol ping | grep -q 'is UP'").code == 0 else "slurmctld is away"

    told.append("the controller was reimaged" if reimaged else "the controller lives")
    others = (words, ["slurm"], ["rotate", "munge"], ["backup", "--plain", f"--to={folder}"])
    # What a controller has that was restored lives from then on.
    return Deed(words, ended, others, by_run=False, once=reimaged, first=first)


RESTORE = part_of("restore", Rounds(prepare, (6.0, 15.0, 45.0), INCIDENTS, {"rest": True}, computing))
