"""Units go to cores by their speed, and no other division is done earlier."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ferrule.shares import Pace, divide, longest


def pace(each: int, before: int = 0, run: int = 1) -> Pace:
    return Pace(Fraction(each), Fraction(before), run)


def paces(most: int, cores: int) -> st.SearchStrategy[list[Pace]]:
    one = st.builds(pace, st.integers(1, most), st.integers(0, 3 * most), st.integers(1, 4))
    return st.lists(one, min_size=1, max_size=cores)


@given(units=st.integers(1, 65_535), cores=st.integers(1, 8))
def test_equal_cores_share_evenly_and_the_first_ones_get_one_more(units: int, cores: int) -> None:
    counts = divide(units, [Pace(Fraction(7, 3), Fraction(5))] * cores)
    assert sum(counts) == units
    assert max(counts) - min(counts) <= 1
    assert list(counts) == sorted(counts, reverse=True)


@settings(max_examples=200)
@given(units=st.integers(1, 14), given=paces(9, 3))
def test_no_other_division_is_done_earlier(units: int, given: list[Pace]) -> None:
    every = (c for c in product(range(units + 1), repeat=len(given)) if sum(c) == units)
    assert longest(divide(units, given), given) == min(longest(c, given) for c in every)


@given(units=st.integers(1, 65_535), given=paces(50, 8))
def test_every_unit_is_given_once(units: int, given: list[Pace]) -> None:
    counts = divide(units, given)
    assert sum(counts) == units
    assert min(counts) >= 0


@pytest.mark.parametrize(
    ("units", "given", "counts"),
    [
        (10, [pace(4), pace(1)], (2, 8)),
        (3, [pace(10), pace(1)], (0, 3)),
        (100, [pace(1), pace(3)], (75, 25)),
        (7, [pace(1), pace(1), pace(2)], (3, 3, 1)),
        (10, [pace(1, 4), pace(1)], (3, 7)),
        (10, [pace(1, 50), pace(1)], (0, 10)),
        (23, [pace(2, run=2), pace(1)], (8, 15)),
        (7, [pace(1, run=6), pace(1)], (2, 5)),
    ],
)
def test_shares_by_speed(units: int, given: list[Pace], counts: tuple[int, ...]) -> None:
    assert divide(units, given) == counts
