"""What a user does with Slurm, each as a check: it says what it saw, or raises why that is not as it should be."""

from __future__ import annotations

import time

from ansible.module_utils.deep_jobs import Failed, NotTried
from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_jobs import NAME
from ansible.module_utils.slurm_nodes import POLL_SECONDS, Deadline

# Seconds until the database knows of the end of a job, which slurmctld sends it at once unless there are many.
WRITTEN = 30
# Submits a script that it writes first. Whoever asked may be killed meanwhile: the shell goes on, and takes it away.
NO_SCRIPT = 73
SUBMIT = f"""
umask 077
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
folder=$(mktemp -d /tmp/{NAME}.XXXXXXXXXX) && cat > "$folder/job.sh" || exit {NO_SCRIPT}
"$@" "$folder/job.sh"
"""
# Its options stand in the script alone. It looks for its own output where Slurm was to write it, and takes that away
# first: a script that is cancelled ends at once. The folder is one that everybody may write to, on both releases, and
# that is not each job's own.
SCRIPT = f"""#!/bin/sh
#SBATCH --job-name={NAME}
#SBATCH --nodes=1
#SBATCH --time=2
#SBATCH --mem=64M
#SBATCH --output=/run/lock/{NAME}-%j.out
out=$(readlink "/proc/$$/fd/1")
rm -f "$out"
[ "$SLURM_JOB_NAME" = {NAME} ] || exit 3
[ "$SLURM_JOB_NUM_NODES" = 1 ] || exit 4
echo "written by job $SLURM_JOB_ID"
[ "$out" = "/run/lock/{NAME}-$SLURM_JOB_ID.out" ] || exit 5
grep -q "written by job $SLURM_JOB_ID" "/proc/$$/fd/1" || exit 5
"""
_SAID = {3: "it has another name than --job-name gave it", 4: "it has other nodes than --nodes gave it",
         5: "its output is not in the file that --output named"}  # fmt: skip
# Each task has its own number, and knows how many there are.
TASK = 'case "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" in [123]/3) ;; *) exit 3 ;; esac'
# An srun inside of a job: the first node starts tasks on all others. The exit code tells how many answered.
ACROSS = """
n=$(srun --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 --mpi=none --mem=32M \
  sh -c 'echo "$SLURMD_NODENAME $(id -u)"' | sort -u | grep -c " $(id -u)\\$")
[ "$n" = "$SLURM_JOB_NUM_NODES" ] || exit $((100 + (n < 99 ? n : 99)))
"""


def nodes_shown(asker):
    """`sinfo` shows a user the nodes."""
    code, out, err = asker.call("sinfo", "--noheader", "--Node", "--format=%N")
    seen = set(out.split())
    if code != 0:
        raise Failed("sinfo fails", err or out)
    if missing := sorted({*asker.free, *asker.busy} - seen):
        raise Failed(f"sinfo does not show {', '.join(missing[:8])}", out)
    return f"{len(seen)} nodes" if len(seen) != 1 else "1 node"


def script(asker):
    """`sbatch` takes a script, and Slurm goes by the options in it."""
    where = [f"--comment={asker.comment}", f"--partition={asker.partition}", f"--nodelist={asker.node}"]
    sbatch = ["sbatch", "--parsable", "--no-requeue", "--chdir=/", *where]
    code, out, err = asker.call("sh", "-c", SUBMIT, "sh", *sbatch, text=SCRIPT)
    if code == NO_SCRIPT:
        raise Failed(f"{asker.account} cannot write a script into /tmp", err or out, "no script")
    number = asker.taken(code, out, err)
    code = asker.code(number)
    if code != 0:
        said = _SAID.get(code, f"its script ended with {code}")
        raise Failed(f"job {number}: {said}", asker.shown(number))
    asker.ended[number] = "COMPLETED"
    return f"job {number} ran on {asker.node} with its name, nodes and output"


def sweep(account):
    """Removes scripts that a power cut left behind half an hour ago; as that account, which wrote them."""
    old = ["-maxdepth", "1", "-type", "d", "-name", "provision-verify.??????????", "-user", account, "-mmin", "+30"]
    run("find", "/tmp", *old, "-exec", "rm", "-rf", "{}", "+", account=account)


