"""Where the deep verification may work without being in anybody's way."""

from __future__ import annotations

import re
import time

from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_jobs import others_wait, our_jobs, ours_gone
from ansible.module_utils.slurm_judged import BUSY, FREE, PLANNED
from ansible.module_utils.slurm_nodes import ANSWER, POLL_SECONDS, show_nodes
from ansible.module_utils.slurm_table import table

# Seconds for the job of the verification before this one to leave its nodes.
LEAVES = 15
NONE = re.compile(r"\(null\)|[a-z_]+/none")
_FIELDS = (("NodeList", 255), ("PartitionName", 255), ("PriorityTier", 12), ("Available", 12))


def config():
    """What slurmctld says of its settings, by key; '' for none, which 22.05 and 24.11 write in several ways.

    Raises:
        RuntimeError: it does not answer.
    """
    code, out, err = run("scontrol", "show", "config", limit=ANSWER)
    if code != 0:
        raise RuntimeError((err or out).strip())
    pairs = (line.partition("=") for line in out.splitlines())
    return {key.strip(): "" if NONE.fullmatch(value.strip()) else value.strip() for key, _, value in pairs}


def free_and_busy(names):
    """Those of the nodes that nobody uses, and those that others use; what is drained or down is neither."""
    if our_jobs():
        ours_gone(LEAVES, names)
    end = time.monotonic() + LEAVES
    while True:
        nodes = show_nodes()
        states = {name: nodes[name]["states"] for name in names if name in nodes and not nodes[name]["silent"]}
        if time.monotonic() > end or not any("COMPLETING" in words for words in states.values()):
            break
        time.sleep(POLL_SECONDS)
    # A node that a job of before was planned for keeps the word until the next cycle of backfill.
    idle = FREE if others_wait() else FREE | PLANNED
    free = sorted(name for name, words in states.items() if words <= idle)
    busy = sorted(name for name, words in states.items() if words <= BUSY | FREE | PLANNED and not words <= idle)
    return free, busy


def partition_for(names):
    """The partition that has most of the nodes; of several the one that others give way to least, then `all`."""
    having: dict[str, set[str]] = {}
    tiers = {}
    for node, partition, tier, available in table("sinfo", _FIELDS, "--Node"):
        if node in names and available == "up":
            having.setdefault(partition, set()).add(node)
            tiers[partition] = int(tier) if tier.isdigit() else 0
    order = sorted(having, key=lambda name: (-len(having[name]), tiers[name], name != "all", name))
    return (order[0], having[order[0]]) if order else ("", set())
