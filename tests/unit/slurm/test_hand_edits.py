"""An edit by hand is told in a few lines before it is taken back; what a run left is none, wherever it was killed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.slurm.hand_edits import MOST_CHARACTERS, MOST_LINES, digests, edit_notes, hand_edits

CONF = "/etc/slurm/slurm.conf"
OLD, NEW = "ClusterName=a\nMessageTimeout=20\nNodeName=x\n", "ClusterName=a\nMessageTimeout=20\nNodeName=y\n"


def edits(there: str, new: str = NEW, applied: str = OLD, written: str = "") -> str:
    return hand_edits({CONF: there}, {CONF: new}, {CONF: applied}, written).get(CONF, "")


EDITS = {
    "a line more": (f"{OLD}MessageTimeout=11\n", "MessageTimeout=11 taken back"),
    "another value": (OLD.replace("20", "11"), "MessageTimeout=11 taken back; MessageTimeout=20 put back"),
    "a line less": ("ClusterName=a\nNodeName=x\n", "MessageTimeout=20 put back"),
    "a comment": (f"{OLD}# mine\n", "# mine taken back"),
    "an empty line": (f"{OLD}\n", "order, or empty lines"),
    "another order": ("NodeName=x\nMessageTimeout=20\nClusterName=a\n", "order, or empty lines"),
    "a password": (f"{OLD}AccountingStoragePass=c4n4ry\n", "AccountingStoragePass=(not shown) taken back"),
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edit_is_told(case: str) -> None:
    there, words = EDITS[case]
    assert edits(there) == f"edited by hand: {words}"
    assert edits(there, written=digests({CONF: OLD})) == f"edited by hand: {words}"


@pytest.mark.parametrize("there", ["", OLD, NEW])
def test_what_is_as_it_was_or_will_be_is_no_edit(there: str) -> None:
    assert edits(there) == ""


def test_what_a_killed_run_wrote_is_no_edit() -> None:
    """It wrote the digest first; slurmctld never took the file, and the next run has another one."""
    third = OLD.replace("20", "30")
    assert edits(third, written=digests({CONF: third})) == ""
    assert edits(OLD, written=digests({CONF: third})) == "", "killed between the digest and the file"
    assert edits(third, written=digests({"/etc/slurm/cgroup.conf": third})) != "", "of another file"


def test_a_file_that_was_there_before_any_run_counts_as_a_persons() -> None:
    assert "NodeName=x taken back" in edits(OLD, applied="")


def test_many_lines_are_counted_and_long_ones_cut() -> None:
    told = edits(OLD + "".join(f"Key{number}={'x' * 500}\n" for number in range(900)))
    assert f"{900 - MOST_LINES} more taken back" in told
    assert len(told) < MOST_LINES * (MOST_CHARACTERS + 60)


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_is_there_it_is_one_line(there: str, new: str, applied: str, written: str) -> None:
    told = edits(there, new, applied, written)
    assert told.isprintable()
    assert "next:" not in told.lower()
    assert bool(told) <= (there not in ("", new, applied))


def test_the_note_says_where_a_setting_stays() -> None:
    conf, cgroup = edit_notes({CONF: "x", "/etc/slurm/cgroup.conf": "y"})
    assert "slurmctld_config in group_vars" in conf
    assert "slurmctld_cgroup_config in group_vars" in cgroup
    assert edit_notes({}) == []
