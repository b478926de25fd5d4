"""Cases of AveragePool2d and MaxPool2d, which share their geometry."""

from cases import Case, activations, case

from ferrule.ops.average_pool2d import AveragePool2d
from ferrule.ops.max_pool2d import MaxPool2d
from ferrule.window import NO_PADDING, Window, same_padding

Pair = tuple[int, int]


def pools(
    name: str,
    source: tuple[int, int, int] = (7, 6, 5),
    size: Pair = (2, 2),
    *,
    same: bool = False,
    stride: Pair = (2, 2),
    activation: str = "none",
    scale: float = 0.05,
    zero_point: int = -3,
) -> list[Case]:
    height, width, channels = source
    padding = same_padding((height, width), size, stride) if same else NO_PADDING
    results = Window((height, width), size, stride, (1, 1), padding).results
    return [
        case(
            kind(
                f"{prefix}_{name}",
                (activations("input", (1, *source), scale, zero_point),),
                (activations("output", (1, *results, channels), scale, zero_point),),
                filter=size,
                stride=stride,
                padding=padding,
                activation=activation,
            )
        )
        for prefix, kind in (("average_pool", AveragePool2d), ("max_pool", MaxPool2d))
    ]


CASES = [
    *pools("valid"),
    *pools("same", same=True),
    *pools("overlapping", size=(3, 3), stride=(1, 1)),
    *pools("overlapping_same", size=(3, 3), stride=(1, 1), same=True),
    *pools("even_filter_same", size=(4, 2), stride=(1, 1), same=True),
    *pools("uneven", size=(3, 2), stride=(1, 3), same=True),
    *pools("stride_above_filter", size=(2, 1), stride=(3, 4)),
    *pools("stride_above_filter_same", size=(1, 2), stride=(3, 4), same=True),
    *pools("whole", (5, 4, 12), (5, 4), stride=(5, 4)),
    *pools("above_input", (3, 2, 4), (5, 5), stride=(1, 1), same=True),
    *pools("one_tap", (3, 3, 7), (1, 1), stride=(1, 1)),
    *pools("one_pixel", (1, 1, 10), (1, 1), stride=(1, 1)),
    *pools("one_channel", (8, 8, 1)),
    *pools("one_of_everything", (1, 1, 1), (1, 1), stride=(1, 1)),
    *pools("blocks_and_one", (4, 4, 33)),
    *pools("one_block", (4, 4, 16)),
    *pools("two_taps_tie", (6, 8, 3), (1, 2), stride=(1, 1)),
    *pools("zero_point_low", zero_point=-128),
    *pools("zero_point_high", zero_point=127),
    *pools("relu", activation="relu"),
    *pools("relu6", activation="relu6", zero_point=-70),
    *pools("relu_n1_to_1", activation="relu_n1_to_1"),
    *pools("relu6_of_large_scale", activation="relu6", scale=3.0),
    # Pixels of whole words: what faster kernels are made for.
    *pools("words", (7, 6, 8)),
    *pools("words_same", (7, 6, 8), (3, 3), same=True),
    *pools("words_whole", (25, 5, 64), (25, 5), stride=(25, 5)),
    *pools("words_most_taps", (16, 16, 4), (16, 16), stride=(1, 1)),
    *pools("words_one_tap", (3, 3, 4), (1, 1), stride=(1, 1)),
    *pools("words_relu6", (7, 6, 8), activation="relu6", zero_point=-70),
    # Vectors of channels, and some that are left; pixels that see as much lie apart, or do not.
    *pools("vectors_same", (5, 9, 40), (3, 2), stride=(1, 1), same=True),
    *pools("vectors_apart", (6, 11, 19), (2, 3), same=True, activation="relu6", zero_point=-70),
    # Around the most taps of reciprocals and of sums.
    *pools("16_taps", (4, 9, 21), (4, 4), stride=(1, 1)),
    *pools("17_taps", (2, 20, 21), (1, 17), stride=(1, 1)),
    *pools("257_taps", (1, 258, 20), (1, 257), stride=(1, 1)),
    *pools("362_taps", (2, 182, 5), (2, 181), stride=(1, 1)),
    *pools("363_taps", (3, 121, 5), (3, 121), stride=(1, 1)),
]
