"""Units go to cores by their speed, and no other division is done earlier."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferrule.shares import divide, longest, waste

TIMES = st.lists(st.integers(1, 50).map(Fraction), min_size=1, max_size=8)


@given(units=st.integers(1, 65_535), cores=st.integers(1, 8))
def test_equal_cores_share_evenly_and_the_first_ones_get_one_more(units: int, cores: int) -> None:
    counts = divide(units, [Fraction(7, 3)] * cores)
    assert sum(counts) == units
    assert max(counts) - min(counts) <= 1
    assert list(counts) == sorted(counts, reverse=True)


@settings(max_examples=200)
@given(units=st.integers(1, 14), times=st.lists(st.integers(1, 9).map(Fraction), min_size=2,
                                                max_size=3))  # fmt: skip
def test_no_other_division_is_done_earlier(units: int, times: list[Fraction]) -> None:
    every = (c for c in product(range(units + 1), repeat=len(times)) if sum(c) == units)
    assert longest(divide(units, times), times) == min(longest(c, times) for c in every)


@given(units=st.integers(1, 65_535), times=TIMES)
def test_every_unit_is_given_once(units: int, times: list[Fraction]) -> None:
    counts = divide(units, times)
    assert sum(counts) == units
    assert min(counts) >= 0


@pytest.mark.parametrize(
    ("units", "times", "counts"),
    [
        (10, (4, 1), (2, 8)),
        (3, (10, 1), (0, 3)),
        (100, (1, 3), (75, 25)),
        (7, (1, 1, 2), (3, 3, 1)),
    ],
)
def test_shares_by_speed(units: int, times: tuple[int, ...], counts: tuple[int, ...]) -> None:
    assert divide(units, [Fraction(time) for time in times]) == counts


def test_waste_is_that_of_the_best_division() -> None:
    even = [Fraction(1), Fraction(1)]
    assert waste(2, even) == 0
    assert waste(3, even) == 0.30
    assert waste(1, even) == 1
