"""Cases of Pad."""

from collections.abc import Sequence

from cases import Case, activations, case

from ferrule.ops.pad import Pad


def pad(
    name: str,
    shape: Sequence[int],
    before: Sequence[int],
    after: Sequence[int],
    *,
    value: int | None = None,
    zero_point: int = -7,
) -> Case:
    results = [sum(lengths) for lengths in zip(before, shape, after, strict=True)]
    return case(
        Pad(
            f"pad_{name}",
            (activations("input", shape, 0.05, zero_point),),
            (activations("output", results, 0.05, zero_point),),
            before=tuple(before),
            after=tuple(after),
            value=zero_point if value is None else value,
        )
    )


CASES = [
    pad("image", (1, 4, 3, 5), (0, 1, 1, 0), (0, 1, 1, 0)),
    pad("uneven", (1, 4, 3, 5), (0, 2, 0, 0), (0, 1, 3, 0)),
    pad("nothing", (1, 2, 3, 2), (0, 0, 0, 0), (0, 0, 0, 0)),
    pad("channels", (1, 3, 2, 4), (0, 0, 0, 3), (0, 0, 0, 2)),
    pad("channels_before", (1, 3, 2, 4), (0, 0, 0, 5), (0, 0, 0, 0)),
    pad("batch", (2, 2, 2, 3), (1, 0, 0, 0), (1, 0, 0, 0)),
    pad("all_axes", (2, 2, 3, 2), (1, 2, 1, 1), (2, 1, 3, 2)),
    pad("value", (1, 4, 3, 5), (0, 1, 1, 0), (0, 1, 1, 0), value=100),
    pad("value_lowest", (1, 2, 2, 3), (0, 1, 0, 1), (0, 0, 1, 1), value=-128),
    pad("one_axis", (6,), (2,), (3,)),
    pad("two_axes", (3, 4), (1, 2), (0, 1)),
    pad("three_axes", (2, 3, 4), (1, 0, 2), (0, 1, 1)),
    pad("one_of_everything", (1, 1, 1, 1), (0, 1, 1, 1), (0, 1, 1, 1)),
    pad("zero_point_low", (1, 2, 2, 2), (0, 1, 1, 0), (0, 1, 1, 0), zero_point=-128),
    pad("zero_point_high", (1, 2, 2, 2), (0, 1, 1, 0), (0, 1, 1, 0), zero_point=127),
]
