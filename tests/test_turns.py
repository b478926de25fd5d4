"""Steps with the same kernels in turns are in one loop."""

from ferrule.emit.turns import Turns, turns


def loops(kernels: str) -> list[tuple[int, int, int]]:
    """First step, steps of a turn and turns of every loop; a letter stands for a kernel."""
    found = turns(kernels)
    steps = [number for one in found for number in one.steps]
    assert steps == list(range(len(kernels)))
    return [(one.first, one.length, one.count) for one in found if one.count > 1]


def test_pairs_of_kernels_are_turns() -> None:
    assert loops("abcbcbcd") == [(1, 2, 3)]
    assert loops("cdpdpdpdpas") == [(1, 2, 4)]


def test_two_turns_are_not_worth_a_loop() -> None:
    assert not loops("abab")
    assert not loops("aabbcc")
    assert not loops("")


def test_equal_kernels_are_turns_of_one() -> None:
    assert loops("aaaab") == [(0, 1, 4)]
    assert loops("aaaaaaab") == [(0, 1, 7)]


def test_longer_turns_take_more_steps_together() -> None:
    assert loops("ccaccaccax") == [(0, 3, 3)]
    assert loops("abcdeabcdeabcde") == []


def test_turns_know_their_steps() -> None:
    found = Turns(3, 2, 3)
    assert list(found.steps) == [3, 4, 5, 6, 7, 8]
    assert [list(turn) for turn in found.by_turn()] == [[3, 4], [5, 6], [7, 8]]
