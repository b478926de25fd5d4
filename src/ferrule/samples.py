"""Operators of typical shapes with random constants, for measuring what kernels cost."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ferrule.ir import Graph, Op, Quant, Tensor
from ferrule.ops.add import Add
from ferrule.ops.average_pool2d import AveragePool2d
from ferrule.ops.concatenation import Concatenation
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d
from ferrule.ops.fully_connected import FullyConnected
from ferrule.ops.max_pool2d import MaxPool2d
from ferrule.ops.pad import Pad
from ferrule.ops.relu import Relu
from ferrule.ops.softmax import Softmax
from ferrule.window import NO_PADDING, Padding, Window, same_padding

Pair = tuple[int, int]

# Height, width, input channels, output channels, filter, stride, and whether it is padded.
_CONVOLUTIONS = [
    (12, 12, 8, 16, (1, 1), 1),
    (8, 8, 16, 32, (1, 1), 1),
    (10, 10, 64, 64, (1, 1), 1),
    (5, 5, 128, 128, (1, 1), 1),
    (3, 3, 256, 256, (1, 1), 1),
    (12, 12, 32, 8, (1, 1), 1),
    (10, 10, 4, 24, (1, 1), 1),
    (12, 12, 16, 32, (1, 1), 2),
    (16, 16, 3, 16, (3, 3), 1),
    (16, 16, 16, 16, (3, 3), 1),
    (8, 8, 32, 32, (3, 3), 1),
    (10, 10, 16, 32, (3, 3), 2),
    (25, 10, 1, 64, (10, 4), 2),
    (14, 14, 1, 6, (5, 5), 1),
    (28, 28, 1, 6, (5, 5), 1, False),
    (12, 12, 6, 16, (5, 5), 1, False),
    (12, 12, 8, 16, (3, 3), 1, False),
    (9, 9, 6, 10, (3, 3), 2),
    (24, 24, 8, 16, (1, 1), 1),
    (20, 20, 16, 16, (3, 3), 1),
    (2, 2, 8, 4, (1, 1), 1),
    (3, 3, 4, 8, (3, 3), 1),
    (4, 4, 2, 4, (3, 3), 1),
    (20, 17, 10, 2, (3, 5), 2),
    (12, 12, 32, 1, (3, 3), 1),
    (16, 16, 8, 4, (3, 3), 1),
    (24, 24, 3, 2, (3, 3), 1, False),
    (12, 12, 32, 3, (1, 1), 1),
]
# Height, width, input channels, multiplier, filter, stride.
_DEPTHWISE = [
    (25, 5, 64, 1, (3, 3), 1),
    (12, 12, 16, 1, (3, 3), 1),
    (6, 6, 128, 1, (3, 3), 1),
    (3, 3, 256, 1, (3, 3), 1),
    (12, 12, 32, 1, (3, 3), 2),
    (24, 24, 8, 1, (3, 3), 1),
    (24, 24, 1, 8, (3, 3), 2),
    (25, 20, 1, 8, (10, 8), 2),
    (48, 48, 1, 8, (3, 3), 2),
    (12, 12, 64, 1, (3, 3), 1),
    (24, 24, 16, 1, (3, 3), 2),
    (3, 3, 8, 1, (3, 3), 1),
    (4, 4, 4, 1, (3, 3), 2),
    (7, 7, 4, 2, (3, 3), 1),
    (12, 12, 8, 1, (5, 5), 1),
    (9, 9, 4, 2, (5, 5), 1),
    (5, 17, 32, 6, (4, 1), 2),
    (8, 9, 20, 3, (2, 3), 2),
    (10, 8, 25, 1, (5, 4), 1),
    (10, 9, 16, 2, (2, 2), 1),
    (3, 4, 40, 4, (1, 3), 1),
    (12, 12, 6, 8, (1, 1), 1),
]
# Inputs, outputs.
_DENSE = [(1, 16), (16, 1), (16, 16), (64, 12), (256, 2), (400, 120), (2000, 4), (120, 84), (30, 7)]
# Height, width, channels, filter.
_POOLS = [
    (25, 5, 64, (25, 5)),
    (8, 8, 64, (8, 8)),
    (3, 3, 256, (3, 3)),
    (24, 24, 6, (2, 2)),
    (8, 8, 16, (2, 2)),
    (2, 2, 8, (1, 1)),
]
_IMAGES = [(8, 8, 64), (16, 16, 32), (16, 16, 16), (4, 4, 8), (2, 2, 4)]
# Height, width, and the channels of two tensors.
_PAIRS = [
    (8, 8, 64, 32),
    (16, 16, 16, 16),
    (8, 8, 24, 8),
    (4, 4, 8, 12),
    (2, 2, 4, 4),
    (1, 1, 500, 400),
]
_CLASSES = [(1, 2), (1, 10), (1, 12), (4, 10), (1, 100), (20, 2)]


@dataclass
class Maker:
    """Makes operators of one graph; names count up, numbers follow from a seed."""

    numbers: np.random.Generator
    ops: list[Op]

    def activations(self, shape: tuple[int, ...], scale: float = 0.0625) -> Tensor:
        """An int8 tensor."""
        name = f"tensor_{len(self.ops)}_{'x'.join(map(str, shape))}_{scale}"
        zero_point = int(self.numbers.integers(-20, 20))
        return Tensor(name, shape, "int8", Quant((scale,), (zero_point,)))

    def rectified(self, shape: tuple[int, ...], scale: float) -> Tensor:
        """An int8 tensor of which no value is below zero, as exporters quantize it after a ReLU."""
        return replace(self.activations(shape, scale), quant=Quant((scale,), (-128,)))

    def filters(self, shape: tuple[int, ...], channels: int, axis: int) -> tuple[Tensor, Tensor]:
        """Per-channel weights of this shape, output channels along `axis`, and a bias."""
        weights = self.numbers.normal(0, 40, shape).clip(-127, 127).astype(np.int8)
        scales = 2.0 ** self.numbers.integers(-9, -6, channels)
        quant = Quant(tuple(map(float, scales)), (0,) * channels, axis)
        bias = self.numbers.integers(-2000, 2000, channels).astype(np.int32)
        return (
            Tensor("weights", shape, "int8", quant, weights),
            Tensor("bias", (channels,), "int32", data=bias),
        )

    def convolution(self, height: int, width: int, depth: int, channels: int, size: Pair,
                    stride: int, padded: bool = True) -> Op:  # fmt: skip
        """A Conv2d with ReLU, padding SAME or none."""
        source = self.activations((1, height, width, depth))
        padding, results = _geometry((height, width), size, stride, padded)
        weights, bias = self.filters((channels, *size, depth), channels, 0)
        output = self.rectified((1, *results, channels), 0.25)
        return Conv2d(
            self.name, (source, weights, bias), (output,), stride=(stride, stride),
            dilation=(1, 1), padding=padding, activation="relu",
        )  # fmt: skip

    def depthwise(self, height: int, width: int, depth: int, multiplier: int, size: Pair,
                  stride: int) -> Op:  # fmt: skip
        """A DepthwiseConv2d with ReLU, padding SAME."""
        source = self.activations((1, height, width, depth))
        padding, results = _geometry((height, width), size, stride)
        channels = depth * multiplier
        weights, bias = self.filters((1, *size, channels), channels, 3)
        output = self.rectified((1, *results, channels), 0.25)
        return DepthwiseConv2d(
            self.name, (source, weights, bias), (output,), multiplier=multiplier,
            stride=(stride, stride), dilation=(1, 1), padding=padding, activation="relu",
        )  # fmt: skip

    def dense(self, depth: int, units: int) -> Op:
        """A FullyConnected with one row."""
        source = self.activations((1, depth))
        operands = (source, *self.filters((units, depth), units, 0))
        output = self.activations((1, units), 0.25)
        return FullyConnected(self.name, operands, (output,), activation="none")

    def pool(self, kind: type[AveragePool2d | MaxPool2d], height: int, width: int, channels: int,
             size: Pair) -> Op:  # fmt: skip
        """A pool whose filters do not overlap."""
        source = self.activations((1, height, width, channels))
        window = Window((height, width), size, size, (1, 1), NO_PADDING)
        shape = (1, *window.results, channels)
        output = Tensor(f"pooled_{len(self.ops)}", shape, "int8", source.quant)
        return kind(
            self.name, (source,), (output,), filter=size, stride=size, padding=NO_PADDING,
            activation="none",
        )  # fmt: skip

    def add(self, *shape: int) -> Op:
        """An Add of two tensors of one shape."""
        operands = (self.activations((1, *shape), 0.0625), self.activations((1, *shape), 0.09375))
        return Add(self.name, operands, (self.rectified((1, *shape), 0.125),), activation="relu")

    def concatenation(self, height: int, width: int, channels: int, more: int,
                      is_constant: bool) -> Op:  # fmt: skip
        """A Concatenation of the channels of two tensors, or of one and a constant."""
        first, number = self.activations((1, height, width, channels)), len(self.ops)
        shape = (1, height, width, more)
        data = np.ones(shape, np.int8) if is_constant else None
        second = replace(first, name=f"second_{number}", shape=shape, data=data)
        shape = (1, height, width, channels + more)
        output = replace(first, name=f"joined_{number}", shape=shape)
        return Concatenation(self.name, (first, second), (output,), axis=-1)

    def relu(self, *shape: int) -> Op:
        """A Relu."""
        return Relu(
            self.name, (self.activations((1, *shape)),), (self.rectified((1, *shape), 0.125),)
        )

    def pad(self, height: int, width: int, channels: int) -> Op:
        """A Pad by one pixel on each side."""
        source = self.activations((1, height, width, channels))
        shape = (1, height + 2, width + 2, channels)
        output = Tensor(f"padded_{len(self.ops)}", shape, "int8", source.quant)
        edge = (0, 1, 1, 0)
        return Pad(
            self.name, (source,), (output,), before=edge, after=edge, value=source.zero_point
        )  # fmt: skip

    def softmax(self, *shape: int) -> Op:
        """A Softmax along the last axis."""
        output = Tensor(f"shares_{len(self.ops)}", shape, "int8", Quant((1 / 256,), (-128,)))
        return Softmax(self.name, (self.activations(shape),), (output,), beta=1.0)

    @property
    def name(self) -> str:
        """Name of the next operator."""
        return f"sample_{len(self.ops)}"


def _geometry(source: Pair, size: Pair, stride: int, padded: bool = True) -> tuple[Padding, Pair]:
    padding = same_padding(source, size, (stride, stride)) if padded else NO_PADDING
    return padding, Window(source, size, (stride, stride), (1, 1), padding).results


def sample_graphs() -> Iterator[Graph]:
    """A graph for each kind of operator: samples side by side, each with its own input.

    The last one is not to be measured.
    """
    families: list[tuple[Callable[..., Op], list[tuple[object, ...]]]] = []
    maker = Maker(np.random.default_rng(1), [])
    families = [
        (maker.convolution, [*_CONVOLUTIONS]),
        (maker.depthwise, [*_DEPTHWISE]),
        (maker.dense, [*_DENSE]),
        (maker.pool, [(AveragePool2d, *shape) for shape in _POOLS]),
        (maker.pool, [(MaxPool2d, *shape) for shape in _POOLS]),
        (maker.add, [*_IMAGES]),
        (maker.concatenation, [(*shape, fixed) for fixed in (False, True) for shape in _PAIRS]),
        (maker.pad, [*_IMAGES]),
        (maker.relu, [*_IMAGES]),
        (maker.softmax, [*_CLASSES]),
    ]
    for make, shapes in families:
        # The first shape comes again: with the last step the lead copies all outputs.
        yield side_by_side(maker, make, [*shapes, shapes[0]])


def tiny_graph() -> Graph:
    """Operators that compute next to nothing, so that what is around them can be measured."""
    maker = Maker(np.random.default_rng(1), [])
    return side_by_side(maker, maker.relu, [(1, 2, 1)] * 8)


def beside_tiny(op: Op) -> Graph:
    """An operator between tiny ones of another kind."""
    maker = Maker(np.random.default_rng(1), [])
    make, shape = (maker.pad, (1, 1, 1)) if isinstance(op, Relu) else (maker.relu, (1, 2, 1))
    tiny = side_by_side(maker, make, [shape] * 3).ops
    ops = (tiny[0], op, *tiny[1:])
    inputs = tuple(tensor for op in ops for tensor in op.activations)
    return Graph("lone", ops, inputs, tuple(op.output for op in ops))


def side_by_side(
    maker: Maker, make: Callable[..., Op], shapes: Iterable[tuple[object, ...]]
) -> Graph:
    """A graph of operators that depend on nothing but their own inputs."""
    maker.ops.clear()
    for shape in shapes:
        maker.ops.append(make(*shape))
    ops = tuple(maker.ops)
    inputs = tuple(tensor for op in ops for tensor in op.activations)
    return Graph(type(ops[0]).__name__, ops, inputs, tuple(op.output for op in ops))
