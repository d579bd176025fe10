"""Our own jobs: the one that proves nodes, and what became of it.

A job is ours by all of: the name, the account, and a comment that names run and process. A user may take any name and
any comment, never the account; Slurm's own filters by account and name are given with every cancellation.
"""

from __future__ import annotations

import contextlib
import os
import re
import time

from ansible.module_utils.slurm_commands import run
from ansible.module_utils.slurm_nodes import ANSWER, POLL_SECONDS, together

NAME = "provision-verify"
# The unprivileged account that is on every Debian with the same number, and root where the site lets only accounts with
# an association run jobs.
ACCOUNT = "nobody"
ACCOUNTS = (ACCOUNT, "root")
# Of another account that a deep verification works as; root alone writes there.
NOTE = "/var/lib/provision/verified-as"
ON_NODES = "RUNNING,SUSPENDED,COMPLETING,CONFIGURING,STAGE_OUT,STOPPED"
NOT_ALLOWED = re.compile(
    r"Invalid account|Invalid qos|not permitted|Access/permission denied|AssocMgr|InvalidAccount"
    r"|Access denied to requested reservation"
)
_ACCOUNT = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")
_ROW = re.compile(r"(\d+) (\S*) (provision:verify:\S*:(\d+:\d+))\s*")

# Each node answers with two lines: whom it reaches; and its name, unmunge's exit code for the controller's credential,
# its scratch, its own credential. What is written into scratch has no name any more when it is written, so that nothing
# is left behind.
JOB = r"""
name=$SLURMD_NODENAME
printf %s "$PROVISION_CREDENTIAL" | timeout 5 unmunge >/dev/null 2>&1; incoming=$?
write() {
  folder=$(mktemp -d "$1/.provision-verify.XXXXXXXXXX") || return
  { rm -rf "$folder"; /bin/echo ok >&3; } 3<>"$folder/probe" || { rm -rf "$folder"; return 1; }
}
scratch=none
for pair in $PROVISION_SCRATCH; do
  [ "${pair%%:*}" = "$name" ] || continue
  if ! mountpoint -q "${pair#*:}"; then scratch=unmounted; continue; fi
  words=$(write "${pair#*:}" 2>&1) && { scratch=ok; continue; }
  case $words in
    *'No space left'*|*'quota exceeded'*) scratch=full ;;
    *'Permission denied'*) scratch=forbidden ;;
    *'Read-only'*) scratch=read-only ;;
    *) scratch=bad ;;
  esac
done
echo "REACH $name $(PROVISION_NAME=$name timeout 3 bash -c "$PROVISION_PROBE" 2>/dev/null | tr '\n' ,)"
echo "ANSWER $name $incoming $scratch $(timeout 5 munge -n)"
"""


def process():
    """`PID:START` of this process, which no other one ever has."""
    return f"{os.getpid()}:{_started(os.getpid())}"


def at_work(process):
    """Whether that process is still there."""
    pid, _, start = process.partition(":")
    return bool(start) and _started(pid) == start


def our_comment(run_id):
    """`provision:verify:RUN:PID:START`: a later run sees by the process whether this one is still at work."""
    return f"provision:verify:{re.sub(r'[^A-Za-z0-9_.+-]', '', run_id)[:64]}:{process()}"


