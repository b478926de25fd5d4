"""What operators refuse: each with a sentence, and nothing else reaches the user."""

from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest
from cases import all_cases, random

from ferrule.errors import CompileError
from ferrule.ir import Op, Quant, Tensor
from ferrule.window import Padding

OPS = {case.name: case.graph.ops[-1] for case in all_cases()}


def source(op: Op, **changes: object) -> Op:
    """The operator with another first input."""
    return replace(op, inputs=(replace(op.inputs[0], **changes), *op.inputs[1:]))


def second(op: Op, **changes: object) -> Op:
    """The operator with another second input."""
    return replace(op, inputs=(op.inputs[0], replace(op.inputs[1], **changes), *op.inputs[2:]))


def bias(op: Op, value: int) -> Op:
    """The operator with the same bias everywhere."""
    given = op.inputs[2]
    data = np.full(given.shape, value, np.int32)
    return replace(op, inputs=(*op.inputs[:2], replace(given, data=data)))


def output(op: Op, **changes: object) -> Op:
    """The operator with another output."""
    return replace(op, outputs=(replace(op.output, **changes),))


CONV, DEPTHWISE, FULL = OPS["conv2d_same"], OPS["depthwise_same"], OPS["fully_connected_plain"]
POOL, LARGEST, ADD = OPS["average_pool_valid"], OPS["max_pool_valid"], OPS["add_plain"]
SOFTMAX, PAD, RESHAPE = OPS["softmax_rows"], OPS["pad_image"], OPS["reshape_flat"]
RELU, JOINED = OPS["relu_same_scale"], OPS["concatenation_channels"]
NAN, OTHER = Quant((float("nan"),), (0,)), Quant((0.5,), (0,))

