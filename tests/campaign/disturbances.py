"""What is wrong with a cluster before a run: scripts of a list, those of the cluster tests, the lab's switches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.campaign.cluster import Cluster
from tests.cluster.test_tampered import TAMPERINGS
from tests.cluster.test_trouble import TROUBLES

LIST = Path(__file__).parent / "cases" / "disturbances.yml"
Act = Callable[[Cluster, str], None]


@dataclass(frozen=True)
class Disturbance:
    """`harm` before the run, `mend` after it for what the next run does not have to mend; both get a blade."""

    harm: Act
    mend: Act | None = None
    on_controller: bool = False


def script(text: str) -> Act:
    """A script as root on the blade."""

    def act(cluster: Cluster, blade: str) -> None:
        cluster.lab.inside(blade, text)

    return act


def lab(verb: str, *words: str) -> Act:
    """A verb of `provision lab` for the blade."""

    def act(cluster: Cluster, blade: str) -> None:
        cluster.lab.lab(verb, *words, blade)

    return act


def _listed() -> dict[str, Disturbance]:
    found = yaml.safe_load(LIST.read_text())
    return {
        name: Disturbance(
            script(each["harm"]), script(each["mend"]) if "mend" in each else None, each.get("on") == "controller"
        )
        for name, each in found.items()
    }


DISTURBANCES: dict[str, Disturbance] = {
    **_listed(),
    **{name: Disturbance(script(each.script), None, each.controller) for name, each in TAMPERINGS.items()},
    **{name: Disturbance(script(each.harm), script(each.mend)) for name, each in TROUBLES.items()},
    "reimaged": Disturbance(lab("reimage")),
    "reimaged with new disks": Disturbance(lab("reimage", "--wipe-disks")),
    "rebooted": Disturbance(lab("reboot")),
    "power cut before": Disturbance(lab("off"), lab("on")),
}