def _started(pid):
    """When a process began, in ticks since boot; '' when there is none."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def accounts():
    """The accounts that jobs of ours may have: a deep verification that was killed may have left a third one."""
    try:
        with open(NOTE) as file:
            other = file.read(100).strip()
    except OSError:
        other = ""
    return (*ACCOUNTS, other) if _ACCOUNT.fullmatch(other) and other not in ACCOUNTS else ACCOUNTS


def works_as(account):
    """Notes which account has jobs of ours besides, for the next run; on a machine that is not ours, nothing."""
    if account not in ACCOUNTS and os.path.isdir(os.path.dirname(NOTE)):
        with open(os.open(NOTE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as file:
            file.write(account)


def worked_as(jobs):
    """Takes the note back where none of these jobs of ours is that of a third account at work."""
    if not any(job["alive"] and job["account"] not in ACCOUNTS for job in jobs.values()):
        with contextlib.suppress(OSError):
            os.unlink(NOTE)


def our_jobs():
    """Our jobs that Slurm has: `{id: {"account", "nodes" (a hostlist), "comment", "alive" (its process)}}`."""
    found = {}
    for account in accounts():
        asked = ["squeue", "--noheader", f"--name={NAME}", f"--user={account}", "--format=%A %N %k"]
        for line in run(*asked, limit=ANSWER)[1].splitlines():
            if row := _ROW.fullmatch(line):
                number, nodes, comment, its_process = row.groups()
                alive = at_work(its_process)
                found[number] = {"account": account, "nodes": nodes, "comment": comment, "alive": alive}
    return found


def cancel(jobs):
    """Cancels jobs of `our_jobs`; Slurm itself leaves alone what has another name or account by now."""
    for account in {job["account"] for job in jobs.values()}:
        numbers = [number for number, job in jobs.items() if job["account"] == account]
        run("scancel", f"--name={NAME}", f"--user={account}", *numbers, limit=ANSWER)


def cancel_left_behind():
    """Cancels our jobs whose process is gone; returns all of ours that were there."""
    jobs = our_jobs()
    cancel({number: job for number, job in jobs.items() if not job["alive"]})
    worked_as(jobs)
    return jobs


def cancel_own(comment):
    """Cancels what is there of one verification; returns the others of ours."""
    jobs = our_jobs()
    cancel({number: job for number, job in jobs.items() if job["comment"] == comment})
    return {number: job for number, job in jobs.items() if job["comment"] != comment}


def ours_gone(seconds, names):
    """Those of the nodes on which jobs of ours still are after at most so many seconds."""
    end = time.monotonic() + seconds
    while True:
        there = nodes_of(our_jobs()) & set(names)
        if not there or time.monotonic() > end:
            return there
        time.sleep(POLL_SECONDS)


def others_wait():
    """Whether jobs of others wait; one that nobody can tell of counts."""
    code, out, _ = run("squeue", "--noheader", "--states=PENDING", "--format=%A", limit=ANSWER)
    return code != 0 or bool(set(out.split()) - our_jobs().keys())


def held_by_users():
    """The names of the nodes that have jobs of others."""
    ours = our_jobs()
    rows = run("squeue", "--noheader", f"--states={ON_NODES}", "--format=%A %N", limit=ANSWER)[1].split("\n")
    pairs = [row.split(" ", 1) for row in rows if " " in row]
    return nodes_of({number: {"nodes": nodes.strip()} for number, nodes in pairs if number not in ours})


def nodes_of(jobs):
    """The names of the nodes that jobs of `our_jobs` have."""
    lists = ",".join(job["nodes"] for job in jobs.values() if job["nodes"])
    return set(run("scontrol", "show", "hostnames", lists, limit=ANSWER)[1].split()) if lists else set()


def answers(names, scratch, comment, limit, reach=None, reservation=""):
    """Runs one job over the nodes; returns its answers by node, and srun's words.

    Args:
        reach: what lets each node see whom it reaches, see `slurm_reach.environment`.
        reservation: where the job runs, '' for none.

    It runs as an account without rights, and so does everything in it; the controller's credential is that account's,
    too, since a credential of root would be worth something to whoever reads it.
    """
    credential = run("munge", "-n", account=ACCOUNT, limit=ANSWER)[1].strip()
    extra = {
        **(reach or {}),
        "PROVISION_CREDENTIAL": credential,
        "PROVISION_SCRATCH": " ".join(f"{name}:{scratch[name]}" for name in names if name in scratch),
    }
    count = str(len(names))
    job = ["srun", "--job-name=" + NAME, "--comment=" + comment, "--partition=all", "--nodelist=" + ",".join(names)]
    job += ["--nodes=" + count, "--ntasks=" + count, "--ntasks-per-node=1", "--mem=32M", "--time=2", "--chdir=/"]
    job += [f"--immediate={max(1, int(limit) - 2)}", "--kill-on-bad-exit=0", "--mpi=none"]
    job += [f"--reservation={reservation}"] if reservation else []
    code, out, err = run(*job, "/bin/sh", "-c", JOB, extra=extra, limit=limit, account=ACCOUNT)
    if code != 0 and NOT_ALLOWED.search(err):
        drop = ["setpriv", f"--reuid={ACCOUNT}", "--regid=nogroup", "--clear-groups"]
        code, out, err = run(*job, *drop, "/bin/sh", "-c", JOB, extra=extra, limit=limit)
    found, reached = {}, {}
    for line in out.splitlines():
        if line.startswith("REACH "):
            _, name, words = [*line.split(" ", 2), ""][:3]
            # Said twice, one of the two is no word of that node.
            reached[name] = "" if name in reached else words
        if line.startswith("ANSWER "):
            _, name, incoming, its_scratch, own = [*line.split(" ", 4), ""][:5]
            found[name] = {
                "incoming": incoming,
                "scratch": its_scratch,
                "credential": own,
                "reach": reached.get(name, ""),
            }
    return found, err.strip()


def answers_one_by_one(names, scratch, comment, limit, reach=None, reservation=""):
    """A job on each node by itself, all at the same time: `{name: (its answer or None, srun's words)}`."""

    def ask(name):
        found, words = answers([name], scratch, comment, limit, reach, reservation)
        return found.get(name), words

    return together(ask, names)
