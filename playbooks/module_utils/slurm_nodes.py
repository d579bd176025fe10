"""The nodes of a Slurm cluster as its controller has them, and what is wrong with them."""

from __future__ import annotations

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils.slurm_commands import run

HEALTHY = {"IDLE", "ALLOCATED", "MIXED", "COMPLETING"}
# Of a node that is in any reservation.
RESERVED = {"RESERVED", "MAINTENANCE"}
# Seconds that nodes get to become better: a slurmd that was just started, a slurmctld that asks all of them anew.
PATIENCE = 15
# Seconds between two questions to Slurm while something is waited for, always with a deadline.
POLL_SECONDS = 0.3
# Seconds until slurmctld asks a node again that it got no answer from: a third of SlurmdTimeout (300 s), and some.
# Measured on 22.05: 76 s after a blade that had been frozen came back; neither state=resume nor state=idle hastens it.
NEXT_PING = 110
# Seconds for one answer of slurmctld.
ANSWER = 10
# Seconds for a slurmd to end a connection that has nothing to say; it takes milliseconds.
MUTE_SECONDS = 5
DEAF = "its slurmd does not answer on its port"
MUTE = "its slurmd hangs: it takes a connection and says nothing"
# Nodes that are asked at the same time.
MOST_AT_ONCE = 32
# `Reason=words [author@time]` ends a row; words are a person's and may look like anything.
_REASON = re.compile(r" Reason=(.*?)(?: \[([^\]@\s]*)@([\dT:-]+)\])?(?= (?:Comment|Extra)=|$)")
_TEXTS = re.compile(r" (?:Reason|Comment|Extra)=")


