"""MaxPool2d: every output is the largest of what a filter sees of one input channel."""

from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.fixed_point import activation_range, clamp
from ferrule.ir import Array, Block, Op, Struct, Work
from ferrule.window import Padding, Window


@dataclass(frozen=True, eq=False)
class MaxPool2d(Op):
    """`[1, H, W, C]` under a filter `(height, width)` to `[1, H', W', C]`.

    int8. Padding does not count. TensorFlow Lite Micro's `MAX_POOL_2D`.

    Limits: a batch of 1; the same quantization on both sides.
    """

    filter: tuple[int, int]
    stride: tuple[int, int]
    padding: Padding
    activation: str

    def verify(self) -> None:
        """Checks types, geometry and shapes."""
        checks.arity(self, 1)
        (source,) = self.inputs
        checks.int8_activations(self, source, self.output)
        checks.image(self, source)
        checks.same_quantization(self, source, self.output)
        self.window.verify(self)
        checks.shape(self, self.output, (1, *self.window.results, source.shape[3]))
        checks.activation(self, self.activation)

    @property
    def window(self) -> Window:
        """The filter over the input."""
        (source,) = self.inputs
        return Window.over(source, self.filter, self.stride, (1, 1), self.padding)

    def reference(self, *inputs: Array) -> Array:
        """Takes the largest, clamps."""
        source = inputs[0][0].astype(np.int64)
        largest = self.window.patches(source, outside=-128).max(axis=(2, 3))
        return clamp(largest, *activation_range(self.activation, self.output))[None]

    def work(self) -> Work:
        """A comparison for each tap and output element; a run is a tap of all channels."""
        rows, columns = self.window.seen
        return Work(
            macs=0,
            elements=self.output.elements,
            taps=rows * columns * self.output.shape[3],
            runs=rows * columns,
            least_runs=rows * columns,
        )

    def block(self) -> Block | None:
        """Rows, unless the filter sees rows of its neighbours."""
        return self.window.block(self.inputs[0].shape[3])

    def params(self) -> Struct:
        """Fields of `MaxPool2d` in `crates/kernels/src/max_pool2d.rs`."""
        low, high = activation_range(self.activation, self.output)
        return Struct(
            "MaxPool2d",
            {
                "window": self.window.params(),
                "depth": self.output.shape[3],
                "low": low,
                "high": high,
            },
        )
