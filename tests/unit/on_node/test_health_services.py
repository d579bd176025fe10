"""What chrony says of the clock."""

from __future__ import annotations

import pytest

from provisioner.on_node.health.services import clock_said

ROW = "0A140006,10.20.0.6,11,1764150000.123,{off},0.000001,0.000002,-1.5,0.001,0.05,0.0004,0.0002,64.2,{leap}\n"


@pytest.mark.parametrize(
    ("off", "leap", "words"),
    [
        ("-0.000001234", "Normal", ""),
        ("59.9", "Normal", ""),
        ("3600.4", "Normal", "its clock is 3600 s off"),
        ("-3600.4", "Insert second", "its clock is 3600 s off"),
        ("3600.4", "Not synchronised", ""),
        ("nonsense", "Normal", ""),
    ],
)
def test_how_far_the_clock_is_off(off: str, leap: str, words: str) -> None:
    assert clock_said(ROW.format(off=off, leap=leap), 60) == words


@pytest.mark.parametrize("text", ["", "506 Cannot talk to daemon\n", "a,b\n", ",,,,,,,,,,,,,\n"])
def test_what_is_no_answer_is_no_trouble(text: str) -> None:
    assert clock_said(text, 60) == ""
