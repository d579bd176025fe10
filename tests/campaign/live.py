"""Odd settings of a site on a cluster: refused in a sentence or taken, nothing else becomes live, and taken back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import yaml

from provisioner.errors import ExitCode
from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.cluster import Cluster, shortly
from tests.campaign.nodes import check_mark, check_said
from tests.campaign.settings import SITE, some_settings
from tests.campaign.site_files import check_problems
from tests.cluster.labs import Lab, Said

# What no setting may change, as one text per blade: accounts, who the daemons are, which nodes there are.
ACCOUNTS = "awk -F: '$3 == 0 || $1 == \"slurm\" || $1 == \"munge\"' /etc/passwd; stat -c '%U %a' /etc/munge/munge.key"
DAEMONS = "ps -C slurmctld -o user= | sort -u; sinfo --noheader --Node --format=%N | sort -u; scontrol ping"
FILES = "sha256sum /etc/slurm/slurm.conf /etc/slurm/cgroup.conf"


def some_variables(random: Random) -> dict[str, Any]:
    """One variable of a role, at times keys of slurm.conf."""
    if random.random() < 0.3:
        return {random.choice(("slurmctld_config", "slurmctld_cgroup_config")): some_settings(random)}
    name = random.choice(list(SITE["variables"]))
    return {name: random.choice(SITE["variables"][name])}


def _guarded(cluster: Cluster) -> dict[str, str]:
    lab = cluster.lab
    found = {blade: lab.inside(blade, ACCOUNTS) for blade in (lab.controller, *cluster.targets)}
    return {**found, "cluster": lab.ask(f"{DAEMONS}; true")}


def _try(cluster: Cluster, variables: dict[str, Any], tally: Tally, evidence: dict[str, str]) -> None:
    lab = cluster.lab
    guarded, files = _guarded(cluster), lab.ask(FILES)
    folder = lab.folder / "group_vars"
    folder.mkdir(exist_ok=True)
    (folder / "all.yml").write_text(yaml.safe_dump(variables, allow_unicode=True))
    try:
        for words in (("--check",), ()):
            said = lab.slurm(cluster.targets, *words)
            evidence[f"run {' '.join(words)}".strip()] = shortly(said)
            check_said(said, (0, 1, 2, 3))
            if said.code and "next" not in said.text:
                raise Broken("a refusal without a next step", {})
            if said.code == ExitCode.USAGE:
                _check_refused(lab, said, files)
            if words and lab.ask(FILES) != files:
                raise Broken("--check changes what is live", {})
        tally["taken" if said.code == 0 else "refused in a sentence"] += 1
        if (now := _guarded(cluster)) != guarded:
            raise Broken("something became live that nobody meant", {"before": str(guarded), "after": str(now)})
        check_mark(cluster)
    finally:
        shutil.rmtree(folder)
    first, second = cluster.converges()
    evidence |= {"run without it": shortly(first), "the one after it": shortly(second)}
    if first.code != 0 or second.code != 0 or second.json["changed"] != 0 or lab.ask(FILES) != files:
        raise Broken("one run without the setting does not make it as it was", {})
    tally["taken back in one run"] += 1


def _check_refused(lab: Lab, said: Said, files: str) -> None:
    """A refusal names file, line and column, and comes before a blade is asked anything.

    Raises:
        Broken: it does not.
    """
    check_problems(said.json["problems"], lab.group_vars / "all.yml")
    if "blades" in said.json or lab.ask(FILES) != files:
        raise Broken("what is refused touches blades", {})


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    cluster = place.cluster()

    def run(case: Case, tally: Tally) -> None:
        variables = some_variables(case.random())
        evidence = {"settings": repr(variables)}
        tally["tried"] += 1
        try:
            _try(cluster, variables, tally, evidence)
            if lost := cluster.lost_job():
                tally["jobs lost"] += 1
                raise Broken("the job is lost", {"job": lost})
        except Broken as broken:
            tally["tracebacks"] += broken.sentence == "a traceback"
            found = {**evidence, **broken.evidence, **cluster.evidence()}
            cluster.recover()
            raise Broken(broken.sentence, found) from None

    yield run


FIGURES = ("tried", "taken", "refused in a sentence", "taken back in one run", "jobs lost", "tracebacks")
LIVE = Part("live", FIGURES, 2, _open, on_blades=True)
