"""What a plan says of MPI: who has it, who compiles it, and which switch each blade is on. Pure."""

from __future__ import annotations

from provisioner.names import host_name
from provisioner.plan.derive import enclosure_of, login_blades, slurm_role
from provisioner.plan.model import Plan, SlurmRole
from provisioner.plan.mpi import MpiChoice


def has_mpi(plan: Plan) -> bool:
    """Whether the cluster is one for MPI programs."""
    return plan.mpi is not False


def compiles_mpi(plan: Plan, name: str) -> bool:
    """Whether a blade has what MPI programs are compiled with: by default where people log in."""
    where = plan.mpi.compilers if isinstance(plan.mpi, MpiChoice) else "controller" if plan.mpi else "none"
    role = slurm_role(plan, name)
    people = role is SlurmRole.CONTROLLER or name in login_blades(plan)
    return (where == "all" and (people or role is not None)) or (where == "controller" and people)


def runs_mpi(plan: Plan, name: str) -> bool:
    """Whether a blade has OpenMPI: each compute blade, and where programs are compiled."""
    return compiles_mpi(plan, name) or (has_mpi(plan) and slurm_role(plan, name) is SlurmRole.COMPUTE)


def switches(plan: Plan) -> dict[str, str]:
    """The switch of each blade in an enclosure, by its host name: the name of the first enclosure that is on it."""
    named: dict[str, str] = {}
    leaf = {name: named.setdefault(box.switch or name, name) for name, box in plan.enclosures.items()}
    boxes = {name: enclosure_of(plan, blade) for name, blade in plan.blades.items()}
    return {host_name(name): leaf[box] for name, box in boxes.items() if box}
