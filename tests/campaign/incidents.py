"""What happens around a verb: kills, power cuts, daemons that die, a second verb, full disks, another key on a node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.campaign.cluster import Cluster
from tests.campaign.disturbances import Act
from tests.campaign.faults import FAULTS
from tests.campaign.full_disk import empty_blade, empty_state, fill_blade, fill_state
from tests.campaign.struck import Mends, some_blade, strike
from tests.campaign.terminal import Terminal
from tests.cluster.labs import Said
from tests.cluster.waiting import until

# What takes a blade away, and may take the jobs on it.
AWAY = tuple(name for name in FAULTS if name.startswith(("power", "frozen", "unplugged")))
OF_DAEMONS = tuple(name for name in FAULTS if name.split()[0] in ("munge", "slurmctld", "apt"))
# Accounting is not there, and room is an incident of its own.
_ELSEWHERE = ("MariaDB killed", "slurmdbd killed", "disk full")
OF_THE_RUN = tuple(name for name in FAULTS if name not in (*AWAY, *OF_DAEMONS, *_ELSEWHERE))
ADMIN = "fan, says the admin"
OTHER_KEY = (
    "dd if=/dev/urandom of=/etc/munge/munge.key bs=128 count=1 conv=notrunc 2> /dev/null; systemctl restart munge"
)


@dataclass
class Scene:
    """A verb to which something happens. `others` are words of verbs that come at the same time."""

    cluster: Cluster
    random: Random
    moments: tuple[float, ...]
    others: Sequence[Sequence[str]]
    told: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    excused: bool = False
    harmless: bool = False
    spoiled: str = ""

    def passes(self, run: Terminal) -> None:
        """A moment of chance passes, or the verb ends before it."""
        moment = self.random.uniform(0.3, self.random.choice(self.moments))
        over = until(lambda: run.process.poll() is not None, moment)
        self.told.append(f"after {moment:.1f} s{', when it was over' if over else ''}:")


@dataclass(frozen=True)
class Incident:
    """`before` happens before the verb begins, `during` in the midst of it; both return what mends the world."""

    during: Callable[[Scene, Terminal], Mends]
    before: Callable[[Scene], Mends] = lambda scene: []


def _fault(names: Sequence[str], harmless: bool = False) -> Incident:
    def during(scene: Scene, run: Terminal) -> Mends:
        name = scene.random.choice(names)
        # A blade that is away may lose its jobs; those of the keeper never.
        scene.excused = name in AWAY and not FAULTS[name].on_controller
        scene.harmless = harmless
        return strike(scene.cluster, scene.random, run, scene.told, scene.moments, (name,))

    return Incident(during)


def _second(scene: Scene, run: Terminal) -> Mends:
    """Another verb, or the same, at the same time; it is turned away or finds the lock free."""
    scene.harmless = True
    words = scene.random.choice(scene.others)
    scene.passes(run)
    scene.told.append(f"provision {' '.join(words)}")
    said = scene.cluster.lab.provision(*words)
    scene.said.append(said)
    if said.code not in (0, 1, 2, 3, 4):
        scene.broken.append(f"a verb at the same time ends with {said.code}")
    return []


def full(fill: Act, empty: Act, on_controller: bool) -> Incident:
    """No room, from the beginning or from some moment on."""

    def act(scene: Scene) -> Mends:
        blade = some_blade(scene.cluster, scene.random, on_controller)
        fill(scene.cluster, blade)
        scene.told.append(f"{fill.__name__} ({blade})")
        return [(empty, blade)]

    def before(scene: Scene) -> Mends:
        scene.spoiled = "full" if scene.random.random() < 0.5 else ""
        return act(scene) if scene.spoiled else []

    def during(scene: Scene, run: Terminal) -> Mends:
        if scene.spoiled:
            return []
        scene.passes(run)
        return act(scene)

    return Incident(during, before)


def _other_key(scene: Scene) -> Mends:
    scene.spoiled = scene.random.choice(scene.cluster.targets)
    scene.cluster.lab.inside(scene.spoiled, OTHER_KEY)
    scene.told.append(f"another munge key on {scene.spoiled}")
    return []


INCIDENTS: dict[str, Incident] = {
    "killed": _fault(OF_THE_RUN, harmless=True),
    "away": _fault(AWAY),
    "daemons": _fault(OF_DAEMONS),
    "two at once": Incident(_second),
    "controller full": full(fill_blade, empty_blade, on_controller=True),
    "node full": full(fill_blade, empty_blade, on_controller=False),
    "state folder full": full(fill_state, empty_state, on_controller=True),
}
WITH_KEYS = {**INCIDENTS, "another key": Incident(lambda scene, run: [], _other_key)}
