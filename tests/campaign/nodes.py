"""Hostile nodes and users: the others converge, slurm.conf keeps what it says of them, nothing runs that they say."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.campaign.case import Broken, Case, Part, Place, Run, Tally
from tests.campaign.cluster import USER, Cluster, shortly
from tests.campaign.mutated_answer import expanded
from tests.cluster.hostile_answers import MUTATIONS
from tests.cluster.labs import Said
from tests.cluster.taken_over import mutate, taken_over

HERE = Path(__file__).parent
WORDS: dict[str, list[Any]] = yaml.safe_load((HERE / "cases" / "nodes.yml").read_text())
# What the payloads of the lists would make, here or on a blade.
MARK = "/run/campaign-was-here"


def without(text: str, node: str) -> list[str]:
    """slurm.conf without what it may say anew about this node: its own line, and the memory that all nodes have."""
    rows = [row for row in text.splitlines() if not re.match(rf"NodeName={node}\s", row)]
    return [re.sub(r"DefMemPerCPU=\d+", "", row) for row in rows]


def _conf(cluster: Cluster) -> str:
    return cluster.lab.ask("cat /etc/slurm/slurm.conf")


def check_said(said: Said, codes: tuple[int, ...]) -> None:
    """A run or a question ends with one of these codes, in sentences.

    Raises:
        Broken: it does not.
    """
    if "Traceback" in said.text:
        raise Broken("a traceback", {"said": said.text})
    if said.code not in codes:
        raise Broken(f"it ends with {said.code}", {"said": said.text})
    odd = {character for character in said.text if not character.isprintable() and character not in "\n\t"}
    if odd:
        raise Broken("it prints what moves a cursor", {"odd": repr(sorted(odd)), "said": repr(said.text)})


def check_mark(cluster: Cluster) -> None:
    """Nothing that was said was run.

    Raises:
        Broken: it was.
    """
    places = {blade: cluster.lab.inside(blade, f"ls {MARK} 2>/dev/null || true") for blade in
              (cluster.lab.controller, *cluster.targets, cluster.keeper)}  # fmt: skip
    places["this machine"] = MARK if Path(MARK).exists() else ""
    if ran := [place for place, found in places.items() if found]:
        Path(MARK).unlink(missing_ok=True)
        raise Broken(f"what a node or a user said was run on {', '.join(ran)}", {})


def _answer(cluster: Cluster, random: Random, seed: str, evidence: dict[str, str]) -> None:
    """A run over an honest member and one whose modules answer something else."""
    hostile = cluster.targets[0]
    if random.random() < 0.3:
        name = random.choice(list(MUTATIONS))
        evidence["answer"], code = name, MUTATIONS[name].code
    else:
        evidence["answer"] = f"mutated with {seed}"
        values = json.dumps(WORDS["values"])
        code = (HERE / "mutated_answer.py").read_text()
        code += f"\nraw = mutated(data, {seed!r}, json.loads({values!r}))\n"
    before = _conf(cluster)
    with taken_over(cluster.lab, hostile):
        mutate(cluster.lab, hostile, code)
        said = cluster.lab.slurm([*cluster.targets, cluster.keeper])
    after = _conf(cluster)
    evidence["said"] = shortly(said)
    check_said(said, (0, 3))
    others = {name: blade["status"] for name, blade in said.json["blades"].items() if name != hostile}
    if set(others.values()) != {"ok"}:
        raise Broken("a hostile node stops or changes others", {"others": str(others)})
    if without(before, hostile.lower()) != without(after, hostile.lower()):
        raise Broken("a hostile node changes what slurm.conf says of others", {"before": before, "after": after})
    if "evil" in after:
        raise Broken("a hostile node names another one in slurm.conf", {"after": after})


def _honest(cluster: Cluster, evidence: dict[str, str]) -> None:
    """The node is honest again, and one run makes it what it was; it may have claimed more than it has."""
    accept = f"--accept-hardware={','.join(cluster.targets)}"
    said, again = cluster.converges(accept)
    if said.code != 0:
        evidence |= {"the honest run": shortly(said), "the one after it": shortly(again)}
        raise Broken("the run after it, over honest nodes, does not converge", {})


def _name(cluster: Cluster, random: Random, evidence: dict[str, str]) -> None:
    """A job of an ordinary user and a drain of an admin with odd names; status and runs take them as they are."""
    lab, blade = cluster.lab, cluster.targets[0]
    name, reason = (str(expanded(random.choice(WORDS["names"]))) for _ in range(2))
    evidence |= {"job": repr(name[:200]), "reason": repr(reason[:200])}
    submit = f"cd /tmp && runuser -u {USER} -- sbatch --mem=16 --output=/dev/null --nodelist={cluster.keeper.lower()}"
    lab.ask(f"{submit} --comment={shlex.quote(name)} --job-name={shlex.quote(name)} --wrap 'sleep 600' 2>&1 || true")
    drain = f"scontrol update nodename={blade.lower()} state=drain reason={shlex.quote(reason)}"
    lab.ask(f"{drain} 2>&1 || true")
    drained = "DRAIN" in lab.ask(f"scontrol show node {blade.lower()} | grep State=")
    try:
        shown, listed, ran = lab.provision("status"), lab.provision("status", "--json"), lab.slurm(cluster.targets)
        evidence |= {"status": shown.text, "status --json": listed.text, "run": ran.text}
        for said in (shown, listed, ran):
            check_said(said, (0, 3))
        known = sorted(node["blade"] for node in listed.json["nodes"])
        if known != sorted([*cluster.targets, cluster.keeper]):
            raise Broken("status knows other nodes than there are", {"nodes": str(known)})
        rows = {node["blade"]: node for node in listed.json["nodes"]}
        if drained != ("drain" in str(rows[blade].get("state", "")).lower()):
            raise Broken("status tells another state than there is", {"rows": str(rows)})
        is_ours = reason.lstrip().startswith("provision:")
        state = lab.states().get(blade, "")
        if drained and not is_ours and "drain" not in state:
            raise Broken("an admin's drain was cleared", {"state": state})
    finally:
        lab.ask(f"scancel --state=PENDING --user={USER}; squeue --noheader --format=%A --user={USER} | "
                f"grep -vx {cluster.job.number if cluster.job else 0} | xargs -r scancel; "
                f"scontrol update nodename={blade.lower()} state=resume 2>/dev/null || true")  # fmt: skip


@contextmanager
def _open(place: Place) -> Iterator[Run]:
    cluster = place.cluster()

    def run(case: Case, tally: Tally) -> None:
        random = case.random()
        evidence: dict[str, str] = {}
        tally["tried"] += 1
        try:
            if random.random() < 0.7:
                tally["answers of a node"] += 1
                _answer(cluster, random, f"{case.seed}:{case}", evidence)
                check_mark(cluster)
                _honest(cluster, evidence)
            else:
                tally["names of users"] += 1
                _name(cluster, random, evidence)
                check_mark(cluster)
            if lost := cluster.lost_job():
                tally["jobs lost"] += 1
                raise Broken("the job is lost", {"job": lost})
            tally["held"] += 1
        except Broken as broken:
            tally["tracebacks"] += broken.sentence == "a traceback"
            sentence, evidence = broken.sentence, {**evidence, **broken.evidence, **cluster.evidence()}
            cluster.recover()
            raise Broken(sentence, evidence) from None

    yield run


FIGURES = ("tried", "answers of a node", "names of users", "held", "jobs lost", "tracebacks")
NODES = Part("nodes", FIGURES, 3, _open, on_blades=True)
