"""Cases of Relu."""

from collections.abc import Sequence

from cases import Case, activations, case

from ferrule.ops.relu import Relu


def relu(
    name: str,
    shape: Sequence[int] = (1, 5, 4, 6),
    scales: tuple[float, float] = (0.05, 0.05),
    zero_points: tuple[int, int] = (-3, -3),
) -> Case:
    """Negative values of the input saturate; so do large ones if the second scale is smaller."""
    source = activations("input", shape, scales[0], zero_points[0])
    output = activations("output", shape, scales[1], zero_points[1])
    return case(Relu(f"relu_{name}", (source,), (output,)))


CASES = [
    relu("same_scale"),
    relu("zero_at_the_bottom", zero_points=(-3, -128)),
    relu("smaller_scale", scales=(0.05, 0.02), zero_points=(5, -128)),
    relu("larger_scale", scales=(0.05, 0.11), zero_points=(5, -128)),
    relu("much_smaller_scale", scales=(1.0, 2.0**-20)),
    relu("much_larger_scale", scales=(2.0**-20, 1.0)),
    relu("nearly_halves", scales=(0.05, 0.1), zero_points=(0, -128)),
    relu("ties", (1, 8, 8, 8), (0.12065327167510986, 0.08774783462285995), (0, 0)),
    relu("largest_ratio", scales=(8e6, 1.0)),
    relu("vanishing", scales=(1.0, 1e12)),
    relu("input_zero_low", zero_points=(-128, -128)),
    relu("input_zero_high", zero_points=(127, 127)),
    relu("one_pixel", (1, 33)),
    relu("one_channel", (1, 7, 5, 1)),
    relu("one_element", (1, 1)),
    relu("vector", (19,)),
    relu("five_axes", (2, 3, 1, 2, 4)),
]
