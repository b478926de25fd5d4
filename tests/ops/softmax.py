"""Cases of Softmax."""

from collections.abc import Sequence

from cases import Case, activations, case

from ferrule.ops.softmax import Softmax


def softmax(
    name: str, shape: Sequence[int], scale: float = 0.05, zero_point: int = 0, beta: float = 1.0
) -> Case:
    source = activations("input", shape, scale, zero_point)
    output = activations("output", shape, 1 / 256, -128)
    return case(Softmax(f"softmax_{name}", (source,), (output,), beta=beta))


CASES = [
    softmax("two", (1, 2)),
    softmax("twelve", (1, 12)),
    softmax("one", (1, 1)),
    softmax("ones", (5, 1)),
    softmax("rows", (7, 10)),
    softmax("four_axes", (1, 2, 3, 5)),
    softmax("one_axis", (9,)),
    softmax("hundred", (2, 100)),
    softmax("five_hundred", (1, 500), 0.005),
    softmax("narrow_scale", (3, 10), 0.001),
    softmax("narrowest_scale", (3, 10), 1.6e-8),
    softmax("wide_scale", (3, 10), 0.7),
    softmax("wider_scale", (3, 10), 3.1),
    softmax("widest_scale", (3, 10), 17.0),
    softmax("absurd_scale", (3, 10), 1e30),
    softmax("power_of_two_scale", (3, 10), 0.0625),
    softmax("zero_point_low", (2, 10), zero_point=-128),
    softmax("zero_point_high", (2, 10), zero_point=127),
    softmax("small_beta", (2, 10), beta=0.25),
    softmax("large_beta", (2, 10), beta=3.5),
    softmax("pairs", (2, 3, 2)),
    softmax("pairs_narrow", (40, 2), 0.001),
    softmax("pairs_narrowest", (3, 2), 1.6e-8),
    softmax("pairs_wide", (40, 2), 0.7),
    softmax("pairs_absurd", (3, 2), 1e30),
    softmax("pairs_power_of_two", (3, 2), 0.0625),
    softmax("pairs_person", (2, 2), 0.0078125, zero_point=-3),
    softmax("pairs_beta", (5, 2), beta=0.25),
]
