"""Whose a drain is: every state of a node with every author of a reason, on a node that is ill and on one that is well.

The rows are the table of NHC (helpers/node-mark-offline and node-mark-online), but for one: where a node is in service
and somebody noted something of it, NHC drains with that note and never ends it. Here the drain is ours, and the note
comes back with its end.
"""

from __future__ import annotations

from itertools import product

import pytest

from provisioner.on_node.health.ownership import AWAY, OURS, decide

ILL, WELL = "/scratch is full", ""
# Why a node is as it is, and who said so.
REASONS = {
    "nobody": ("", ""),
    "we": (f"{OURS}{ILL}", "root"),
    "job-tmp": ("provision: job-tmp: its scratch is not mounted at /scratch", "root"),
    "a run": ("provision: upgrade", "root"),
    "slurm": ("Low RealMemory (reported:24105 < 95.00% of configured:30000)", "slurm"),
    "an admin": ("fan is loud", "root"),
    "another program": ("NHC: check_fs_mount:  /home not mounted", "root"),
    "an admin, of us": ("see provision: health: /scratch is full", "alice"),
}
IN_SERVICE = [
    {"IDLE"}, {"MIXED"}, {"ALLOCATED"}, {"COMPLETING", "IDLE"}, {"IDLE", "RESERVED"}, {"IDLE", "PLANNED"},
    {"IDLE", "NOT_RESPONDING"}, {"IDLE", "CLOUD"}, {"MIXED", "DYNAMIC_NORM"}, {"IDLE", "BLOCKED"},
]  # fmt: skip
DRAINED = [{*states, "DRAIN"} for states in IN_SERVICE]
LEFT_ALONE = [{"IDLE", away, *more} for away in sorted(AWAY) for more in ((), ("DRAIN",))]
DRAIN, KEEP, END = "drain", "keep", "end"
TABLE = {
    # (in service, ill)
    (True, True): dict.fromkeys(REASONS, DRAIN),
    (True, False): dict.fromkeys(REASONS, KEEP),
    (False, True): dict.fromkeys(REASONS, KEEP),
    (False, False): dict.fromkeys(REASONS, KEEP) | {"we": END},
}


def verb(updates: list[list[str]]) -> str:
    """What is done, in one word."""
    states = [word for words in updates for word in words if word.startswith("state=")]
    if not updates:
        return KEEP
    return {"state=drain": DRAIN, "state=undrain": END}[states[0]] if states else "reword"


@pytest.mark.parametrize(("who", "ill"), list(product(REASONS, (True, False))))
@pytest.mark.parametrize("states", [*IN_SERVICE, *DRAINED], ids="+".join)
def test_the_table(states: set[str], who: str, ill: bool) -> None:
    wanted = TABLE["DRAIN" not in states, ill][who]
    assert verb(decide(states, *REASONS[who], ILL if ill else WELL)) == wanted


@pytest.mark.parametrize(("who", "ill"), list(product(REASONS, (True, False))))
@pytest.mark.parametrize("states", [set[str](), *LEFT_ALONE], ids="+".join)
def test_a_node_that_takes_no_jobs_anyway_is_left_alone_and_so_is_one_that_nobody_knows_of(
    states: set[str], who: str, ill: bool
) -> None:
    assert decide(states, *REASONS[who], ILL if ill else WELL) == []


def test_a_drain_of_ours_says_so() -> None:
    assert decide({"IDLE"}, "", "", ILL) == [["state=drain", f"reason={OURS}{ILL}"]]


def test_our_reason_follows_the_cause() -> None:
    assert decide({"IDLE", "DRAIN"}, f"{OURS}its clock is 90 s off", "root", ILL) == [[f"reason={OURS}{ILL}"]]


def test_a_drain_of_ours_ends_as_a_drain_only() -> None:
    """`resume` would also end a reboot that was asked for, and make a node of one that an admin has set DOWN."""
    assert decide({"IDLE", "DRAIN"}, f"{OURS}{ILL}", "root", WELL) == [["state=undrain"]]


@pytest.mark.parametrize("note", ["fan is loud", "asked (twice) : no answer", "(bay 4)"])
def test_a_note_comes_back_once_the_node_is_well(note: str) -> None:
    [[_, reason]] = decide({"IDLE"}, note, "alice", ILL)
    drained = reason.removeprefix("reason=")
    assert drained.startswith(f"{OURS}{ILL} (noted before: ")
    assert decide({"IDLE", "DRAIN"}, drained, "root", ILL) == []
    plain = note.replace(" : ", ": ")
    assert decide({"IDLE", "DRAIN"}, drained, "root", "munge is gone") == [
        [f"reason={OURS}munge is gone (noted before: {plain})"]
    ]
    assert decide({"IDLE", "DRAIN"}, drained, "root", WELL) == [["state=undrain"], [f"reason={plain}"]]


def test_words_of_slurm_that_are_over_are_no_note() -> None:
    assert decide({"IDLE"}, "Not responding", "slurm", ILL) == [["state=drain", f"reason={OURS}{ILL}"]]


def test_what_slurm_found_since_keeps_the_node_out() -> None:
    """Slurm 24.11 adds what it finds to a reason; the end of our cause is not the end of that."""
    both = f"{OURS}{ILL} : Kill task failed"
    assert decide({"IDLE", "DRAIN"}, both, "slurm", ILL) == []
    assert decide({"IDLE", "DRAIN"}, both, "slurm", WELL) == [["reason=Kill task failed"]]


def test_a_reason_has_an_end() -> None:
    [[_, reason]] = decide({"IDLE"}, "n" * 5000, "alice", "t" * 5000)
    assert len(reason) < 700
