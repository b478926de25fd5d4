"""Cases of Add."""

from collections.abc import Sequence

import numpy as np
from cases import Case, activations, case, constant, random

from ferrule.ops.add import Add

Shape = Sequence[int]


def add(
    name: str,
    first: Shape = (1, 4, 3, 5),
    second: Shape = (1, 4, 3, 5),
    *,
    scales: tuple[float, float, float] = (0.05, 0.03, 0.06),
    zero_points: tuple[int, int, int] = (-3, 11, 5),
    activation: str = "none",
    constants: tuple[bool, bool] = (False, False),
    twice: bool = False,
) -> Case:
    inputs = [
        constant(label, random(name).integers(-128, 128, shape), scale, zero_point)
        if fixed
        else activations(label, shape, scale, zero_point)
        for label, shape, scale, zero_point, fixed in zip(
            ("first", "second"),
            (first, second),
            scales[:2],
            zero_points[:2],
            constants,
            strict=True,
        )
    ]
    output = activations("output", np.broadcast_shapes(first, second), scales[2], zero_points[2])
    operands = (inputs[0], inputs[0] if twice else inputs[1])
    return case(Add(f"add_{name}", operands, (output,), activation=activation))


CASES = [
    add("plain"),
    add("one_axis", (20,), (20,)),
    add("two_axes", (3, 7), (3, 7)),
    add("batch", (2, 3, 2, 4), (2, 3, 2, 4)),
    add("one_of_everything", (1,), (1,)),
    add("twice", twice=True),
    add("constant", constants=(False, True)),
    add("constant_first", constants=(True, False)),
    add("constant_of_channels", second=(5,), constants=(False, True)),
    add("constant_of_one", second=(1,), constants=(False, True)),
    add("constant_broadcasts_the_input", (5,), (2, 3, 5), constants=(False, True)),
    add("constant_of_pixels", second=(4, 3, 1), constants=(False, True)),
    add("broadcast_channels", second=(1, 1, 1, 5)),
    add("broadcast_channels_first", (5,), (1, 4, 3, 5)),
    add("broadcast_pixels", second=(1, 4, 3, 1)),
    add("broadcast_rows", second=(1, 1, 3, 5)),
    add("broadcast_columns", second=(4, 1, 5)),
    add("broadcast_batch", (2, 3, 2, 4), (1, 3, 2, 4)),
    add("broadcast_both", (1, 4, 1, 5), (1, 1, 3, 1)),
    add("broadcast_all_axes", (2, 1, 3, 1), (1, 4, 1, 5)),
    add("broadcast_one", second=(1, 1, 1, 1)),
    add("equal_scales", scales=(0.05, 0.05, 0.05)),
    add("powers_of_two", scales=(0.5, 0.25, 0.125), zero_points=(0, 0, 0)),
    add("first_scale_tiny", scales=(1e-6, 0.05, 0.05)),
    add("second_scale_tiny", scales=(0.05, 1e-9, 0.05)),
    add("vanishing_scale", scales=(0.05, 1e-20, 0.05)),
    add("output_scale_small", scales=(0.05, 0.03, 1e-4)),
    add("output_scale_smallest", scales=(0.05, 0.03, 1e-7)),
    add("output_scale_large", scales=(0.05, 0.03, 4.0)),
    add("saturated", scales=(0.05, 0.03, 0.01)),
    add("zero_points_low", zero_points=(-128, -128, -128)),
    add("zero_points_high", zero_points=(127, 127, 127)),
    add("zero_points_apart", zero_points=(-128, 127, 0)),
    add("relu", activation="relu"),
    add("relu6", activation="relu6"),
    add("relu_n1_to_1", activation="relu_n1_to_1"),
    # Scales without ties: sums that one linear form has.
    *(
        add(
            f"linear_{name}",
            shape,
            shape,
            scales=(0.0393, 0.1042, 0.0509),
            zero_points=zero_points,
            activation=activation,
        )
        for name, shape, zero_points, activation in (
            ("plain", (1, 4, 3, 5), (-3, 11, 5), "none"),
            ("one", (1,), (0, 0, 0), "none"),
            ("batch", (2, 3, 2, 4), (-128, 127, -128), "relu"),
            ("one_pixel", (1, 1, 1, 37), (127, -128, 127), "none"),
        )
    ),
]
