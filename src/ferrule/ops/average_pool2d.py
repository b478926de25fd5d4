"""AveragePool2d: every output is the mean of what a filter sees of one input channel."""

from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.fixed_point import activation_range, clamp
from ferrule.ir import Array, Block, Op, Struct, Work
from ferrule.window import Padding, Window

# Channels that the Rust function computes at a time.
_BLOCK = 16


@dataclass(frozen=True, eq=False)
class AveragePool2d(Op):
    """`[1, H, W, C]` under a filter `(height, width)` to `[1, H', W', C]`.

    int8. Padding does not count. The mean of the stored values is rounded to nearest, ties away
    from zero, as TensorFlow Lite Micro's `AVERAGE_POOL_2D`.

    Limits: a batch of 1; the same quantization on both sides; a filter of less than 2^23 taps.
    """

    filter: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding
    activation: str

    def verify(self) -> None:
        """Checks types, geometry and shapes, and that no accumulator can overflow."""
        checks.arity(self, 1)
        (source,) = self.inputs
        checks.int8_activations(self, source, self.output)
        checks.image(self, source)
        checks.same_quantization(self, source, self.output)
        self.window.verify(self)
        checks.shape(self, self.output, (1, *self.window.results, source.shape[3]))
        checks.activation(self, self.activation)
        height, width = self.filter
        if height * width >= 1 << 23:
            raise self.reject(f"a filter of {height} x {width} can overflow 32 bits")

    @property
    def window(self) -> Window:
        """The filter over the input."""
        (source,) = self.inputs
        return Window.over(source, self.filter, self.stride, (1, 1), self.padding)

    def reference(self, *inputs: Array) -> Array:
        """Sums what lies inside, divides by how many that are, clamps."""
        source = inputs[0][0].astype(np.int64)
        sums = self.window.patches(source, outside=0).sum(axis=(2, 3))
        counts = self.window.patches(np.ones_like(source), outside=0).sum(axis=(2, 3))
        means = np.sign(sums) * ((np.abs(sums) + counts // 2) // counts)
        return clamp(means, *activation_range(self.activation, self.output))[None]

    def work(self) -> Work:
        """An addition for each tap and output element; a run is a tap of a block of channels."""
        rows, columns = self.window.seen
        return Work(
            macs=0,
            elements=self.output.elements,
            taps=rows * columns * self.output.shape[3],
            runs=rows * columns * -(-self.output.shape[3] // _BLOCK),
            least_runs=rows * columns,
        )

    def block(self) -> Block | None:
        """Rows, unless the filter sees rows of its neighbours."""
        return self.window.block(self.inputs[0].shape[3])

    def params(self) -> Struct:
        """Fields of `AveragePool2d` in `crates/kernels/src/average_pool2d.rs`."""
        low, high = activation_range(self.activation, self.output)
        return Struct(
            "AveragePool2d",
            {
                "window": self.window.params(),
                "depth": self.output.shape[3],
                "low": low,
                "high": high,
            },
        )
