"""Cases of FullyConnected."""

from cases import TIES_SCALE, Case, Filters, activations, case

from ferrule.ops.fully_connected import FullyConnected


def fully_connected(
    name: str,
    rows: int = 1,
    depth: int = 20,
    units: int = 7,
    *,
    activation: str = "none",
    zero_points: tuple[int, int] = (-3, 5),
    per_channel: bool = False,
    weights_zero_point: int = 0,
    gain: float = 1.0,
    bias_gain: float = 1.0,
    constant: int | None = None,
) -> Case:
    source = activations("input", (rows, depth), 0.05, zero_points[0])
    filters = Filters.random(
        name,
        (units, depth),
        0,
        source,
        per_channel=per_channel,
        gain=gain,
        zero_point=weights_zero_point,
        bias_gain=bias_gain,
        constant=constant,
    )
    output = activations("output", (rows, units), filters.output_scale, zero_points[1])
    return case(
        FullyConnected(
            f"fully_connected_{name}",
            (source, filters.weights, filters.bias),
            (output,),
            activation=activation,
        )
    )


def ties() -> Case:
    source = activations("input", (1, 1), TIES_SCALE)
    filters = Filters.ties((6, 1))
    output = activations("output", (1, 6), filters.output_scale)
    operands = (source, filters.weights, filters.bias)
    return case(FullyConnected("fully_connected_ties", operands, (output,), activation="none"))


CASES = [
    fully_connected("plain"),
    fully_connected("three_rows", rows=3),
    fully_connected("many_rows", rows=17, depth=5, units=3),
    fully_connected("one_by_one", depth=1, units=1),
    fully_connected("one_unit", depth=33, units=1),
    fully_connected("depth_of_one", depth=1, units=19),
    fully_connected("long", depth=301, units=4),
    fully_connected("wide", depth=6, units=67),
    fully_connected("per_channel", per_channel=True),
    fully_connected("per_channel_rows", rows=4, units=9, per_channel=True),
    fully_connected("one_unit_per_channel", units=1, per_channel=True),
    fully_connected("weights_zero_point_low", weights_zero_point=-128),
    fully_connected("weights_zero_point_high", weights_zero_point=127),
    fully_connected("input_zero_point_low", zero_points=(-128, 0)),
    fully_connected("input_zero_point_high", zero_points=(127, 0)),
    fully_connected("output_zero_point_low", zero_points=(0, -128)),
    fully_connected("output_zero_point_high", zero_points=(0, 127)),
    fully_connected("saturated", rows=2, gain=40),
    fully_connected("faint", rows=2, gain=0.01),
    fully_connected("left_shift", depth=3, gain=900),
    fully_connected("left_shift_per_channel", depth=3, gain=3000, per_channel=True),
    fully_connected("left_shift_of_bias", units=12, gain=1000, bias_gain=5e-4, constant=0),
    ties(),
    fully_connected("large_bias", bias_gain=50),
    fully_connected("lowest_weights", constant=-128),
    fully_connected("highest_weights", constant=127),
    fully_connected("no_weights", constant=0),
    *(
        fully_connected(activation, rows=2, units=11, activation=activation)
        for activation in ("relu", "relu6", "relu_n1_to_1")
    ),
    fully_connected("many_units_relu", 2, 67, 13, activation="relu"),
    fully_connected("four_units", 1, 8, 4, per_channel=True),
]
