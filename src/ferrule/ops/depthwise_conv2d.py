"""DepthwiseConv2d: every output is a weighted sum of what a filter sees of one input channel."""

from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.fixed_point import Requantize
from ferrule.ir import Array, Block, Op, Struct, Work
from ferrule.window import Padding, Window

# Channels that the Rust function computes at a time.
_BLOCK = 32


@dataclass(frozen=True, eq=False)
class DepthwiseConv2d(Op):
    """`[1, H, W, C]` under filters `[1, height, width, C']` plus bias to `[1, H', W', C']`.

    `C'` is `C * multiplier`, and output channel `i` reads input channel `i / multiplier`. Inputs:
    activations (int8), weights (int8, per tensor or per output channel, symmetric), bias (int32).
    Pairs are (height, width). Padding counts as real 0. Arithmetic: TensorFlow Lite Micro's int8
    `DEPTHWISE_CONV_2D`.

    Limits: a batch of 1; padding narrower than the filter; constant weights and bias, with which no
    accumulator can leave 32 bits.
    """

    multiplier: int
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
        checks.weights(self, weights, axis=3)
        channels = source.shape[3] * self.multiplier
        if weights.shape[0] != 1 or weights.shape[3] != channels:
            raise self.reject(
                f"filters {list(weights.shape)} do not fit {source.shape[3]} input channels times "
                f"a multiplier of {self.multiplier}"
            )
        checks.bias(self, bias, channels)
        self.window.verify(self)
        checks.shape(self, self.output, (1, *self.window.results, channels))
        checks.activation(self, self.activation)
        sums = np.abs(checks.values(weights)).sum(axis=(0, 1, 2))
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
            channels=weights.shape[3],
            activation=self.activation,
        )

    def reference(self, *inputs: Array) -> Array:
        """Accumulates in int32, requantizes, clamps."""
        source, weights, bias = (values.astype(np.int64) for values in inputs)
        patches = self.window.patches(source[0] - self.inputs[0].zero_point, outside=0)
        products = np.repeat(patches, self.multiplier, axis=-1) * weights[0]
        return self.requantize.apply(products.sum(axis=(2, 3)) + bias)[None]

    def work(self) -> Work:
        """A MAC for each weight and output pixel; a run is a tap of a block of channels.

        Channels of one input channel read it once for all of them.
        """
        pixels, channels = self.matrix()
        rows, columns = self.window.seen
        blocks, sources = (-(-channels // _BLOCK), 1)
        if self.multiplier > 1:
            blocks, sources = (-(-self.multiplier // _BLOCK), channels // self.multiplier)
        taps = rows * columns * channels
        return Work(
            macs=pixels * self.inputs[1].elements,
            elements=pixels * channels,
            taps=taps,
            runs=rows * columns * blocks * sources,
            least_runs=rows * columns,
            reads=taps if self.multiplier == 1 else 0,
            blocks=pixels * blocks * sources,
        )

    def block(self) -> Block | None:
        """Rows, unless the filter sees rows of its neighbours."""
        return self.window.block(self.inputs[0].shape[3])

    def params(self) -> Struct:
        """Fields of `DepthwiseConv2d` in `crates/kernels/src/depthwise_conv2d.rs`."""
        source, weights, bias = self.inputs
        assert weights.data is not None
        assert bias.data is not None
        return Struct(
            "DepthwiseConv2d",
            {
                "window": self.window.params(),
                "depth": source.shape[3],
                "multiplier": self.multiplier,
                "input_zero_point": source.zero_point,
                "weights": weights.data,
                "bias": bias.data,
                "requantize": self.requantize.params(),
            },
        )
