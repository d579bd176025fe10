from __future__ import annotations

import pytest

from bench.figures import figures, fit, growth, ratio


def test_a_median_stands_with_its_spread_and_all_values() -> None:
    assert figures([3.0, 1.0, 2.00004]) == {"median": 2.0, "min": 1.0, "max": 3.0, "values": [3.0, 1.0, 2.0]}


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        figures([])


def test_a_ratio_is_taken_round_by_round() -> None:
    """The second round met a busy machine: both took longer, and what one takes of the other did not change."""
    assert ratio(figures([4.0, 12.0, 6.0]), figures([2.0, 6.0, 2.0]))["values"] == [2.0, 2.0, 3.0]


def test_the_ratio_of_unequal_rounds_is_that_of_the_medians() -> None:
    assert ratio(figures([2.0, 4.0, 9.0]), figures([8.0]))["values"] == [0.5]


def test_a_straight_line_has_a_fixed_part_and_one_per_blade() -> None:
    assert fit({3: 3.5, 8: 6.0, 16: 10.0}) == {"fixed": 2.0, "per_blade": 0.5, "off": 0.0}


def test_what_is_not_on_the_line_is_said() -> None:
    found = fit({1: 1.0, 2: 4.0, 3: 1.0})
    assert found is not None
    assert found["off"] == 2.0


def test_one_number_of_blades_makes_no_line() -> None:
    assert fit({3: 3.5}) is None


def test_linear_growth_is_one() -> None:
    assert growth(1_000, 0.1, 10_000, 1.0) == pytest.approx(1)
    assert growth(1_000, 0.1, 10_000, 10.0) == pytest.approx(10)