class Deadline:
    """The one moment at which verification ends, for all nodes together."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self, most):
        """Seconds that a step may take which would like to have `most`."""
        return max(1.0, min(most, self.end - time.monotonic()))

    def over(self):
        """Whether no time is left."""
        return time.monotonic() >= self.end


def order(*words):
    """Gives slurmctld an order.

    Raises:
        RuntimeError: it does not answer, or refuses; with scontrol's words.
    """
    code, out, err = run("scontrol", *words, limit=ANSWER)
    if code != 0:
        raise RuntimeError((err or out).strip() or f"scontrol ended with {code}")


def order_updates(updates):
    """Tells slurmctld of each node what is to be updated, one after the other; equal ones of many nodes at once.

    Args:
        updates: name -> updates, each a list of words.

    Raises:
        RuntimeError: it does not answer, or refuses.
    """
    due: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for name, each in updates.items():
        due.setdefault(tuple(map(tuple, each)), []).append(name)
    # A thousand nodes are told in one command, not in a thousand.
    for each, names in due.items():
        for update in each:
            order("update", f"nodename={','.join(names)}", *update)


def show_nodes(limit=ANSWER):
    """The nodes by name, as slurmctld has them, see `parse_nodes`.

    Raises:
        RuntimeError: slurmctld does not answer; with scontrol's words.
    """
    text = _scontrol(limit, "nodes")
    nodes, doubtful = parse_nodes(text)
    for name in doubtful:
        # A reason with a line break in it can look like a node's row: asked alone, the first row is the node's own.
        own, _ = parse_nodes(_scontrol(limit, "node", name).split("\n", 1)[0])
        nodes[name] = own.get(name, nodes[name])
    return nodes


def _scontrol(limit, *what):
    code, out, err = run("scontrol", "--oneliner", "show", *what, limit=limit)
    if code != 0:
        raise RuntimeError((err or out).strip())
    return out


def parse_nodes(text):
    """Rows of `scontrol --oneliner show nodes`, and the names that have more than one.

    Each is `{"address", "port", "states", "silent", "version", "reason", "by", "since", "partitions", "boot"}`; `by`
    and `since` tell who gave the reason, and when; `boot` is when its slurmd says that it booted. What a person or a
    node may have written is never read as another field.
    """
    found, doubtful = {}, set()
    for line in text.splitlines():
        if not line.startswith("NodeName="):
            continue
        # The name of the system is the node's own words; what slurmctld says stands on either side of it.
        head, _, tail = _TEXTS.split(line, maxsplit=1)[0].partition(" OS=")
        fields = dict(re.findall(r"\b(NodeName|NodeAddr|Port|Version)=(\S+)", head))
        state = _last("State", tail or head)
        words = re.sub(r"[*~#!%$@^-]+$", "", state).split("+")
        reason = _REASON.search(line)
        name = fields["NodeName"]
        if name in found:
            doubtful.add(name)
        found[name] = {
            "address": fields.get("NodeAddr", ""),
            "port": int(fields.get("Port", 6818)),
            "states": set(words),
            "silent": "*" in state or "NOT_RESPONDING" in words,
            "version": fields.get("Version", ""),
            "reason": reason[1].strip() if reason else "",
            "by": (reason[2] or "") if reason else "",
            "since": (reason[3] or "") if reason else "",
            "partitions": _last("Partitions", tail or head).split(","),
            "boot": _last("BootTime", tail or head),
        }
    return found, doubtful


def _last(field, text):
    """What slurmctld says stands behind the words of the node."""
    return (re.findall(rf" {field}=(\S+)", text) or [""])[-1]


def trouble(node):
    """What is wrong with the state of a node, '' for a node that is fine or drained by an admin."""
    if node is None:
        return "slurmctld does not know it"
    if node["silent"]:
        return "slurmctld gets no answer from its slurmd"
    bad = node["states"] - HEALTHY - RESERVED - {"DRAIN", "PLANNED"}
    if bad or "INVALID_REG" in node["states"]:
        because = f" ({node['reason']})" if node["reason"] else ""
        return f"its state is {'+'.join(sorted(node['states']))}{because}"
    return "" if node["version"] else "its slurmd has not registered"


def wait_for(names, deadline, patience=PATIENCE):
    """The nodes once none is in trouble, or as they are when none has become better for `patience` seconds.

    A node that slurmctld does not know will not come by itself. slurmctld itself may be starting, too.

    Raises:
        RuntimeError: slurmctld does not answer.
    """
    fewest, nodes, since = len(names) + 1, None, time.monotonic()
    while True:
        try:
            nodes = show_nodes(deadline.left(ANSWER))
            bad = [name for name in names if name in nodes and trouble(nodes[name])]
        except RuntimeError:
            if deadline.over() or time.monotonic() - since > patience:
                raise
            nodes, bad = None, names
        if nodes is not None and len(bad) < fewest:
            fewest, since = len(bad), time.monotonic()
        if nodes is not None and (not bad or deadline.over() or time.monotonic() - since > patience):
            return nodes
        time.sleep(POLL_SECONDS)


def back(names, nodes):
    """Those nodes that answer again, which slurmctld has not noticed yet."""
    quiet = [name for name in names if name in nodes and nodes[name]["silent"]]
    return sorted(set(quiet) - silent(quiet, nodes).keys() - gone(quiet, nodes).keys())


def silent(names, nodes):
    """What is wrong with nodes whose slurmd does not answer: `{name: sentence}`.

    slurmctld itself notices only after SlurmdTimeout, and a job sent there meanwhile would hang. The kernel takes
    connections for a slurmd that is stopped; one that works ends a connection that has nothing to say.
    """

    def silence(name):
        try:
            connection = socket.create_connection((nodes[name]["address"], nodes[name]["port"]), timeout=3)
        except OSError:
            return DEAF
        with connection:
            try:
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(MUTE_SECONDS)
                connection.recv(1)
            except TimeoutError:
                return MUTE
            except OSError:
                pass
        return ""

    return {name: words for name, words in together(silence, sorted(names)).items() if words}


def gone(names, nodes):
    """What is wrong with nodes that answer nobody: `{name: sentence}`; those whose sshd says something are left out.

    The kernel of a frozen machine still takes connections, so only words count as an answer. A port that refuses
    is an answer, too: sshd may listen on another one.
    """

    def silence(name):
        try:
            with socket.create_connection((nodes[name]["address"], 22), timeout=3) as connection:
                connection.settimeout(3)
                connection.recv(1)
                return ""
        except ConnectionRefusedError:
            return ""
        except OSError:
            return "it answers nobody: it is off, frozen or cut off from the controller"

    return {name: words for name, words in together(silence, sorted(names)).items() if words}


def together(question, names):
    """The answers by name, many asked at the same time."""
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        return dict(zip(names, pool.map(question, names)))
