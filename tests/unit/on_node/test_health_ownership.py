"""Whose a drain is: every state of a node with every author of a reason, on a node that is ill and on one that is well.

The rows are the table of NHC (helpers/node-mark-offline and node-mark-online), but for one: where a node in service
has a note of another program, NHC drains with that and never ends it. Slurm forgets such a note (with accounting, and
before 24.11) or keeps the words of a drain that is over; ours are put in its place.
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.on_node.health.ownership import AWAY, OURS, decide

ILL, WELL = "/scratch is full", ""
# Why a node is as it is, by who said so.
REASONS = {
    "nobody": "",
    "we": f"{OURS}{ILL}",
    "job-tmp": "provision: job-tmp: its scratch is not mounted at /scratch",
    "a run": "provision: upgrade",
    "slurm": "Low RealMemory (reported:24105 < 95.00% of configured:30000)",
    "an admin": "fan is loud",
    "we, before": f"provision: was ill: {ILL}",
    "another program": "NHC: check_fs_mount:  /home not mounted",
    "an admin, of us": "see provision: health: /scratch is full",
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


def verb(words: list[str]) -> str:
    """What is done, in one word."""
    if not words:
        return KEEP
    return {"state=drain": DRAIN, "state=undrain": END}.get(words[0], "reword")


@pytest.mark.parametrize(("who", "ill"), list(product(REASONS, (True, False))))
@pytest.mark.parametrize("states", [*IN_SERVICE, *DRAINED], ids=lambda states: "+".join(sorted(states)))
def test_the_table(states: set[str], who: str, ill: bool) -> None:
    wanted = TABLE["DRAIN" not in states, ill][who]
    assert verb(decide(states, REASONS[who], ILL if ill else WELL)) == wanted


@pytest.mark.parametrize(("who", "ill"), list(product(REASONS, (True, False))))
@pytest.mark.parametrize("states", [set[str](), *LEFT_ALONE], ids=lambda states: "+".join(sorted(states)))
def test_a_node_that_takes_no_jobs_anyway_is_left_alone_and_so_is_one_that_nobody_knows_of(
    states: set[str], who: str, ill: bool
) -> None:
    assert decide(states, REASONS[who], ILL if ill else WELL) == []


def test_a_drain_of_ours_says_so() -> None:
    assert decide({"IDLE"}, "", ILL) == ["state=drain", f"reason={OURS}{ILL}"]


def test_our_reason_follows_the_cause() -> None:
    assert decide({"IDLE", "DRAIN"}, f"{OURS}its clock is 90 s off", ILL) == [f"reason={OURS}{ILL}"]


def test_a_drain_of_ours_ends_as_a_drain_only() -> None:
    """`resume` would also end a reboot that was asked for, and make a node of one that an admin has set DOWN."""
    assert decide({"IDLE", "DRAIN"}, f"{OURS}{ILL}", WELL)[0] == "state=undrain"


def test_words_that_slurm_keeps_make_no_drain_of_ours_of_its_next_one() -> None:
    """24.11 without accounting: a reason outlives its drain, and Slurm drains with the reason that is there."""
    _, told = decide({"IDLE", "DRAIN"}, f"{OURS}{ILL}", WELL)
    kept = told.removeprefix("reason=")
    assert kept == f"provision: was ill: {ILL}"
    assert decide({"IDLE", "DRAIN"}, kept, WELL) == decide({"IDLE", "DRAIN"}, kept, ILL) == []
    assert decide({"IDLE"}, kept, ILL) == ["state=drain", f"reason={OURS}{ILL}"]


def test_what_slurm_found_since_keeps_the_node_out() -> None:
    """Slurm 24.11 adds what it finds to a reason; the end of our cause is not the end of that."""
    both = f"{OURS}{ILL} : Kill task failed"
    assert decide({"IDLE", "DRAIN"}, both, ILL) == []
    assert decide({"IDLE", "DRAIN"}, both, WELL) == ["reason=Kill task failed"]


@pytest.mark.parametrize("trouble", ["t" * 5000, "a : b", "a : b : c"])
def test_a_reason_can_be_read_back(trouble: str) -> None:
    _, told = decide({"IDLE"}, "", trouble)
    reason = told.removeprefix("reason=")
    assert len(reason) < 400
    assert decide({"IDLE", "DRAIN"}, reason, trouble) == []
    assert decide({"IDLE", "DRAIN"}, reason, WELL)[0] == "state=undrain"


@given(
    st.sets(st.sampled_from(["IDLE", "MIXED", "DRAIN", "NOT_RESPONDING", *sorted(AWAY)])),
    st.one_of(st.text(), st.text().map(lambda words: f"{OURS}{words}")),
    st.text(),
)
def test_whatever_slurm_says_only_ours_is_touched(states: set[str], reason: str, trouble: str) -> None:
    words = decide(states, reason, trouble)
    assert not words or not states & AWAY
    if words and "DRAIN" in states:
        assert reason.startswith(OURS)
    if "state=undrain" in words:
        assert not trouble
    if "state=drain" in words:
        assert trouble
        assert "DRAIN" not in states
