"""Limits that hold: a job has no more memory and cores than it asked for, and what MPI needs to lock memory."""

from __future__ import annotations

from ansible.module_utils.deep_jobs import Failed, NotTried

# MiB that the job asks for, and that it takes: more than twice as much, as with cgroup v2 Slurm 22.05 lets a job have
# as much swap as memory. Not much more: where the limit does not hold, nobody else on the node shall suffer.
ASKED, TAKEN = 48, 160
GREEDY = f"head -c {TAKEN}M /dev/zero | tail -c {TAKEN}M > /dev/null"
# Tries to get at all of the node's CPUs. The exit code tells how many it got.
WIDE = """
all=$(nproc --all)
[ "$SLURM_CPUS_ON_NODE" -lt "$all" ] || exit 42
taskset -pc "0-$((all - 1))" $$ > /dev/null 2>&1
n=$(nproc)
[ "$n" -le "$SLURM_CPUS_ON_NODE" ] || exit $((100 + (n < 99 ? n : 99)))
"""
ALL_OF_IT = 42
# What locked memory the submitting shell may have (bytes); a job that gets no more has it from there.
LITTLE = 65536
LOCKED = f"""
soft=$(prlimit --memlock --output=SOFT --noheadings --pid $$ | tr -d ' ')
hard=$(prlimit --memlock --output=HARD --noheadings --pid $$ | tr -d ' ')
[ "$soft" != unlimited ] || exit 0
[ "$soft" != {LITTLE} ] || exit 44
[ -e /run/systemd/container ] && [ "$soft" = "$hard" ] && exit 43
exit 45
"""


def memory(asker):
    """A job that takes more memory than it asked for is ended."""
    number = asker.submit(GREEDY, f"--mem={ASKED}M")
    state = asker.finished(number)[0]["state"]
    if state == "COMPLETED":
        raise Failed(f"a job that asked for {ASKED} MiB took {TAKEN} and was not ended", asker.shown(number))
    if state != "OUT_OF_MEMORY":
        raise Failed(f"a job that took too much memory became {state}, not OUT_OF_MEMORY", asker.shown(number))
    return f"job {number} asked for {ASKED} MiB, took {TAKEN} and became OUT_OF_MEMORY"


def cores(asker):
    """More cores than asked for cannot be used."""
    number = asker.submit(WIDE, "--ntasks=1", "--cpus-per-task=1")
    code = asker.code(number)
    if code == ALL_OF_IT:
        raise NotTried(f"a job gets all cores of {asker.node}")
    if code > 100:
        raise Failed(f"a job that asked for one core can use {code - 100} CPUs", asker.shown(number))
    if code != 0:
        raise Failed(f"job {number} ended with {code}", asker.shown(number))
    return f"job {number} got the CPUs of one core, and no other when it tried"


def locked(asker):
    """A job may lock as much memory as its MPI needs, whatever the shell may that submits it."""
    number = asker.submit(LOCKED, before=["prlimit", f"--memlock={LITTLE}:"])
    code = asker.code(number)
    if code == 43:
        return "as much as the container that the node is may have"
    if code == 44:
        raise Failed("`ulimit -l` in a job is that of the shell that submitted it", asker.shown(number))
    if code == 45 and asker.memlock != "infinity":
        return f"as the site says: {asker.memlock}"
    if code != 0:
        raise Failed("`ulimit -l` in a job is not unlimited", asker.shown(number), "slurmd locks")
    return "unlimited"
