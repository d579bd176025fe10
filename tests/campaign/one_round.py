"""One round: jobs run, something happens to a verb, it is said again, and then all is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.campaign.case import Tally
from tests.campaign.cluster import Cluster
from tests.campaign.guests import Guest, attach, detached, end_guest, lost_guest, start_guest
from tests.campaign.incidents import ADMIN, Incident, Scene
from tests.campaign.promises import as_one, computing, whole_again
from tests.campaign.struck import mend, plain, see_end
from tests.campaign.terminal import on_terminal
from tests.cluster.waiting import until


@dataclass(frozen=True)
class Deed:
    """A verb in one round.

    Args:
        words: after `provision`.
        ended: what is not as the verb promises once it ended well; '' when all is.
        others: verbs that may come at the same time.
        codes: how it ends well.
        seconds: how long a job takes that runs where it works.
        by_run: whether an ordinary run may end what was begun, in place of the same words.
        refused: whether it is refused while a node has another key.
        once: whether it is refused once it has ended well.
        first: what happens once the jobs run, before the verb.
    """

    words: Sequence[str]
    ended: Callable[[], str]
    others: Sequence[Sequence[str]]
    codes: tuple[int, ...] = (0,)
    seconds: int | None = None
    by_run: bool = True
    refused: bool = False
    once: bool = False
    first: Callable[[], None] = lambda: None


@dataclass
class One:
    """A verb to which something happens. `admin` is the blade that an admin drains meanwhile, '' for none."""

    scene: Scene
    deed: Deed
    admin: str
    tally: Tally
    evidence: dict[str, str] = field(default_factory=dict)

    @property
    def cluster(self) -> Cluster:
        """The cluster that it is about."""
        return self.scene.cluster

    def run(self, kind: str, incident: Incident) -> list[str]:
        """Lets it happen; returns the promises that broke."""
        cluster, scene, deed, admin = self.cluster, self.scene, self.deed, self.admin
        attach(cluster)
        blade = scene.random.choice(cluster.targets)
        guest = start_guest(cluster, blade, *([deed.seconds] if deed.seconds else []))
        try:
            if admin:
                scene.told.append(f"an admin has drained {admin}")
                cluster.lab.ask(f"scontrol update nodename={admin.lower()} state=drain reason='{ADMIN}'")
            deed.first()
            scene.told.append(f"provision {' '.join(deed.words)}: {kind}")
            broken = self._said_twice(incident)
            if admin and self._admins_drain_is_gone(admin):
                broken.append("an admin's drain is gone")
                self.tally["drains lost"] += 1
            self._resume_admins()
            broken += self._jobs(guest)
            if mended := whole_again(cluster, self.evidence):
                return [*broken, *mended]
            self.tally["0 changes after it"] += 1
            return [*broken, *as_one(cluster, self.evidence), *self._jobs(guest)]
        finally:
            self._resume_admins()
            end_guest(cluster, guest)

    def _said_twice(self, incident: Incident) -> list[str]:
        """The verb to which something happens, and what ends it."""
        cluster, scene, deed = self.cluster, self.scene, self.deed
        mends = incident.before(scene)
        with on_terminal(cluster.lab, *deed.words) as run:
            try:
                mends = [*incident.during(scene, run), *mends]
                see_end(run, scene.broken)
                if run.cursor_is_lost:
                    scene.broken.append("the cursor is lost")
            finally:
                mend(cluster, mends, scene.told)
                self.evidence |= {"round": "\n".join(scene.told), "said": plain(run.text)}
            self._refusal(run.process.returncode)
            self._end(run.process.returncode)
            if not until(lambda: run.strays() == [], 10):
                scene.broken.append("processes of a dead verb are there after the next one")
                self.evidence["strays"] = "\n".join(run.strays())
        for number, said in enumerate(scene.said):
            self.evidence[f"said {number}"] = said.text
        if any("Traceback" in text for text in self.evidence.values()):
            scene.broken.append("a traceback")
        return scene.broken

    def _refusal(self, code: int | None) -> None:
        """A node with another key is named before anything is touched."""
        name = self.scene.spoiled
        if self.deed.refused and name.startswith("BLD") and (code != 1 or name not in self.evidence["said"]):
            self.scene.broken.append("a node with another key is not refused")

    def _end(self, code: int | None) -> None:
        """Says it once more, or lets an ordinary run end it; where the verb cannot, it says what comes first."""
        scene, deed, lab = self.scene, self.deed, self.cluster.lab
        is_done = deed.once and 0 in (code, *(said.code for said in scene.said))
        by_run = deed.by_run and scene.random.random() < 0.3
        said = lab.slurm(computing(self.cluster)) if by_run else lab.provision(*deed.words)
        scene.said.append(said)
        if by_run:
            self.tally["ended by a run"] += said.code == 0
            if said.code not in (0, 3):
                scene.broken.append(f"the run after it ends with {said.code}")
            return
        if said.code in deed.codes or (is_done and "next:" in said.text):
            self.tally["ended by the same words"] += 1
            if wrong := deed.ended():
                scene.broken.append("said once more it does not do what it promises")
                self.evidence["wrong"] = wrong
        elif scene.harmless or "next:" not in said.text:
            scene.broken.append(f"said once more it ends with {said.code}")

    def _resume_admins(self) -> None:
        """The admin is done with the blade, once."""
        if self.admin:
            self.cluster.lab.tried(
                self.cluster.lab.controller, f"scontrol update nodename={self.admin.lower()} state=resume"
            )
            self.admin = ""

    def _admins_drain_is_gone(self, admin: str) -> bool:
        found = self.cluster.lab.ask(f"scontrol show node {admin.lower()}")
        return f"Reason={ADMIN}" not in found or "DRAIN" not in found

    def _jobs(self, guest: Guest) -> list[str]:
        """The jobs that are lost; those of a blade that went away are nobody's fault."""
        lost = {"job": self.cluster.lost_job(), "attached step": detached(self.cluster)}
        if not self.scene.excused:
            lost["guest"] = lost_guest(self.cluster, guest)
        lost = {name: words for name, words in lost.items() if words}
        self.evidence |= lost
        self.tally["jobs lost"] += bool(lost)
        return [f"lost: {', '.join(lost)}"] if lost else []
