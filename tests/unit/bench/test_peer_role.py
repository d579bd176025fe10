"""What is read from a run of the peer."""

from __future__ import annotations

import pytest

from bench.peer_role import changed_tasks

RUN = """
TASK [Say changed=7 here] ******
changed: [bld-009]

PLAY RECAP *********************************************************************
bld-009                    : ok=19   changed=2    unreachable=0    failed=0    skipped=19   rescued=0    ignored=0
bld-010                    : ok=17   changed=10   unreachable=0    failed=0    skipped=21   rescued=0    ignored=0
"""


def test_changed_tasks_of_all_hosts_are_counted_in_the_recap() -> None:
    assert changed_tasks(RUN) == 12


def test_a_run_without_recap_is_not_one_without_changes() -> None:
    with pytest.raises(ValueError, match="recap"):
        changed_tasks("PLAY [nothing matched]\n")
