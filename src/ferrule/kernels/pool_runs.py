"""What pools do that go over their pixels by runs of those that see as many taps of a row.

The Rust is `crates/kernels/src/pool_runs.rs`.
"""

from ferrule.window import Window


def runs(window: Window) -> tuple[int, int]:
    """Runs of a row of results: pixels that see all columns are one, others are each their own.

    The first number is the pixels of the one, the second how many others there are.
    """
    (_, first), (_, end) = window.whole
    whole = max(end - first, 0)
    return whole, window.results[1] - whole


def calls(window: Window) -> int:
    """All runs."""
    whole, others = runs(window)
    return window.results[0] * (others + (whole > 0))


def lines(window: Window) -> int:
    """Rows of taps that are seen, of all results; where they have one tap, a column is a row."""
    height, width = window.results
    return (height if window.size[1] == 1 else window.seen[0]) * width
