"""Add: the sum of two tensors, or of a tensor and a constant."""

import math
from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.fixed_point import activation_range, clamp, multiplier_and_shift, requantize
from ferrule.ir import Array, Block, Op, Struct, Tensor

# Both operands are scaled up by this power of two, so that rounding them costs nothing.
_HEADROOM = 20


@dataclass(frozen=True, eq=False)
class Add(Op):
    """Element by element with broadcasting; one of the inputs may be a constant.

    int8, any scales. Arithmetic: TensorFlow Lite Micro's `ADD`, which brings both operands to
    twice the larger scale, adds, and brings the sum to the output's scale.

    Limits: up to 4 axes; an output scale of more than 2^-19 times the larger input scale.
    """

    activation: str

    @property
    def kernel(self) -> str:
        """One tensor is read if the other operand is a constant, or the same tensor."""
        return "add" if len({tensor.name for tensor in self.activations}) == 2 else "add_one"

    def verify(self) -> None:
        """Checks types and shapes, and that the output's scale is not far too small."""
        checks.arity(self, 2)
        checks.int8_activations(self, self.output)
        for tensor in self.inputs:
            checks.int8(self, tensor)
            if tensor.data is not None:
                checks.constant(self, tensor, "int8")
        if not self.activations:
            raise self.reject("adds two constants; nothing is left to compute at run time")
        first, second = (tensor.shape for tensor in self.inputs)
        checks.shape(self, self.output, self._broadcast(first, second))
        checks.activation(self, self.activation)
        ratio = self._twice_scale / ((1 << _HEADROOM) * self.output.scale)
        if ratio >= 1 or multiplier_and_shift(ratio)[1] > 0:
            raise self.reject(
                f"the output's scale {self.output.scale:.6g} is too small for inputs of scale "
                f"{self.inputs[0].scale:.6g} and {self.inputs[1].scale:.6g}"
            )

    def _broadcast(self, first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
        try:
            shape = np.broadcast_shapes(first, second)
        except ValueError:
            shape = ()
        if not 1 <= len(shape) <= 4:
            raise self.reject(
                f"shapes {list(first)} and {list(second)} cannot be broadcast to at most 4 axes"
            )
        return shape

    @property
    def _twice_scale(self) -> float:
        return 2 * max(tensor.scale for tensor in self.inputs)

    def _output_scaling(self) -> tuple[int, int]:
        return multiplier_and_shift(self._twice_scale / ((1 << _HEADROOM) * self.output.scale))

    def reference(self, *inputs: Array) -> Array:
        """Scales, adds, scales, clamps."""
        first, second = (
            requantize(
                (values.astype(np.int64) - tensor.zero_point) << _HEADROOM,
                *multiplier_and_shift(tensor.scale / self._twice_scale),
            )
            for tensor, values in zip(self.inputs, inputs, strict=True)
        )
        scaled = requantize(first + second, *self._output_scaling()) + self.output.zero_point
        return clamp(scaled, *activation_range(self.activation, self.output))

    def block(self) -> Block | None:
        """Every pixel by itself, if no operand is broadcast but a single element."""
        whole = self.output.elements
        if any(t.elements != (whole if t.data is None else 1) for t in self.inputs):
            return None
        _, channels = self.matrix()
        return Block(1, (channels,) * len(self.activations))

    def params(self) -> Struct:
        """Fields of `Add` in `crates/kernels/src/add.rs`; a constant is the second operand."""
        first, second = sorted(self.inputs, key=lambda tensor: tensor.data is not None)
        _, height, width, _ = (1,) * (4 - len(self.output.shape)) + self.output.shape
        multiplier, shift = self._output_scaling()
        low, high = activation_range(self.activation, self.output)
        return Struct(
            "Add",
            {
                "grid": Struct("Grid", {"height": height, "width": width}),
                "first": self._operand(first),
                "second": self._operand(second),
                "constant": np.zeros(0, np.int8) if second.data is None else second.data,
                "multiplier": multiplier,
                "shift": shift,
                "zero_point": self.output.zero_point,
                "low": low,
                "high": high,
            },
        )

    def _operand(self, tensor: Tensor) -> Struct:
        multiplier, shift = multiplier_and_shift(tensor.scale / self._twice_scale)
        shape = (1,) * (4 - len(tensor.shape)) + tensor.shape
        # From an index of the output to the next; an axis that is broadcast does not move.
        steps = [0 if shape[axis] == 1 else math.prod(shape[axis + 1 :]) for axis in range(4)]
        return Struct(
            "Operand",
            {
                "batch": steps[0],
                "row": steps[1],
                "pixel": steps[2],
                "channel": steps[3],
                "zero_point": tensor.zero_point,
                "multiplier": multiplier,
                "shift": shift,
            },
        )