REFUSED = [
    (source(CONV, dtype="int16"), "`input` is int16; needs int8"),
    (source(CONV, quant=None), "`input` has no scale and zero point"),
    (source(CONV, quant=NAN), "`input` has scale nan; needs a finite, positive float32"),
    (source(CONV, quant=Quant((0.0,), (0,))), "`input` has scale 0.0; needs a finite"),
    (source(CONV, quant=Quant((1e300,), (0,))), "`input` has scale 1e+300; needs a finite"),
    (source(CONV, quant=Quant((0.1,), (0,))), "`input` has scale 0.1; needs a finite"),
    (source(CONV, quant=Quant((0.5,), (128,))), "`input` has zero point 128; int8 needs"),
    (source(CONV, quant=Quant((0.5, 0.5), (0, 0), 3)), "`input` has 2 scales and 2 zero points"),
    (source(CONV, shape=(2, 7, 6, 5)), "`input` has a batch of 2; only 1 is supported"),
    (source(CONV, shape=(1, 7, 6, 10)), "filters have 5 channels and the input has 10"),
    (source(CONV, shape=(1, 1 << 20, 1 << 20, 5)), "all together at most 16,777,216 elements"),
    (
        replace(source(CONV, shape=(1, 7, 1 << 16, 5)), stride=(7, 1 << 15)),
        "and padding, must each be at most 65,535, not 65,536",
    ),
    (source(CONV, data=np.zeros((1, 7, 6, 5), np.int8)), "`input` is a constant; nothing is left"),
    (second(CONV, data=None), "`weights` is computed at run time; it must be a constant"),
    (second(CONV, quant=None), "weights `weights` have no scale"),
    (second(CONV, shape=(6, 3, 3, 4)), "`weights` is int8[6, 3, 3, 4], and its data is int8[6, 3"),
    (second(CONV, quant=Quant((0.5,) * 5, (0,) * 5, 3)), "have 5 scales along axis 3; needs 1, or"),
    (second(CONV, quant=Quant((0.5,), (1,))), "`weights` have a zero point other than 0"),
    (second(CONV, dtype="int4"), "`weights` is int4; needs int8"),
    (bias(CONV, -(1 << 31)), "can reach 2,14"),
    (bias(CONV, (1 << 31) - 257), "which overflows 32 bits"),
    (output(CONV, quant=Quant((2.0**-60,), (0,))), "for its scale, which overflows 32 bits"),
    (output(CONV, shape=(1, 7, 5, 6)), "`output` has shape [1, 7, 5, 6], and [1, 7, 6, 6] follows"),
    (replace(CONV, inputs=CONV.inputs[:2]), "needs 3 inputs and 1 output, and has 2 and 1"),
    (replace(CONV, stride=(0, 1)), "filter height 3, stride 0 and dilation 1 must each be 1 to"),
    (replace(CONV, stride=(1, 1 << 40)), "filter width 3, stride 1099511627776 and dilation"),
    (replace(CONV, dilation=(9, 1)), "the filter's height covers 19, more than the padded input's"),
    (
        replace(CONV, padding=Padding(3, 0, 0, 0)),
        "padding 3 and 0 must each be at least 0 and less",
    ),
    (replace(CONV, padding=Padding(0, 0, -1, 0)), "padding -1 and 0 must each be at least 0"),
    (replace(CONV, activation="tanh"), "activation function `tanh` cannot be fused"),
    (replace(DEPTHWISE, multiplier=2), "do not fit 5 input channels times a multiplier of 2"),
    (replace(DEPTHWISE, multiplier=0), "do not fit 5 input channels times a multiplier of 0"),
    (bias(DEPTHWISE, -(1 << 31)), "which overflows 32 bits"),
    (source(FULL, shape=(1, 21)), "weights [7, 20] do not fit input [1, 21] and output [1, 7]"),
    (bias(FULL, (1 << 31) - 1), "which overflows 32 bits"),
    (output(POOL, quant=OTHER), "`input` and `output` have different scales or zero points: 0.05"),
    (replace(POOL, filter=(8, 2)), "the filter's height covers 8, more than the padded input's 7"),
    (replace(LARGEST, filter=(0, 2)), "filter height 0, stride 2 and dilation 1 must each be"),
    (replace(ADD, activation="sign_bit"), "activation function `sign_bit` cannot be fused"),
    (source(ADD, shape=(1, 4, 2, 5)), "cannot be broadcast to at most 4 axes"),
    (source(ADD, shape=(1, 1, 1, 4, 3, 5)), "cannot be broadcast to at most 4 axes"),
    (output(ADD, quant=Quant((2.0**-30,), (0,))), "is too small for inputs of scale 0.05 and 0.03"),
    (output(SOFTMAX, quant=OTHER), "has scale 0.5 and zero point 0; needs 1/256 and -128"),
    (
        replace(SOFTMAX, beta=float("inf")),
        "beta inf times the input's scale 0.05 must be finite and more than 2^-26",
    ),
    (
        replace(SOFTMAX, beta=-1.0),
        "beta -1.0 times the input's scale 0.05 must be finite and more than 2^-26",
    ),
    (replace(PAD, before=(0, -1, 0, 0)), "pads [0, -1, 0, 0] and [0, 1, 1, 0], less than 0"),
    (replace(PAD, before=(0,)), "pads 1 and 4 axes of an input with 4"),
    (replace(PAD, value=200), "pads with 200; int8 needs -128 to 127"),
    (output(RELU, shape=(1, 5, 4, 7)), "and [1, 5, 4, 6] follows from the operator's other"),
    (source(RELU, quant=Quant((2.0**23,), (0,))), "is too small for an input of scale 8.38861e+06"),
    (replace(JOINED, inputs=()), "needs 1 to 10 inputs and 1 output, and has 0 and 1"),
    (replace(JOINED, inputs=JOINED.inputs * 6), "needs 1 to 10 inputs and 1 output, and has 12"),
    (replace(JOINED, axis=4), "concatenates along axis 4 of 4; needs -4 to 3, of 1 to 6 axes"),
    (replace(JOINED, axis=-5), "concatenates along axis -5 of 4; needs -4 to 3, of 1 to 6 axes"),
    (source(JOINED, quant=OTHER), "`input_0` and `output` have different scales or zero points"),
    (second(JOINED, quant=OTHER), "`input_1` and `output` have different scales or zero points"),
    (second(JOINED, dtype="int16"), "`input_1` is int16; needs int8"),
    (second(JOINED, shape=(4, 3, 2)), "`input_1` has shape [4, 3, 2]; needs 4 axes"),
    (second(JOINED, shape=(1, 3, 3, 2)), "`input_1` has shape [1, 3, 3, 2], and [1, 4, 3, 2] foll"),
    (output(JOINED, shape=(1, 4, 3, 8)), "`output` has shape [1, 4, 3, 8], and [1, 4, 3, 7] foll"),
    (output(RESHAPE, shape=(1, 25)), "24 elements [1, 3, 2, 4] do not fit the output [1, 25]"),
]


