"""Cases of Conv2d."""

from cases import TIES_SCALE, Case, Filters, activations, case

from ferrule.ops.conv2d import Conv2d
from ferrule.window import NO_PADDING, Window, same_padding

Pair = tuple[int, int]


def conv2d(
    name: str,
    source: tuple[int, int, int] = (7, 6, 5),
    size: Pair = (3, 3),
    channels: int = 6,
    *,
    same: bool = True,
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
    activation: str = "none",
    zero_points: Pair = (-3, 5),
    per_channel: bool = True,
    gain: float = 1.0,
    bias_gain: float = 1.0,
    constant: int | None = None,
) -> Case:
    height, width, depth = source
    padding = same_padding((height, width), size, stride, dilation) if same else NO_PADDING
    results = Window((height, width), size, stride, dilation, padding).results
    given = activations("input", (1, *source), 0.05, zero_points[0])
    filters = Filters.random(
        name,
        (channels, *size, depth),
        0,
        given,
        per_channel=per_channel,
        gain=gain,
        bias_gain=bias_gain,
        constant=constant,
    )
    output = activations("output", (1, *results, channels), filters.output_scale, zero_points[1])
    return case(
        Conv2d(
            f"conv2d_{name}",
            (given, filters.weights, filters.bias),
            (output,),
            stride=stride,
            dilation=dilation,
            padding=padding,
            activation=activation,
        )
    )


def ties() -> Case:
    source = activations("input", (1, 1, 1, 1), TIES_SCALE)
    filters = Filters.ties((6, 1, 1, 1))
    output = activations("output", (1, 1, 1, 6), filters.output_scale)
    return case(
        Conv2d(
            "conv2d_ties",
            (source, filters.weights, filters.bias),
            (output,),
            stride=(1, 1),
            dilation=(1, 1),
            padding=NO_PADDING,
            activation="none",
        )
    )


