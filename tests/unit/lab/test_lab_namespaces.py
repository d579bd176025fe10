"""Ids of namespaces on the kernel that runs this."""

from __future__ import annotations

import os

from provisioner.lab.namespaces import _next_id, _on, use_up_low_ids


def test_what_comes_later_has_a_higher_id_on_every_cpu() -> None:
    cpus = sorted(os.sched_getaffinity(0))
    before = [_on(cpu, _next_id) for cpu in cpus]
    use_up_low_ids()
    after = [_on(cpu, _next_id) for cpu in cpus]
    # A kernel that tells no ids has no batches of them.
    assert after == [0] * len(cpus) or min(after) > max(before)
