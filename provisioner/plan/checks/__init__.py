"""What a plan must mean: all rules that no single field can see.

They run on the draft of a plan, that is on every value that is usable, so that one typo does not hide a
duplicate bay elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.plan.checks.addresses import check_addresses
from provisioner.plan.checks.draft import Draft
from provisioner.plan.checks.enclosure import check_enclosure
from provisioner.plan.checks.logins import check_logins
from provisioner.plan.checks.partition_nodes import check_partition_nodes
from provisioner.plan.checks.partitions import check_partitions
from provisioner.plan.checks.parts import check_parts
from provisioner.plan.checks.preemption import check_preemption
from provisioner.plan.checks.rest import check_rest
from provisioner.plan.checks.roles import check_roles
from provisioner.plan.checks.slurm_keys import check_slurm_keys
from provisioner.plan.problems import Problem


def meaning_problems(draft: Draft) -> Iterator[Problem]:
    """Every rule that the draft breaks, in no order."""
    yield from draft.nodes.problems
    yield from check_enclosure(draft)
    yield from check_addresses(draft)
    yield from check_roles(draft)
    yield from check_rest(draft)
    yield from check_logins(draft)
    yield from check_partitions(draft)
    yield from check_partition_nodes(draft)
    yield from check_preemption(draft)
    yield from check_parts(draft)
    yield from check_slurm_keys(draft)
