"""The checks of `provision verify --deep`, in order: what each tries, and what to do where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """What is tried, the command by which a person tries it again, and the step where it fails."""

    what: str
    command: str
    next_step: str


_LOG = "look at /var/log/slurm/slurmd.log on that node and /var/log/slurm/slurmctld.log on the controller"
_PORTS = (
    "open the ports that srun listens on (SrunPortRange, by default 60001-63000) from the nodes to the controller and "
    "between nodes; then look at /var/log/slurm/slurmd.log there"
)
_CGROUP = (
    "`scontrol show config` on the controller should have TaskPlugin=task/cgroup,task/affinity and {}; "
    "`provision slurm` sets them unless group_vars say otherwise (slurmctld_config, slurmctld_cgroup_config)"
)

_MPI = (
    "look at /var/log/slurm/slurmd.log on those nodes, and let all TCP ports be open between them; `provision slurm` "
    "brings OpenMPI and keeps it on the cluster's network (docs/mpi.md)"
)

CHECKS: Mapping[str, Check] = {
    "sinfo": Check("sinfo", "sinfo --Node", "run it as that user on the controller; slurm.conf has to be readable"),
    "sbatch": Check("a batch script", "sbatch SCRIPT  # --job-name --nodes --time --output", _LOG),
    "squeue": Check("squeue", "squeue --jobs=JOB", "run it as that user on the controller"),
    "scancel": Check("scancel", "scancel JOB", _LOG),
    "terminal": Check("an interactive shell", "srun --pty bash", _PORTS),
    "array": Check("a job array", "sbatch --array=1-3 SCRIPT", f"MaxArraySize in slurm.conf is to be above 3; {_LOG}"),
    "chain": Check("a chain of jobs", "sbatch --dependency=afterok:JOB SCRIPT", _LOG),
    "all nodes": Check("a job over all nodes", "sbatch --nodes=N SCRIPT  # with srun in it", _PORTS),
    "memory": Check(
        "the memory limit", "sbatch --mem=48M SCRIPT  # that takes more", _CGROUP.format("ConstrainRAMSpace=yes")
    ),
    "cores": Check(
        "the cores of a job", "sbatch --cpus-per-task=1 SCRIPT  # that tries more", _CGROUP.format("ConstrainCores=yes")
    ),
    "locked memory": Check(
        "locked memory, for MPI", "srun sh -c 'ulimit -l'",
        "slurm.conf should have PropagateResourceLimitsExcept=MEMLOCK; `provision slurm` sets it unless group_vars say "
        "otherwise",
    ),
    "preemption": Check("preemption", "sbatch --partition=HIGH SCRIPT", _LOG),
    "sacct": Check(
        "sacct", "sacct --jobs=JOB",
        "look at `journalctl -u slurmdbd -u mariadb` where the database is; `provision slurm` mends it",
    ),
}  # fmt: skip
"""By the name that the module has for it."""
MPI_CHECKS: Mapping[str, Check] = {
    "mpi in C": Check("an MPI program in C", "mpicc FILE.c && srun --ntasks-per-node=2 ./a.out", _MPI),
    "mpi4py": Check("an MPI program in Python", "srun --ntasks-per-node=2 python3 FILE.py", _MPI),
}
"""What `--mpi` tries besides; a check of these measures, too."""

STEPS: Mapping[str, str] = {
    "not allowed": (
        "give that user an association (accounts.yml, or `sacctmgr add user`), or name one who has it: "
        "`provision verify --deep --user NAME`"
    ),
    "no script": "make /tmp on the controller writable for everybody (mode 1777)",
    "no compiler": "`provision slurm` brings what it needs to the controller, unless the plan says otherwise (mpi)",
    "alone": (
        "each rank is a world of its own, since OpenMPI does not speak to Slurm's PMIx: `srun --mpi=list` and "
        "`ompi_info` there should both name pmix"
    ),
    "slurmd locks": "slurmd's unit should have LimitMEMLOCK=infinity: `systemctl show slurmd -p LimitMEMLOCK` there",
}
"""Steps of causes that a check tells apart."""
