"""What sacctmgr prints and takes, and the values between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.accounts.limits import ASSOCIATION, QOS, Setting, amount, from_slurm, to_slurm

KNOWN = {setting.name: setting for setting in (*ASSOCIATION, *QOS)}


@pytest.mark.parametrize(
    ("text", "found"),
    [("4", 4), ("1500M", 1500), ("2T", 2 * 1024**2), ("1.50G", 1536), ("512K", None), ("1024K", 1), ("10Q", None)],
)
def test_memory_is_whole_mib(text: str, found: int | None) -> None:
    assert amount(text) == found


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("GrpTRES", "billing=7,cpu=5,mem=2T", (("billing", 7), ("cpu", 5), ("mem", 2097152))),
        ("MaxWall", "1-01:00:00", 1500),
        ("Fairshare", "parent", "parent"),
        ("Fairshare", "1", None),
        ("QOS", "normal,high", ("high", "normal")),
        ("GraceTime", "00:05:00", 300),
        ("GraceTime", "00:00:00", None),
        ("PreemptMode", "cluster", None),
        ("PreemptExemptTime", "10:00:00", 36000),
        ("UsageFactor", "1.000000", None),
        ("UsageThreshold", "0.250000", 0.25),
        ("Priority", "0", None),
        ("MaxJobs", "", None),
    ],
)
def test_columns_are_read_without_defaults(name: str, text: str, value: object) -> None:
    assert from_slurm(KNOWN[name], text) == value


@pytest.mark.parametrize(("name", "text"), [("GrpTRES", "cpu"), ("MaxJobs", "many"), ("MaxWall", "soon")])
def test_what_sacctmgr_never_prints_is_an_error(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        from_slurm(KNOWN[name], text)


def test_what_goes_is_taken_back_key_by_key() -> None:
    there = (("cpu", 4), ("mem", 100))
    assert to_slurm(KNOWN["GrpTRES"], (("cpu", 8),), there) == "GrpTRES=cpu=8,mem=-1"
    assert to_slurm(KNOWN["GrpTRES"], None, there) == "GrpTRES=cpu=-1,mem=-1"
    assert [to_slurm(KNOWN[name], None) for name in ("MaxJobs", "QOS", "DefaultQOS", "Fairshare", "Flags")] == [
        "MaxJobs=-1", "QOS=", "DefaultQOS=-1", "Fairshare=1", "Flags=-1",
    ]  # fmt: skip


@given(st.sampled_from([found for found in KNOWN.values() if found.kind == "seconds"]), st.integers(0, 10**6))
def test_a_time_is_read_as_it_is_written(setting: Setting, value: int) -> None:
    assert from_slurm(setting, to_slurm(setting, value).partition("=")[2]) == value
