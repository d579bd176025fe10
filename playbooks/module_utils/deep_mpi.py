"""MPI programs as a user has them: in C, compiled where one logs in, and in Python. `srun` starts them as it is."""

from __future__ import annotations

import re

from ansible.module_utils.deep_jobs import Busy, Failed, NotTried
from ansible.module_utils.mpi_programs import PYTHON, C

# Nodes of one job, and ranks on each: those of a node talk through its memory.
MOST_NODES, RANKS = 64, 2
# Seconds for the compiler, and for all of a job once it runs.
COMPILES, RUNS = 60, 60
# What the job asks of each node, MiB: OpenMPI takes some 50 for a rank.
MEMORY = 512
# The binary comes out as text; nothing of it stays on the controller.
COMPILE = """
command -v mpicc > /dev/null || exit 41
umask 077
folder=$(mktemp -d /tmp/provision-verify.XXXXXXXXXX) || exit 42
trap 'rm -rf "$folder"' EXIT
cat > "$folder/mpi.c" && mpicc -std=gnu99 -O2 -s -o "$folder/mpi" "$folder/mpi.c" && base64 "$folder/mpi"
"""
# There need be no folder that all nodes share: srun hands its input to every task. The program removes its file.
RUN = """
file=$(mktemp /tmp/provision-verify.XXXXXXXXXX) || exit 42
base64 -d > "$file" && chmod 700 "$file" && "$file" "$file"
code=$?
rm -f "$file"
exit $code
"""
# Ranks that wait let others have the core, should there be fewer cores than ranks.
KIND = {"OMPI_MCA_mpi_yield_when_idle": "1"}
_RANK = re.compile(r"RANK (\d{1,6}) ([A-Za-z0-9][A-Za-z0-9.-]{0,254})")
_FIGURE = re.compile(r"FIGURE ([a-z-]{1,20}) (\d{1,9}) (\d{1,12}(?:\.\d{1,2})?)")
_BUSY = re.compile(r"Immediate execution impossible|Unable to allocate resources: Requested nodes are busy")


def compiled(asker):
    """A program in C, compiled on the controller."""
    _starts_mpi(asker)
    code, out, err = asker.call("sh", "-c", COMPILE, text=C, limit=COMPILES)
    if code == 41:
        raise NotTried("there is no mpicc on the controller")
    if code == 42:
        raise Failed(f"{asker.account} cannot write into /tmp", err or out, "no script")
    if code != 0:
        raise Failed("mpicc does not compile on the controller", err or out, "no compiler")
    return _run(asker, ["sh", "-c", RUN], out)


def python(asker):
    """A program in Python, with mpi4py."""
    _starts_mpi(asker)
    return _run(asker, ["python3", "-c", PYTHON], None)


def _starts_mpi(asker):
    kind = asker.config.get("MpiDefault") or "none"
    if not kind.startswith("pmix"):
        raise NotTried(f"srun starts no MPI programs here (MpiDefault={kind})")
    if not asker.free:
        raise Busy


def _run(asker, program, text):
    """Runs it on all free nodes and reads what its first rank wrote."""
    nodes = asker.free[:MOST_NODES]
    ranks = len(nodes) * RANKS
    wanted = [
        f"--ntasks={ranks}", f"--ntasks-per-node={RANKS}", "--overcommit", f"--mem={MEMORY}", "--kill-on-bad-exit=1",
        f"--immediate={max(1, asker.patience)}",
    ]  # fmt: skip
    words = ["env", *(f"{key}={value}" for key, value in KIND.items()), "srun", *asker.options(nodes), *wanted]
    code, out, err = asker.call(*words, *program, text=text, limit=asker.patience + RUNS)
    if _BUSY.search(err):
        raise Busy
    hosts = [host for _, host in sorted((int(number), host) for number, host in _RANK.findall(out))]
    if code != 0:
        how = f"did not end within {asker.patience + RUNS} s" if code == 124 else f"ended with {code}"
        raise Failed(f"{ranks} ranks on {_named(nodes)}: srun {how}", err or out)
    numbers = [int(number) for number, _ in _RANK.findall(out)]
    if len(numbers) > 1 and set(numbers) == {0}:
        raise Failed(f"{ranks} ranks on {_named(nodes)}: each is alone, and the first of its own", err or out, "alone")
    if sorted(numbers) != list(range(ranks)) or "END" not in out.splitlines():
        raise Failed(f"of {ranks} ranks {len(hosts)} told their host", err or out)
    if strangers := sorted({host.partition(".")[0] for host in hosts} ^ set(nodes)):
        raise Failed(f"ranks are on other nodes than were asked for: {', '.join(strangers[:8])}", out)
    asker.measured = {
        "hosts": hosts,
        "figures": [
            {"what": what, "bytes": int(size), "usec": float(time)} for what, size, time in _FIGURE.findall(out)
        ],
    }
    # OpenMPI should have nothing to say; that its job waited for a moment, srun says.
    noise = [line for line in err.splitlines() if line.strip() and not line.startswith("srun: job ")]
    said = f"; it said: {noise[0]}" if noise else ""
    return f"{ranks} ranks, {RANKS} on each of {_named(nodes)}{said}"


def _named(nodes):
    return ", ".join(nodes) if len(nodes) < 9 else f"{', '.join(nodes[:7])} and {len(nodes) - 7} more"
