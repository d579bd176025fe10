"""Nodes that take jobs only once they are proved: those whose installation is new, and those of a rolling run.

A drained node runs no job at all, so they are proved in a reservation: reserved, no longer drained, proved, and only
then free for everybody. Wherever that ends, what is not proved is drained or reserved.
"""

from __future__ import annotations

import re

from ansible.module_utils.drain_owner import NEW, admit, hold, is_rolling, is_unproved, refuse
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_jobs import ACCOUNTS, at_work, cancel_own, process
from ansible.module_utils.slurm_judged import TAKEN, judged
from ansible.module_utils.slurm_nodes import (
    ANSWER,
    Deadline,
    order,
    order_updates,
    show_nodes,
    silent,
    trouble,
    wait_for,
)
from ansible.module_utils.slurm_proof import proved
from ansible.module_utils.slurm_reach import controllers, places

_OURS = re.compile(r"^ReservationName=(provision-proof-(\d+-\d+)) .* Nodes=(\S+) ", re.MULTILINE)
# Of a slurmctld that wants associations, accounts without one may have no reservation.
_WHO = (",".join(ACCOUNTS), "root")


def close():
    """Drains what a verification that was killed left in a reservation of ours, and removes that."""
    code, out, _ = run("scontrol", "--oneliner", "show", "reservation", limit=ANSWER)
    left = [found for found in _OURS.findall(out) if not at_work(found[1].replace("-", ":"))] if code == 0 else []
    for name, _, hosts in left:
        names = run("scontrol", "show", "hostnames", hosts, limit=ANSWER)[1].split()
        nodes = show_nodes()
        order_updates({each: hold(nodes.get(each)) for each in names})
        order("delete", f"reservationname={name}")


def keep_out(problems):
    """Drains nodes with problems that nobody has drained, until a verification has proved them.

    Raises:
        RuntimeError: slurmctld does not answer any more.
    """
    nodes = show_nodes()
    order_updates({name: hold(nodes.get(name), _first(problems, name)) for name in problems})


def waiting(names, nodes, rolled):
    """Those of the nodes that are to be proved before they take jobs.

    Args:
        nodes: as `show_nodes` has them.
        rolled: those that a rolling run gives back.
    """
    return [
        name
        for name in names
        if name in nodes and (is_unproved(nodes[name]) or (name in rolled and is_rolling(nodes[name])))
    ]


def proved_apart(held, wanted, comment, version):
    """Proves drained nodes apart, and lets those take jobs that pass; what is wrong with each of the others.

    Args:
        held: name -> drained node, as `show_nodes` has it.
        wanted: parameters of slurm_verify.
        comment: of our jobs.
        version: that of the controller.

    Raises:
        RuntimeError: slurmctld does not answer any more.
    """
    deaf = silent(list(held), held)
    as_free = {name: {**node, "states": node["states"] - {"DRAIN"}} for name, node in held.items()}
    seen = {"version": version, "deaf": deaf, "ours": set(), "prove": set()}
    unfit = {name: judged(name, node, wanted, seen)[0] for name, node in as_free.items()}
    fit = {name: node for name, node in held.items() if not unfit[name]}

    def prove(reservation):
        deadline, others, servers = Deadline(wanted["timeout"]), places(fit), controllers(wanted["servers"])
        # A node that is no longer drained has to answer slurmctld anew before it gets jobs: by its next ping, a second
        # later or some more. 22.05 does not look then at a job that waits for it.
        nodes = wait_for(list(fit), deadline)
        mute = {name: [words] for name in fit if (words := trouble(nodes.get(name)))}
        names = [name for name in fit if name not in mute]
        problems, _, kept, _ = proved(names, wanted["scratch"], comment, deadline, others, servers, reservation)
        cancel_own(comment)
        return {**problems, **{name: [TAKEN] for name in kept}, **mute}

    refused = admitted(fit, prove) if fit else {}
    return {**{name: problems for name, problems in unfit.items() if problems}, **refused}


def admitted(nodes, prove):
    """Lets those of the nodes take jobs that are proved; returns what is wrong with each of the others.

    Args:
        nodes: name -> drained node, as `show_nodes` has it.
        prove: what is wrong with nodes, a list by name, of the name of the reservation that they are in.

    Raises:
        RuntimeError: slurmctld does not answer any more.
    """
    reservation = f"provision-proof-{process().replace(':', '-')}"
    try:
        _reserve(reservation, nodes)
    except RuntimeError as error:
        words = (str(error).splitlines() or ["it says nothing"])[-1]
        return {name: [f"Slurm reserves it for no proof, so it stays out of work: {words}"] for name in nodes}
    passed, problems = set(), {}
    try:
        order_updates({name: admit(node) for name, node in nodes.items()})
        problems = prove(reservation)
        passed = {name for name in nodes if not problems.get(name)}
    finally:
        order_updates(
            {name: [refuse(node, _first(problems, name))] for name, node in nodes.items() if name not in passed}
        )
        order("delete", f"reservationname={reservation}")
    return {name: problems[name] for name in nodes if name not in passed}


def _first(problems, name):
    return (problems.get(name) or [NEW])[0]


def _reserve(reservation, nodes):
    for who in _WHO:
        words = [f"reservationname={reservation}", "starttime=now", "duration=UNLIMITED", f"users={who}"]
        try:
            order("create", "reservation", *words, "flags=maint,ignore_jobs", f"nodes={','.join(nodes)}")
            return
        except RuntimeError:
            if who == _WHO[-1]:
                raise
