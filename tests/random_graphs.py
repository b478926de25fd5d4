"""Random small graphs: branches, shared tensors, several outputs, every operator."""

from collections.abc import Callable

import numpy as np
from cases import Filters, activations

from ferrule.ir import Graph, Op, Tensor
from ferrule.ops.add import Add
from ferrule.ops.average_pool2d import AveragePool2d
from ferrule.ops.concatenation import Concatenation
from ferrule.ops.conv2d import Conv2d
from ferrule.ops.depthwise_conv2d import DepthwiseConv2d
from ferrule.ops.fully_connected import FullyConnected
from ferrule.ops.max_pool2d import MaxPool2d
from ferrule.ops.pad import Pad
from ferrule.ops.relu import Relu
from ferrule.ops.reshape import Reshape
from ferrule.ops.softmax import Softmax
from ferrule.window import NO_PADDING, Window, same_padding


class Builder:
    """Adds random operators to a graph whose tensors are images, until it is closed by `graph`."""

    def __init__(self, seed: int) -> None:
        self.numbers = np.random.default_rng(seed)
        self.seed = seed
        self.inputs = [self.image(*self.numbers.integers(1, 9, 2), self.numbers.integers(1, 7))]
        self.images = list(self.inputs)
        self.ops: list[Op] = []

    def image(self, height: int, width: int, channels: int, scale: float = 0.05) -> Tensor:
        name = f"t{len(getattr(self, 'images', []))}_{self.numbers.integers(1 << 30)}"
        zero_point = int(self.numbers.integers(-128, 128))
        return activations(name, (1, int(height), int(width), int(channels)), scale, zero_point)

    def pick(self, *choices: object) -> object:
        return choices[self.numbers.integers(len(choices))]

    def grow(self) -> None:
        """One more operator, on a tensor that is there."""
        step: Callable[[Tensor], Op] = self.pick(
            self.conv, self.conv, self.depthwise, self.pool, self.add, self.pad, self.relu,
            self.concatenation,
        )  # fmt: skip
        self.keep(step(self.pick(*self.images)))

    def keep(self, op: Op) -> Tensor:
        self.ops.append(op)
        self.images.append(op.output)
        return op.output

    def window(self, source: Tensor, size: tuple[int, int]):
        stride = (int(self.numbers.integers(1, 3)), int(self.numbers.integers(1, 3)))
        shape = source.shape[1:3]
        fits = all(a >= b for a, b in zip(shape, size, strict=True))
        padding = NO_PADDING
        if not fits or self.numbers.integers(2):
            padding = same_padding(shape, size, stride)
        return stride, padding, Window(shape, size, stride, (1, 1), padding).results

    def conv(self, source: Tensor) -> Op:
        size = self.pick((1, 1), (3, 3), (2, 3))
        channels = int(self.numbers.integers(1, 9))
        stride, padding, results = self.window(source, size)
        name = f"conv_{self.seed}_{len(self.ops)}"
        filters = Filters.random(name, (channels, *size, source.shape[3]), 0, source)
        output = self.image(*results, channels, filters.output_scale)
        operands = (source, filters.weights, filters.bias)
        activation = self.pick("none", "relu", "relu6")
        return Conv2d(
            name, operands, (output,), stride=stride, dilation=(1, 1), padding=padding,
            activation=activation,
        )  # fmt: skip

    def depthwise(self, source: Tensor) -> Op:
        multiplier = self.pick(1, 1, 2)
        stride, padding, results = self.window(source, (3, 3))
        name = f"depthwise_{self.seed}_{len(self.ops)}"
        channels = source.shape[3] * multiplier
        filters = Filters.random(name, (1, 3, 3, channels), 3, source)
        output = self.image(*results, channels, filters.output_scale)
        operands = (source, filters.weights, filters.bias)
        return DepthwiseConv2d(
            name, operands, (output,), multiplier=multiplier, stride=stride, dilation=(1, 1),
            padding=padding, activation="none",
        )  # fmt: skip

    def pool(self, source: Tensor) -> Op:
        kind = self.pick(AveragePool2d, MaxPool2d)
        stride, padding, results = self.window(source, (2, 2))
        output = Tensor(
            f"pool_{self.seed}_{len(self.ops)}",
            (1, *results, source.shape[3]),
            "int8",
            source.quant,
        )
        return kind(
            output.name, (source,), (output,), filter=(2, 2), stride=stride, padding=padding,
            activation="none",
        )  # fmt: skip

    def add(self, source: Tensor) -> Op:
        same = [tensor for tensor in self.images if tensor.shape == source.shape]
        other = self.pick(*same)
        output = self.image(*source.shape[1:], 0.07)
        return Add(
            f"add_{self.seed}_{len(self.ops)}", (source, other), (output,), activation="none"
        )

    def pad(self, source: Tensor) -> Op:
        before = (0, *map(int, self.numbers.integers(0, 2, 3)))
        after = (0, *map(int, self.numbers.integers(0, 2, 3)))
        shape = tuple(map(sum, zip(before, source.shape, after, strict=True)))
        name = f"pad_{self.seed}_{len(self.ops)}"
        output = Tensor(name, shape, "int8", source.quant)
        return Pad(
            name, (source,), (output,), before=before, after=after, value=source.zero_point
        )  # fmt: skip

    def relu(self, source: Tensor) -> Op:
        output = self.image(*source.shape[1:], 0.04)
        return Relu(f"relu_{self.seed}_{len(self.ops)}", (source,), (output,))

    def concatenation(self, source: Tensor) -> Op:
        """Two to four tensors: of the same quantization, made so by a Relu, or constants."""
        axis = int(self.numbers.integers(1, 4))

        def around(tensor: Tensor) -> tuple[int, ...]:
            return tensor.shape[:axis] + tensor.shape[axis + 1 :]

        parts = [source]
        for _ in range(self.numbers.integers(1, 4)):
            other = self.pick(*(t for t in self.images if around(t) == around(source)))
            name = f"part_{self.seed}_{len(self.ops)}_{len(parts)}"
            if self.numbers.integers(4) == 0:
                data = self.numbers.integers(-128, 128, other.shape).astype(np.int8)
                other = Tensor(name, other.shape, "int8", source.quant, data)
            elif other.quant != source.quant:
                branch = Tensor(name, other.shape, "int8", source.quant)
                other = self.keep(Relu(name, (other,), (branch,)))
            parts.insert(int(self.numbers.integers(len(parts) + 1)), other)
        shape = list(source.shape)
        shape[axis] = sum(tensor.shape[axis] for tensor in parts)
        name = f"concatenation_{self.seed}_{len(self.ops)}"
        output = Tensor(name, tuple(shape), "int8", source.quant)
        return Concatenation(name, tuple(parts), (output,), axis=self.pick(axis, axis - 4))

    def close(self, source: Tensor) -> None:
        """Reshape, fully connected and softmax, as at the end of a classifier."""
        flat = Tensor(f"flat_{self.seed}", (1, source.elements), "int8", source.quant)
        name = f"dense_{self.seed}"
        filters = Filters.random(name, (5, source.elements), 0, source, per_channel=False)
        scores = activations(f"scores_{self.seed}", (1, 5), filters.output_scale)
        shares = activations(f"shares_{self.seed}", (1, 5), 1 / 256, -128)
        self.ops += [
            Reshape(flat.name, (source,), (flat,)),
            FullyConnected(
                name, (flat, filters.weights, filters.bias), (scores,), activation="none"
            ),
            Softmax(shares.name, (scores,), (shares,), beta=1.0),
        ]

    def graph(self) -> Graph:
        self.close(self.images[-1])
        read = {id(tensor) for op in self.ops for tensor in op.inputs}
        outputs = [op.output for op in self.ops if id(op.output) not in read]
        return Graph(f"random_{self.seed}", tuple(self.ops), tuple(self.inputs), tuple(outputs))


def random_graph(seed: int) -> Graph:
    """The graph of a seed: two to eight operators and a classifier's end."""
    builder = Builder(seed)
    for _ in range(int(builder.numbers.integers(2, 9))):
        builder.grow()
    return builder.graph()
