"""Whom a node of the cluster reaches: it tries for itself, and a firewall between two nodes is named.

slurmctld sees its own connections only, and srun of a small job those of the controller: what drops packets between two
nodes shows first in a user's job.
"""

from __future__ import annotations

import re

from ansible.module_utils.slurm_commands import run

CONTROLLER, SRUN = "controller", "srun"
PORT = "on the port of slurmd"
# Seconds for all connections of a node together, which it opens at the same time.
LIMIT = 3
# A place is `name:address:port`. Each node tries the servers and at most 16 of the others, spread over all of them: a
# slurmd writes a line for each connection that says nothing. It says `?name` for what it tries and `name` for what it
# reached. Nothing listens where srun may listen next: there a refusal is an answer.
PROBE = r"""
set -f; export LC_ALL=C
peers=($PROVISION_PEERS); count=${#peers[@]}; me=0
for i in "${!peers[@]}"; do [[ ${peers[i]} != "$PROVISION_NAME:"* ]] || me=$i; done
far=$((count > 1 ? count - 1 : 0)); steps=$((far < 16 ? far : 16))
tried=($PROVISION_SERVERS)
for ((k = 0; k < steps; k++)); do tried+=("${peers[(me + 1 + k * far / steps) % count]}"); done
for place in "${tried[@]}"; do
  name=${place%%:*}; rest=${place#*:}
  echo "?$name"
  ( words=$( { exec 3<>"/dev/tcp/${rest%:*}/${rest##*:}"; } 2>&1 ) || [[ $name = srun && $words = *refused* ]] || exit
    echo "$name" ) &
done
wait
"""
_PLACE = re.compile(r"[A-Za-z0-9._-]{1,64}:[A-Za-z0-9.:_-]{1,255}:\d{1,5}")


def environment(nodes, servers, name=""):
    """What PROBE is given.

    Args:
        nodes: places of the other nodes, with or without that of the node itself.
        servers: places that every node tries.
        name: the node, where it is known beforehand.
    """
    peers, others = (" ".join(place for place in some if _PLACE.fullmatch(place)) for some in (nodes, servers))
    return {
        "PROVISION_PROBE": PROBE,
        "PROVISION_PEERS": peers,
        "PROVISION_SERVERS": others,
        **({"PROVISION_NAME": name} if name else {}),
    }


def places(nodes):
    """The places of nodes, as `show_nodes` has them."""
    return [f"{name}:{node['address']}:{node['port']}" for name, node in nodes.items()]


def controllers(servers):
    """The places of slurmctld in `address:port[,address:port]`."""
    return [f"{CONTROLLER}:{server.strip()}" for server in servers.split(",") if server.strip()]


def asked_here(given):
    """What PROBE says on this machine, with what `environment` gives it."""
    return run("timeout", str(LIMIT), "bash", "-c", PROBE, extra=given, limit=LIMIT + 2)[1]


def unreached(said, names):
    """Of the names those that a node tried and did not reach; it cannot bring up others."""
    words = set(re.split(r"[\s,]+", said))
    return [name for name in names if f"?{name}" in words and name not in words]


def blamed(found):
    """What is wrong with nodes, by name, so that as few as possible are blamed; the others are proved.

    What one node says of another that says nothing of the kind counts against itself only: it may be anybody's by now.

    Args:
        found: whom each node did not reach, by its name.
    """
    problems = {name: "it does not reach slurmctld" for name, others in found.items() if CONTROLLER in others}
    ways = {(name, other) for name, others in found.items() for other in others if other != CONTROLLER}
    ways = {way for way in ways if not problems.keys() & set(way)}
    while ways:
        partners: dict[str, set[str]] = {}
        for one, to in ways:
            partners.setdefault(one, set()).add(to)
            partners.setdefault(to, set()).add(one)
        worst = max(sorted(partners), key=lambda name: len(partners[name]))
        others = partners[worst]
        tellers = {one for one, to in ways if worst in (one, to)}
        if len(others) > 1:
            problems[worst] = _sentence(worst, others, tellers)
        else:
            first, second = sorted({worst, *others})
            problems.update(dict.fromkeys(tellers, _sentence(first, {second}, tellers)))
        ways = {way for way in ways if worst not in way}
    return problems


def _sentence(name, others, tellers):
    """Who does not reach whom between a node and others, as those tell who could not connect."""
    listed = ", ".join(sorted(others)[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
    if tellers == {name}:
        return f"{name} does not reach {listed} {PORT}"
    if name not in tellers:
        return f"{listed} {'do' if len(others) > 1 else 'does'} not reach {name} {PORT}"
    return f"{name} and {listed} do not reach each other {PORT}"
