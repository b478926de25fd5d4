"""Cases of Concatenation."""

from collections.abc import Sequence

from cases import Case, activations, case, constant, random

from ferrule.ops.concatenation import Concatenation


def concatenation(
    name: str,
    *shapes: Sequence[int],
    axis: int = -1,
    scale: float = 0.05,
    zero_point: int = -3,
    constants: Sequence[int] = (),
    same: Sequence[int] = (),
) -> Case:
    """Inputs of these shapes; some are constants, and some the same tensor as the first."""
    inputs = [
        constant(f"constant_{at}", random(name).integers(-128, 128, shape), scale, zero_point)
        if at in constants
        else activations(f"input_{at}", shape, scale, zero_point)
        for at, shape in enumerate(shapes)
    ]
    operands = tuple(inputs[0] if at in same else tensor for at, tensor in enumerate(inputs))
    total = list(shapes[0])
    total[axis] = sum(shape[axis] for shape in shapes)
    output = activations("output", total, scale, zero_point)
    return case(Concatenation(f"concatenation_{name}", operands, (output,), axis=axis))


CASES = [
    concatenation("channels", (1, 4, 3, 5), (1, 4, 3, 2)),
    concatenation("columns", (1, 4, 3, 5), (1, 4, 1, 5), axis=2),
    concatenation("rows", (1, 4, 3, 5), (1, 9, 3, 5), axis=1),
    concatenation("batches", (1, 4, 3, 5), (2, 4, 3, 5), axis=0),
    concatenation("axis_from_the_last", (2, 4, 3, 5), (2, 2, 3, 5), axis=-3),
    concatenation("first_axis_from_the_last", (2, 3), (1, 3), axis=-2),
    concatenation("vectors", (20,), (7,), axis=0),
    concatenation("rows_of_two_axes", (3, 7), (3, 1)),
    concatenation("three_axes", (2, 3, 4), (2, 5, 4), axis=1),
    concatenation("six_axes", (1, 2, 1, 2, 3, 2), (1, 2, 3, 2, 3, 2), axis=2),
    concatenation("one_of_everything", (1,), (1,)),
    concatenation("one_channel_each", (1, 7, 5, 1), (1, 7, 5, 1)),
    concatenation("one_channel_last", (1, 3, 3, 16), (1, 3, 3, 1)),
    concatenation("many_channels", (1, 2, 2, 130), (1, 2, 2, 70)),
    concatenation("one_pixel", (1, 1, 1, 33), (1, 1, 1, 31)),
    concatenation("twice", (1, 4, 3, 5), (1, 4, 3, 5), same=(1,)),
    concatenation("twice_by_rows", (1, 4, 3, 5), (1, 4, 3, 5), axis=1, same=(1,)),
    concatenation("constant", (1, 4, 3, 5), (1, 4, 3, 2), constants=(1,)),
    concatenation("constant_first", (1, 4, 3, 2), (1, 4, 3, 5), constants=(0,)),
    concatenation("constant_rows", (2, 3, 4), (2, 1, 4), axis=1, constants=(1,)),
    concatenation("one_input", (1, 4, 3)),
    concatenation("three", (1, 4, 3, 5), (1, 4, 3, 2), (1, 4, 3, 3)),
    concatenation("four_by_rows", *((1, rows, 3, 2) for rows in (3, 1, 2, 5)), axis=1),
    concatenation("same_among_three", (2, 3), (2, 4), (2, 3), same=(2,)),
    concatenation("two_constants", (2, 3), (2, 4), (2, 1), (2, 2), constants=(1, 2)),
    concatenation("ten", *((1, 2, 3, 1 + at % 4) for at in range(10))),
    concatenation("zero_point_low", (2, 3), (2, 4), zero_point=-128),
    concatenation("zero_point_high", (2, 3), (2, 4), zero_point=127),
    concatenation("smallest_scale", (2, 3), (2, 4), scale=1e-30),
]
