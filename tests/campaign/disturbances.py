"""What is wrong with a cluster before a run: scripts of a list, harms of what the roles keep, switches of the lab."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from provisioner.state.tampering import HARMS
from tests.campaign.cluster import Cluster
from tests.cluster.tampering import cases_of
from tests.cluster.test_tampered import MORE
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


def all_of(harm: str) -> Act:
    """A harm of everything on the blade that it can come to, as the states of its roles say."""

    def act(cluster: Cluster, blade: str) -> None:
        for case in cases_of(cluster.lab, blade):
            if case.harm == harm:
                cluster.lab.inside(blade, f"{case.script}; true")

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
    **{harm: Disturbance(all_of(harm)) for harm in HARMS},
    # The key of the controller is the cluster's, whatever it is.
    **{
        f"{harm} on the controller": Disturbance(all_of(harm), None, on_controller=True)
        for harm in HARMS
        if harm != "other secret"
    },
    **{name: Disturbance(script(each.script), None, each.role == "slurmctld") for name, each in MORE.items()},
    **{name: Disturbance(script(each.harm), script(each.mend)) for name, each in TROUBLES.items()},
    "reimaged": Disturbance(lab("reimage")),
    "reimaged with new disks": Disturbance(lab("reimage", "--wipe-disks")),
    "rebooted": Disturbance(lab("reboot")),
    "power cut before": Disturbance(lab("off"), lab("on")),
}