@pytest.mark.parametrize(
    ("op", "problem"),
    REFUSED,
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_operator_is_refused_with_a_sentence(op: Op, problem: str) -> None:
    with pytest.raises(CompileError) as raised:
        op.verify()
    assert problem in raised.value.problem
    assert op.name in raised.value.where


HOSTILE = [-(1 << 63), -1, 0, 1, 2, 3, 7, 255, 65_535, 65_536, (1 << 31) - 1, 1 << 31, 1 << 63]


def hostile(op: Op, numbers: np.random.Generator) -> Iterator[Op]:
    """The operator with one thing changed, again and again."""
    own = [field.name for field in fields(op) if field.name not in ("name", "inputs", "outputs")]

    def pick() -> int:
        return HOSTILE[numbers.integers(len(HOSTILE))]

    def changed(tensor: Tensor) -> Tensor:
        match numbers.integers(4):
            case 0:
                axes = numbers.integers(0, 6)
                return replace(tensor, shape=tuple(pick() for _ in range(axes)))
            case 1:
                shape = list(tensor.shape)
                shape[numbers.integers(len(shape))] = pick()
                return replace(tensor, shape=tuple(shape))
            case 2:
                scale = float(np.float32(10.0 ** numbers.uniform(-45, 38)))
                return replace(tensor, quant=Quant((scale,), (int(numbers.integers(-128, 128)),)))
        return replace(tensor, quant=Quant((0.5,) * 3, (0,) * 3, int(numbers.integers(-1, 5))))

    for _ in range(60):
        if own and numbers.integers(3) == 0:
            name = own[numbers.integers(len(own))]
            match getattr(op, name):
                case tuple(value):
                    yield replace(op, **{name: tuple(pick() for _ in value)})
                case Padding():
                    yield replace(op, padding=Padding(pick(), pick(), pick(), pick()))
                case int() | float():
                    yield replace(op, **{name: pick()})
            continue
        tensors = [*op.inputs, *op.outputs]
        index = int(numbers.integers(len(tensors)))
        tensors[index] = changed(tensors[index])
        yield replace(op, inputs=tuple(tensors[:-1]), outputs=(tensors[-1],))


@pytest.mark.parametrize("name", OPS)
def test_hostile_attributes_are_refused_or_harmless(name: str) -> None:
    for op in hostile(OPS[name], random(f"hostile {name}")):
        try:
            op.verify()
        except CompileError:
            continue
        if op.output.elements > 100_000 or any(t.elements > 100_000 for t in op.inputs):
            continue
        zeros = [np.zeros(t.shape, t.dtype) if t.data is None else t.data for t in op.inputs]
        result = op.reference(*zeros)
        assert result.shape == op.output.shape
        assert result.dtype == op.output.dtype
        for part in op.legal():
            part.verify()
            if not part.is_view:
                part.params()
