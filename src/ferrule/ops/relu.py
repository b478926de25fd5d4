"""Relu: negative values become 0."""

from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.fixed_point import activation_range, clamp, multiplier_and_shift, requantize
from ferrule.ir import Array, Block, Op, Struct

# The distance of two int8 values, before it is shifted left, fits this many bits.
_VALUE_BITS = 8


@dataclass(frozen=True, eq=False)
class Relu(Op):
    """`max(x, 0)`, element by element; the output can have another scale.

    int8, any shape. Arithmetic: TensorFlow Lite Micro's int8 `RELU`.

    Limits: an output scale of more than 2^-23 times the input's.
    """

    def verify(self) -> None:
        """Checks types and shapes, and that the output's scale is not far too small."""
        checks.arity(self, 1)
        (source,) = self.inputs
        checks.int8_activations(self, source, self.output)
        checks.shape(self, self.output, source.shape)
        _, shift = self._scaling()
        if shift + _VALUE_BITS > 31:
            raise self.reject(
                f"the output's scale {self.output.scale:.6g} is too small for an input of scale "
                f"{source.scale:.6g}"
            )

    def _scaling(self) -> tuple[int, int]:
        return multiplier_and_shift(self.inputs[0].scale / self.output.scale)

    def reference(self, *inputs: Array) -> Array:
        """Scales, clamps."""
        values = inputs[0].astype(np.int64) - self.inputs[0].zero_point
        scaled = requantize(values, *self._scaling()) + self.output.zero_point
        return clamp(scaled, *activation_range("relu", self.output))

    def block(self) -> Block:
        """Every pixel by itself."""
        pixels, _ = self.matrix()
        return Block(1, (self.inputs[0].elements // pixels,))

    def params(self) -> Struct:
        """Fields of `Relu` in `crates/kernels/src/relu.rs`."""
        multiplier, shift = self._scaling()
        low, _ = activation_range("relu", self.output)
        return Struct(
            "Relu",
            {
                "depth": self.matrix()[1],
                "input_zero_point": self.inputs[0].zero_point,
                "multiplier": multiplier,
                "shift": shift,
                "zero_point": self.output.zero_point,
                "low": low,
            },
        )
