"""What jobs of ours on free nodes show: that they run there, and what they find."""

from __future__ import annotations

import re

from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_drains import by_itself
from ansible.module_utils.slurm_jobs import answers, answers_one_by_one, cancel_own, others_wait, ours_gone
from ansible.module_utils.slurm_judged import BUSY, PLANNED
from ansible.module_utils.slurm_munge import credential_problem
from ansible.module_utils.slurm_nodes import ANSWER, show_nodes, together
from ansible.module_utils.slurm_reach import CONTROLLER, blamed, environment, unreached

# Seconds for one job over all nodes, with more for many of them (a thousand need 48 s), and for one on each.
TOGETHER, ALONE = 10, 15
# Seconds for a job of ours to leave its nodes once it is cancelled.
LEAVES = 5
# Seconds that backfill rests between two looks at the queue, where the site says nothing else, and that it looks.
RESTS, LOOKS = 30, 5
_RESTS = re.compile(r"^SchedulerParameters\s*=.*\bbf_interval=(\d{1,4})\b", re.MULTILINE)
# What srun says where Slurm had no place for the job.
NO_PLACE = "Requested nodes are busy"
SCRATCH = {
    "unmounted": "its scratch is not mounted",
    "forbidden": "its scratch does not let everybody write (wanted is mode 1777)",
    "read-only": "its scratch is read-only",
}


def proved(free, scratch, comment, deadline, places=(), servers=(), reservation=""):
    """What jobs on free nodes show to be wrong by node, the nodes whose scratch is full, those that were free no more,
    and how many nodes one job spanned.

    0 stands for a job on each. A firewall may be the fault of a node that got no job.

    Args:
        places, servers: whom each of them tries to reach, see `slurm_reach.environment`.
        reservation: where the jobs run, '' for none.
    """
    if not free:
        return {}, set(), set(), 0
    reach = environment(places, servers)
    found, words = answers(free, scratch, comment, deadline.left(TOGETHER + len(free) / 20), reach, reservation)
    answered, width = {name: (found.get(name), words) for name in free}, len(free)
    missing = [name for name in free if name not in found]
    patience = _next_look() if missing else 0
    if missing and (patience or len(free) > 1):
        # One bad node keeps the whole job from starting: ask each by itself to name it, but for those that
        # hold on to it.
        width = 0
        cancel_own(comment)
        held = ours_gone(deadline.left(LEAVES), missing)
        again = [name for name in missing if name not in held]
        seconds = deadline.left(max(ALONE, patience))
        answered.update(answers_one_by_one(again, scratch, comment, seconds, reach, reservation))
    problems = together(lambda name: job_problems(*answered[name], name in scratch), free)
    nodes = show_nodes() if any(problems.values()) else {}
    unplaced = [name for name, (answer, words) in answered.items() if answer is None and NO_PLACE in words]
    kept = _kept(nodes, unplaced)
    problems = {name: problems[name] and (_drained(nodes, name) or problems[name]) for name in free if name not in kept}
    waited = kept or (patience and NO_PLACE in words)
    if missing and not waited and not any(problems.values()):
        problems[free[0]] = [f"one job over all nodes does not run: {words}"]
    names = [CONTROLLER, *(place.partition(":")[0] for place in places)]
    whom = {name: unreached(answer["reach"], names) for name, (answer, _) in answered.items() if answer is not None}
    for name, problem in blamed(whom).items():
        problems[name] = [*problems.get(name, []), problem]
    full = {name for name, (answer, _) in answered.items() if answer is not None and answer["scratch"] == "full"}
    return problems, full, kept, width


def _next_look():
    """Seconds until backfill has looked at the queue once more; 0 where nobody waits.

    On a node that a job of higher priority waits for nothing else starts a job, and until then it is called free.
    """
    if not others_wait():
        return 0
    rests = _RESTS.search(run("scontrol", "show", "config", limit=ANSWER)[1])
    return (int(rests[1]) if rests else RESTS) + LOOKS


def _kept(nodes, names):
    """Those of the nodes that jobs of others have by now, or are to have next."""
    return {name for name in names if name in nodes and nodes[name]["states"] & (BUSY | PLANNED)}


def _drained(nodes, name):
    """What a node says that the prolog of our job drained: nobody had looked at it since it is not in order."""
    words = by_itself(nodes[name]) if name in nodes else ""
    return [words] if words else []


def job_problems(answer, words, has_scratch):
    """What a job on the node showed to be wrong."""
    if answer is None:
        return [f"a job does not run on it: {(words.splitlines() or ['srun says nothing'])[-1]}"]
    incoming = int(answer["incoming"]) if answer["incoming"].isdigit() else 1
    own = run("unmunge", text=answer["credential"], limit=5)[0]
    problems = [
        credential_problem(incoming, "it does not accept the controller's"),
        credential_problem(own, "the controller does not accept its"),
    ]
    if has_scratch and answer["scratch"] not in ("ok", "full"):
        problems.append(SCRATCH.get(answer["scratch"], "a job cannot write to its scratch"))
    return [problem for problem in problems if problem]
