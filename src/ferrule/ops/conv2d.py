"""Conv2d: every output is a weighted sum of what a filter sees of all input channels."""

import math
from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.fixed_point import Requantize
from ferrule.ir import Array, Block, Op, Struct, Work
from ferrule.window import Padding, Window


@dataclass(frozen=True, eq=False)
class Conv2d(Op):
    """`[1, H, W, C]` under filters `[C', height, width, C]` plus bias to `[1, H', W', C']`.

    Inputs: activations (int8), weights (int8, per tensor or per output channel, symmetric), bias
    (int32). Pairs are (height, width). Padding counts as real 0. Arithmetic: TensorFlow Lite
    Micro's int8 `CONV_2D`.

    Limits: a batch of 1; one group; padding narrower than the filter; constant weights and bias,
    with which no accumulator can leave 32 bits.
    """

    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: Padding
    activation: str

    def verify(self) -> None:
        """Checks types, geometry and shapes, and that no accumulator can overflow."""
        checks.arity(self, 3)
        source, weights, bias = self.inputs
        checks.int8_activations(self, source, self.output)
        checks.image(self, source)
        checks.rank(self, weights, 4)
        checks.weights(self, weights, axis=0)
        checks.bias(self, bias, weights.shape[0])
        if weights.shape[3] != source.shape[3]:
            raise self.reject(
                f"filters have {weights.shape[3]} channels and the input has {source.shape[3]}",
                hint="grouped convolution is not supported; split it into one for each group",
            )
        self.window.verify(self)
        checks.shape(self, self.output, (1, *self.window.results, weights.shape[0]))
        checks.activation(self, self.activation)
        sums = np.abs(checks.values(weights)).sum(axis=(1, 2, 3))
        checks.accumulator(self, source, sums, checks.values(bias), self.requantize.shifts)

    @property
    def window(self) -> Window:
        """The filter over the input."""
        source, weights, _ = self.inputs
        _, height, width, _ = weights.shape
        return Window.over(source, (height, width), self.stride, self.dilation, self.padding)

    @property
    def requantize(self) -> Requantize:
        """From accumulators to the output."""
        source, weights, _ = self.inputs
        return Requantize.of(
            source,
            weights,
            self.output,
            channels=weights.shape[0],
            activation=self.activation,
        )

    def reference(self, *inputs: Array) -> Array:
        """Accumulates in int32, requantizes, clamps."""
        source, weights, bias = (values.astype(np.int64) for values in inputs)
        patches = self.window.patches(source[0] - self.inputs[0].zero_point, outside=0)
        pixels = patches.reshape(*self.window.results, -1)
        accumulator = pixels @ weights.reshape(len(weights), -1).T + bias
        return self.requantize.apply(accumulator)[None]

    def work(self) -> Work:
        """A MAC for each weight and output pixel; a run is a row of taps of an output element."""
        pixels, channels = self.matrix()
        rows, columns = self.window.seen
        return Work(
            macs=pixels * self.inputs[1].elements,
            elements=pixels * channels,
            taps=rows * columns * self.inputs[1].elements // math.prod(self.window.size),
            runs=rows * channels * (self.window.results[1] if self.dilation[1] == 1 else columns),
        )

    def block(self) -> Block | None:
        """Rows, unless the filter sees rows of its neighbours."""
        return self.window.block(self.inputs[0].shape[3])

    def params(self) -> Struct:
        """Fields of `Conv2d` in `crates/kernels/src/conv2d.rs`."""
        source, weights, bias = self.inputs
        assert weights.data is not None
        assert bias.data is not None
        return Struct(
            "Conv2d",
            {
                "window": self.window.params(),
                "depth": source.shape[3],
                "input_zero_point": source.zero_point,
                "weights": weights.data,
                "bias": bias.data,
                "requantize": self.requantize.params(),
            },
        )
