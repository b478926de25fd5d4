"""Cases of DepthwiseConv2d."""

from cases import TIES_SCALE, Case, Filters, activations, case

from ferrule.ops.depthwise_conv2d import DepthwiseConv2d
from ferrule.window import NO_PADDING, Window, same_padding

Pair = tuple[int, int]


def depthwise(
    name: str,
    source: tuple[int, int, int] = (7, 6, 5),
    size: Pair = (3, 3),
    multiplier: int = 1,
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
    channels = depth * multiplier
    padding = same_padding((height, width), size, stride, dilation) if same else NO_PADDING
    results = Window((height, width), size, stride, dilation, padding).results
    given = activations("input", (1, *source), 0.05, zero_points[0])
    filters = Filters.random(
        name,
        (1, *size, channels),
        3,
        given,
        per_channel=per_channel,
        gain=gain,
        bias_gain=bias_gain,
        constant=constant,
    )
    output = activations("output", (1, *results, channels), filters.output_scale, zero_points[1])
    return case(
        DepthwiseConv2d(
            f"depthwise_{name}",
            (given, filters.weights, filters.bias),
            (output,),
            multiplier=multiplier,
            stride=stride,
            dilation=dilation,
            padding=padding,
            activation=activation,
        )
    )


def ties() -> Case:
    source = activations("input", (1, 1, 1, 1), TIES_SCALE)
    filters = Filters.ties((1, 1, 1, 6))
    output = activations("output", (1, 1, 1, 6), filters.output_scale)
    return case(
        DepthwiseConv2d(
            "depthwise_ties",
            (source, filters.weights, filters.bias),
            (output,),
            multiplier=6,
            stride=(1, 1),
            dilation=(1, 1),
            padding=NO_PADDING,
            activation="none",
        )
    )


CASES = [
    depthwise("same"),
    depthwise("valid", same=False),
    depthwise("same_per_tensor", per_channel=False),
    depthwise("valid_per_tensor", same=False, per_channel=False),
    depthwise("same_stride_2", stride=(2, 2)),
    depthwise("same_stride_2_even_input", (8, 8, 3), stride=(2, 2)),
    depthwise("valid_stride_2", same=False, stride=(2, 2)),
    depthwise("uneven_size", (9, 6, 4), (5, 2)),
    depthwise("dilated", dilation=(2, 2)),
    depthwise("dilated_valid", same=False, dilation=(2, 2)),
    depthwise("dilated_width", dilation=(1, 2)),
    depthwise("dilated_height", dilation=(3, 1)),
    depthwise("dilated_beyond_the_input", (4, 5, 2), dilation=(4, 5)),
    depthwise("even_filter", size=(2, 2)),
    depthwise("even_filter_stride_2", size=(4, 2), stride=(2, 2)),
    depthwise("stride_above_filter", size=(2, 2), stride=(3, 3)),
    depthwise("stride_above_filter_valid", size=(2, 2), stride=(3, 3), same=False),
    depthwise("filter_is_input", (4, 3, 5), (4, 3), same=False),
    depthwise("filter_above_input", (3, 2, 4), (5, 5)),
    depthwise("pointwise", (3, 4, 21), (1, 1)),
    depthwise("blocks_and_one", (4, 4, 33)),
    depthwise("one_block", (3, 3, 16), same=False),
    depthwise("one_pixel", (1, 1, 9), (3, 3)),
    depthwise("one_channel", (6, 6, 1)),
    depthwise("one_of_everything", (1, 1, 1), (1, 1)),
    depthwise("multiplier_2", multiplier=2),
    depthwise("multiplier_3", multiplier=3, same=False, stride=(2, 2)),
    depthwise("multiplier_4", (5, 6, 7), (4, 1), 4, activation="relu"),
    depthwise("multiplier_5", (4, 5, 3), multiplier=5),
    depthwise("multiplier_5_pointwise", (3, 4, 4), (1, 1), 5),
    depthwise("multiplier_6_tall", (6, 4, 5), (4, 1), 6, stride=(2, 2)),
    depthwise("multiplier_6_of_many_taps", (6, 6, 2), (5, 5), 6),
    depthwise("multiplier_8_of_one", (12, 9, 1), (10, 8), 8, stride=(2, 2)),
    depthwise("multiplier_19", (4, 4, 3), (2, 2), 19),
    depthwise("multiplier_2_per_tensor", multiplier=2, per_channel=False),
    depthwise("multiplier_2_dilated", multiplier=2, dilation=(2, 2)),
    depthwise("input_zero_point_low", zero_points=(-128, 0)),
    depthwise("input_zero_point_high", zero_points=(127, 0)),
    depthwise("output_zero_point_low", zero_points=(0, -128)),
    depthwise("output_zero_point_high", zero_points=(0, 127)),
    depthwise("saturated", gain=40),
    depthwise("faint", gain=0.01),
    depthwise("left_shift", (4, 4, 3), gain=4000),
    depthwise("left_shift_per_tensor", (4, 4, 3), gain=2000, per_channel=False),
    depthwise("left_shift_of_bias", (4, 4, 12), gain=1500, bias_gain=6e-4, constant=0),
    ties(),
    depthwise("large_bias", bias_gain=50),
    depthwise("lowest_weights", constant=-128),
    depthwise("highest_weights", constant=127),
    depthwise("no_weights", constant=0),
    *(
        depthwise(activation, activation=activation)
        for activation in ("relu", "relu6", "relu_n1_to_1")
    ),
    # One input channel: a convolution.
    depthwise("one_to_two", (5, 6, 1), multiplier=2),
    depthwise("one_to_four_valid", (5, 6, 1), multiplier=4, same=False),
    depthwise("one_to_eight", (8, 8, 1), multiplier=8, stride=(2, 2), zero_points=(7, -128)),
    depthwise("one_to_six_tall", (11, 3, 1), (7, 1), 6),
    depthwise("one_to_two_pointwise", (3, 4, 1), (1, 1), 2),
    depthwise("one_to_two_of_one_pixel", (1, 1, 1), (3, 3), 2),
    depthwise("one_to_ten_relu", (5, 9, 1), (2, 5), 10, activation="relu", stride=(1, 2)),
    # Two or three: a convolution with zeros.
    depthwise("two_to_ten", (6, 7, 2), (5, 5), 5),
    depthwise("two_to_two_relu", (9, 4, 2), (2, 3), stride=(2, 1), activation="relu"),
    depthwise("three_to_three", (5, 6, 3), (1, 2), same=False),
    depthwise("three_to_nine", (4, 9, 3), (3, 4), 3, stride=(2, 2), zero_points=(9, -128)),
    # Any filter over any number of channels.
    depthwise("taps_wide", (5, 21, 7), (5, 3), zero_points=(11, -7)),
    depthwise("taps_tall_stride", (17, 4, 6), (4, 2), stride=(3, 2), activation="relu"),
    depthwise("taps_many", (6, 6, 9), (6, 5), gain=0.5),
    depthwise("taps_four_each", (6, 5, 5), (2, 3), 4, zero_points=(1, -128), activation="relu"),
    depthwise("taps_five_each", (5, 9, 4), (2, 5), 5, stride=(1, 2)),
    depthwise("taps_seven_of_two", (4, 5, 2), (3, 1), 7, dilation=(2, 1)),
    depthwise("taps_five_by_five", (9, 8, 6), (5, 5), activation="relu", zero_points=(4, -128)),
    depthwise("taps_seven_high", (9, 7, 4), (7, 3), stride=(1, 2)),
    depthwise("taps_four_by_four_each", (6, 9, 5), (4, 4), 2, same=False),
    # Few taps, and several outputs of each channel.
    depthwise("short_square", (6, 7, 5), (2, 2), 2, activation="relu", zero_points=(9, -128)),
    depthwise("short_of_one_tap", (3, 3, 6), (1, 1), 4, bias_gain=50),
    depthwise("short_wide", (5, 9, 4), (1, 4), 2, stride=(1, 2), zero_points=(-128, 127)),
    depthwise("short_tall_valid", (9, 4, 5), (3, 1), 8, same=False, stride=(3, 1)),
    depthwise("short_of_two_pixels", (1, 2, 7), (1, 2), 2),
    depthwise("short_lowest", (5, 5, 4), (2, 2), 2, constant=-128, zero_points=(127, 0)),
    depthwise("short_saturated", (5, 6, 4), (2, 2), 6, gain=40),
    # Filters of 3 x 3 over pixels of whole words: what faster kernels are made for.
    depthwise(
        "line_of_lines",
        (7, 17, 4),
        (4, 1),
        3,
        stride=(2, 2),
        activation="relu",
        zero_points=(4, -128),
    ),
    depthwise(
        "line_of_two_phases",
        (9, 8, 4),
        (3, 2),
        stride=(2, 2),
        activation="relu",
        zero_points=(-7, -128),
    ),
    depthwise(
        "line_of_five", (3, 5, 4), (1, 1), stride=(3, 1), activation="relu", zero_points=(0, -128)
    ),
    depthwise("line_in_bands", (44, 30, 4), (3, 1), activation="relu", zero_points=(9, -128)),
    depthwise(
        "line_dilated",
        (12, 7, 4),
        (2, 1),
        dilation=(3, 1),
        stride=(2, 3),
        activation="relu",
        zero_points=(1, -128),
    ),
    depthwise("words", (7, 6, 8)),
    depthwise("words_odd_sides", (5, 5, 4)),
    depthwise("words_valid", (6, 7, 12), same=False),
    depthwise("words_relu", (7, 6, 8), activation="relu", zero_points=(3, -128)),
    depthwise("words_per_tensor", (7, 6, 8), per_channel=False),
    depthwise("words_stride_2", (9, 9, 4), stride=(2, 2)),
    depthwise("words_stride_2_even_input", (8, 10, 8), stride=(2, 2)),
    # Lines, and values of a line, that are 32,640 elements apart, and one more than 32,767.
    depthwise("lines_apart", (1, 8, 255), (1, 1), stride=(16, 1), activation="relu"),
    depthwise("lines_too_far_apart", (1, 8, 256), (1, 1), stride=(16, 1), activation="relu"),
    depthwise("values_apart", (1, 1, 255), (1, 2), stride=(1, 128), activation="relu"),
    depthwise("values_too_far_apart", (1, 1, 256), (1, 2), stride=(1, 128), activation="relu"),
    depthwise("words_stride_2_valid", (8, 9, 4), same=False, stride=(2, 2)),
    depthwise("words_stride_2_relu", (7, 7, 4), stride=(2, 2), activation="relu"),
    depthwise("words_one_pixel", (1, 1, 8)),
    depthwise("words_one_pixel_stride_2", (1, 1, 4), stride=(2, 2)),
    depthwise("words_one_row", (1, 9, 4)),
    depthwise("words_one_column", (9, 1, 4)),
    depthwise("words_two_by_two", (2, 2, 4)),
    depthwise("words_filter_is_input", (3, 3, 20), same=False),
    depthwise("words_tall", (25, 5, 4)),
    depthwise("words_wide", (3, 40, 4)),
    depthwise("words_wide_stride_2", (6, 41, 4), stride=(2, 2)),
    depthwise("words_many_channels", (4, 3, 68)),
    depthwise("words_saturated", (7, 6, 8), gain=40),
    depthwise("words_faint", (7, 6, 8), gain=0.01),
    depthwise("words_large_bias", (7, 6, 8), bias_gain=50),
    depthwise("words_lowest_weights", (7, 6, 8), constant=-128),
    depthwise("words_highest_weights", (7, 6, 8), constant=127),
    depthwise("words_input_zero_point_low", (7, 6, 8), zero_points=(-128, 0)),
    depthwise("words_input_zero_point_high", (7, 6, 8), zero_points=(127, 0)),
    depthwise("tall_relu", (13, 4, 6), activation="relu"),
    depthwise("wide_relu", (4, 13, 6), activation="relu6"),
    depthwise("valid_relu", (5, 6, 3), same=False, activation="relu"),
    depthwise("stride_2_relu", (9, 7, 5), stride=(2, 2), activation="relu"),
    depthwise("stride_2_even_relu", (8, 12, 5), stride=(2, 2), activation="relu"),
    depthwise("stride_2_tall_relu", (12, 3, 4), stride=(2, 2), activation="relu"),
    depthwise("multiplier_3_relu", (6, 6, 2), (3, 3), 3, stride=(2, 2), activation="relu"),
    depthwise("one_pixel_relu", (1, 1, 9), activation="relu"),
    depthwise("lowest_weights_relu", (5, 5, 3), constant=-128, activation="relu"),
    depthwise("one_channel_relu", (20, 9, 1), (5, 4), 5, stride=(2, 1), activation="relu"),
]