def queue_shown(asker):
    """`squeue` shows a job as it was asked for."""
    number = _sleeping(asker)
    code, out, err = asker.call("squeue", "--noheader", f"--jobs={number}", "--format=%i|%j|%u|%D|%l|%T")
    wanted = f"{number}|{NAME}|{asker.account}|1|2:00|RUNNING"
    if code != 0 or out.strip() != wanted:
        raise Failed(f"squeue does not show the job as {wanted}", err or out or "it says nothing")
    run("scancel", number)
    return f"job {number}: its name, user, nodes, time limit and state"


def cancelled(asker):
    """`scancel` ends a job that runs."""
    number = _sleeping(asker)
    code, out, err = asker.call("scancel", number)
    if code != 0:
        raise Failed("scancel fails", err or out)
    rows = asker.finished(number)
    if rows[0]["state"] != "CANCELLED":
        raise Failed(f"job {number} became {rows[0]['state']}", asker.shown(number))
    return f"job {number} was ended"


def _sleeping(asker):
    number = asker.submit("exec sleep 100")
    asker.watch(number, lambda row: row["state"] == "RUNNING")
    return number


def array(asker):
    """The tasks of an array run, each with its own number."""
    number = asker.submit(TASK, "--array=1-3")
    rows = asker.completed(number, count=3)
    if sorted(row["task"] for row in rows) != ["1", "2", "3"]:
        raise Failed(f"array {number} has other tasks than 1, 2 and 3", asker.shown(number))
    return f"tasks {number}_1 to {number}_3"


def chain(asker):
    """A job starts after the one that it depends on, and not before."""
    first = asker.submit("sleep 1", "--hold")
    second = asker.submit("true", f"--dependency=afterok:{first}")
    third = asker.submit("true", f"--dependency=afterok:{second}")
    for number in (second, third):
        _waits_for_another(asker, number)
    code, out, err = asker.call("scontrol", "release", first)
    if code != 0:
        raise Failed(f"scontrol release does not let job {first} go", err or out)
    rows = [asker.completed(number)[0] for number in (first, second, third)]
    if any(later["start"] < earlier["end"] for earlier, later in zip(rows, rows[1:])):
        raise Failed("a job began before the one ended that it depends on", asker.shown(second))
    return f"jobs {first}, {second} and {third}, one after the other"


def _waits_for_another(asker, number):
    deadline = Deadline(asker.patience)
    while True:
        (row,) = asker.rows(number) or [{"state": "nothing", "reason": ""}]
        if row["state"] == "PENDING" and row["reason"] == "Dependency":
            return
        if row["state"] != "PENDING" or deadline.over():
            raise Failed(f"job {number} does not wait for the one that it depends on", asker.shown(number))
        time.sleep(POLL_SECONDS)


def across(asker):
    """A job over all nodes, whose first node starts tasks on all others."""
    if asker.busy:
        raise NotTried(f"nodes are busy: {', '.join(sorted(asker.busy)[:8])}")
    count = len(asker.free)
    number = asker.submit(ACROSS, "--ntasks-per-node=1", nodes=asker.free)
    code = asker.code(number)
    if code > 100:
        raise Failed(f"srun in job {number} got an answer from {code - 101 + 1} of {count} nodes", asker.shown(number))
    if code != 0:
        raise Failed(f"srun in job {number} got no answer: exit code {code}", asker.shown(number))
    return f"all {count} nodes, with one user id" if count > 1 else "its only node"


def recorded(asker):
    """`sacct` knows what became of the jobs."""
    if not asker.config.get("AccountingStorageType"):
        raise NotTried("the cluster has no accounting")
    if not asker.ended:
        raise NotTried("no job of before ended")
    numbers, deadline = sorted(asker.ended, key=int), Deadline(WRITTEN)
    words = ["--noheader", "--parsable2", "--allocations", "--format=JobID,State", f"--jobs={','.join(numbers)}"]
    while True:
        code, out, err = asker.call("sacct", *words)
        rows = (line.partition("|") for line in out.splitlines())
        # `CANCELLED by 65534`, and an array has a row for each task.
        found = {number.partition("_")[0]: (state.split() or [""])[0] for number, _, state in rows}
        if code == 0 and found == asker.ended:
            return ", ".join(f"{number} {state}" for number, state in found.items())
        if deadline.over() or code != 0:
            break
        time.sleep(POLL_SECONDS)
    if code != 0:
        raise Failed("sacct fails", err or out)
    wrong = [number for number in numbers if found.get(number) != asker.ended[number]]
    missed = ", ".join(f"{number} {asker.ended[number]}" for number in wrong)
    raise Failed(f"sacct does not know what became of jobs: {missed}", out)