CASES = [
    conv2d("same"),
    conv2d("valid", same=False),
    conv2d("same_per_tensor", per_channel=False),
    conv2d("valid_per_tensor", same=False, per_channel=False),
    conv2d("same_stride_2", stride=(2, 2)),
    conv2d("same_stride_2_even_input", (8, 8, 3), stride=(2, 2)),
    conv2d("valid_stride_2", same=False, stride=(2, 2)),
    conv2d("uneven_strides", stride=(1, 3)),
    conv2d("dilated", dilation=(2, 2)),
    conv2d("dilated_valid", same=False, dilation=(2, 2)),
    conv2d("dilated_height", dilation=(3, 1)),
    conv2d("dilated_width", dilation=(1, 2)),
    conv2d("dilated_beyond_the_input", (4, 5, 2), dilation=(4, 5)),
    conv2d("even_filter", size=(2, 2)),
    conv2d("even_filter_stride_2", size=(4, 2), stride=(2, 2)),
    conv2d("stride_above_filter", size=(2, 1), stride=(3, 4)),
    conv2d("stride_above_filter_valid", size=(2, 1), stride=(3, 4), same=False),
    conv2d("filter_is_input", (4, 3, 5), (4, 3), same=False),
    conv2d("filter_above_input", (3, 2, 4), (5, 5)),
    conv2d("pointwise", (4, 5, 19), (1, 1), 23),
    conv2d("pointwise_per_tensor", (4, 5, 19), (1, 1), 23, per_channel=False),
    conv2d("pointwise_stride_2", (5, 5, 8), (1, 1), 4, stride=(2, 2)),
    conv2d("one_pixel", (1, 1, 9), (3, 3), 5),
    conv2d("one_pixel_pointwise", (1, 1, 24), (1, 1), 12),
    conv2d("one_channel_in", (9, 5, 1), (5, 2), 4, stride=(2, 2)),
    conv2d("one_channel_out", (5, 5, 7), channels=1),
    conv2d("one_of_everything", (1, 1, 1), (1, 1), 1),
    conv2d("one_row", (1, 20, 3), (1, 4), 5),
    conv2d("one_column", (20, 1, 3), (4, 1), 5),
    conv2d("input_zero_point_low", zero_points=(-128, 0)),
    conv2d("input_zero_point_high", zero_points=(127, 0)),
    conv2d("output_zero_point_low", zero_points=(0, -128)),
    conv2d("output_zero_point_high", zero_points=(0, 127)),
    conv2d("saturated", gain=40),
    conv2d("faint", gain=0.01),
    conv2d("left_shift", (4, 4, 1), gain=4000),
    conv2d("left_shift_per_tensor", (4, 4, 1), gain=2000, per_channel=False),
    conv2d("left_shift_of_bias", channels=12, gain=3000, bias_gain=3e-4, constant=0),
    ties(),
    conv2d("large_bias", bias_gain=50),
    conv2d("lowest_weights", constant=-128),
    conv2d("highest_weights", constant=127),
    conv2d("no_weights", constant=0),
    *(
        conv2d(f"{activation}{'' if same else '_valid'}", activation=activation, same=same)
        for activation in ("relu", "relu6", "relu_n1_to_1")
        for same in (True, False)
    ),
    # Pixels of whole words: what faster kernels are made for.
    conv2d("words", (7, 6, 8)),
    conv2d("words_valid", (7, 6, 8), same=False),
    conv2d("words_relu", (7, 6, 8), activation="relu", zero_points=(3, -128)),
    conv2d("words_per_tensor", (7, 6, 8), per_channel=False),
    conv2d("words_stride_2", (9, 9, 4), stride=(2, 2)),
    conv2d("words_stride_2_even_input", (8, 8, 12), stride=(2, 2)),
    conv2d("words_uneven_strides", (9, 11, 4), stride=(1, 3)),
    conv2d("words_stride_above_filter", (9, 11, 4), (2, 1), stride=(3, 4)),
    conv2d("words_even_filter", (6, 7, 4), (4, 2)),
    conv2d("words_filter_above_input", (3, 2, 4), (5, 5)),
    conv2d("words_filter_is_input", (4, 3, 8), (4, 3), same=False),
    conv2d("words_one_pixel", (1, 1, 8), (3, 3), 4),
    conv2d("words_one_row", (1, 20, 4), (1, 4)),
    conv2d("words_one_column", (20, 1, 4), (4, 1)),
    conv2d("words_wide", (3, 3, 36), channels=34),
    # Taps that are no whole runs of four, of channels that share a block.
    conv2d("five_taps", (3, 4, 5), (1, 1), 10),
    conv2d("six_taps", (4, 5, 3), (2, 1), 11),
    conv2d("seven_taps", (3, 3, 7), (1, 1), 20, zero_points=(-128, 3)),
    conv2d("seven_large_taps", (3, 3, 7), (1, 1), 8, constant=-128),
    conv2d("ten_taps", (5, 4, 5), (1, 2), 12),
    conv2d("few_channels", (20, 17, 10), (3, 5), 2, stride=(2, 2)),
    conv2d("few_channels_relu", (13, 9, 3), (3, 3), 3, activation="relu"),
    conv2d("few_channels_lowest_weights", (5, 6, 3), (3, 2), 3, constant=-128),
    conv2d("few_channels_valid", (6, 31, 7), (2, 3), 4, stride=(1, 2), same=False),
    conv2d("strips", (29, 21, 1), (7, 3), 5, stride=(2, 1), same=False),
    conv2d("strips_stride_1", (17, 11, 2), (5, 2), 4),
    conv2d("strips_of_one_column", (23, 7, 3), (10, 1), 2, activation="relu"),
    conv2d("words_two_channels", (5, 5, 16), channels=2),
    conv2d("words_odd_channels", (5, 6, 8), channels=7),
    conv2d("words_one_channel_out", (5, 4, 8), channels=1, activation="relu"),
    conv2d("words_saturated", (7, 6, 8), gain=40),
    conv2d("words_faint", (7, 6, 8), gain=0.01),
    conv2d("words_large_bias", (7, 6, 8), bias_gain=50),
    conv2d("words_lowest_weights", (7, 6, 8), constant=-128),
    conv2d("words_highest_weights", (7, 6, 8), constant=127),
    conv2d("words_input_zero_point_low", (7, 6, 8), zero_points=(-128, 0)),
    conv2d("words_input_zero_point_high", (7, 6, 8), zero_points=(127, 0)),
    conv2d("words_pointwise_stride_2", (5, 5, 8), (1, 1), 4, stride=(2, 2)),
    *(
        conv2d(f"pointwise_{depth}_to_{channels}_of_{width}", (1, width, depth), (1, 1), channels)
        for depth, channels, width in (
            (4, 2, 1),
            (8, 4, 2),
            (12, 6, 3),
            (16, 16, 4),
            (20, 2, 5),
            (32, 8, 6),
            (36, 10, 7),
            (64, 64, 16),
            (8, 1, 8),
            (16, 5, 10),
            (24, 13, 12),
            (17, 84, 5),
            (18, 7, 3),
            (7, 85, 9),
            (3, 6, 22),
        )
    ),
    conv2d("pointwise_relu", (4, 4, 8), (1, 1), 8, activation="relu", zero_points=(-9, -128)),
    *(
        conv2d(
            f"pointwise_relu_{depth}_to_{channels}_of_{width}",
            (1, width, depth),
            (1, 1),
            channels,
            activation="relu",
            zero_points=(zero_point, -128),
        )
        for depth, channels, width, zero_point in (
            (1, 4, 9, 0),
            (2, 7, 2, 127),
            (3, 84, 5, -128),
            (4, 5, 16, 3),
            (5, 13, 4, -7),
            (6, 10, 3, 20),
            (7, 60, 18, -1),
            (8, 6, 11, 50),
            (8, 24, 1, -20),
        )
    ),
    conv2d(
        "pointwise_relu_lowest",
        (4, 4, 7),
        (1, 1),
        9,
        constant=-128,
        activation="relu",
        zero_points=(127, -128),
    ),
    conv2d("pointwise_saturated", (4, 4, 8), (1, 1), 8, gain=40),
    conv2d("pointwise_faint", (4, 4, 8), (1, 1), 8, gain=0.01),
    conv2d("pointwise_lowest", (4, 4, 8), (1, 1), 8, constant=-128, zero_points=(127, 0)),
    conv2d("pointwise_highest", (4, 4, 8), (1, 1), 8, constant=127, zero_points=(-128, 127)),
    conv2d("narrow_stride_2", (9, 10, 3), channels=8, stride=(2, 2), activation="relu"),
    conv2d("narrow_words", (9, 10, 1), (5, 4), 4, stride=(2, 2)),
    conv2d("narrow_wide_filter", (4, 13, 2), (2, 7), 2, stride=(1, 3)),
    conv2d("many_pixels", (9, 11, 9), (3, 3), 11, activation="relu"),
    conv2d("seven_pixels", (1, 7, 16), (1, 1), 3, activation="relu6"),
    conv2d("ten_pixels", (2, 5, 6), (1, 1), 4),
    conv2d("one_tap", (3, 3, 1), (1, 1), 9, activation="relu"),
    conv2d("wide_input", (9, 9, 36), channels=3, activation="relu"),
    conv2d("wide_input_dilated", (8, 8, 29), channels=3, dilation=(2, 2)),
    # As many rows of taps as there can be vectors in a block, and one more.
    conv2d("most_rows_of_taps", (4096, 1, 1), (4096, 1), 2, same=False),
    conv2d("more_rows_of_taps", (4097, 1, 1), (4097, 1), 2, same=False),
    conv2d("lowest_weights_relu", (6, 5, 13), constant=-128, activation="relu"),
]
