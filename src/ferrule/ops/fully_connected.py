"""FullyConnected: every output is a weighted sum of a whole input row."""

from dataclasses import dataclass

import numpy as np

from ferrule.fixed_point import activation_range, clamp, output_multipliers, requantize
from ferrule.ir import Array, Op, Struct, Work


@dataclass(frozen=True, eq=False)
class FullyConnected(Op):
    """`[rows, depth]` by weights `[units, depth]` plus bias `[units]` to `[rows, units]`.

    Inputs: activations (int8, any shape of `rows * depth` elements), weights (int8, per tensor or
    per output), bias (int32). Arithmetic: TensorFlow Lite Micro's int8 `FULLY_CONNECTED`.
    """

    activation: str

    def verify(self) -> None:
        """Checks that the shapes fit each other."""
        source, weights, bias = self.inputs
        if len(weights.shape) != 2 or source.elements % weights.shape[1]:
            raise self.reject(
                f"weights {list(weights.shape)} do not fit the input {list(source.shape)}"
            )
        if self.output.elements != self.rows * self.units or bias.shape != (self.units,):
            raise self.reject(
                f"{self.rows} x {self.units} results do not fit output {list(self.output.shape)} "
                f"and bias {list(bias.shape)}"
            )

    @property
    def depth(self) -> int:
        """Elements of an input row."""
        return self.inputs[1].shape[1]

    @property
    def units(self) -> int:
        """Outputs of a row."""
        return self.inputs[1].shape[0]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.inputs[0].elements // self.depth

    def reference(self, *inputs: Array) -> Array:
        """Accumulates in int32, requantizes, clamps."""
        source, weights, bias = (values.astype(np.int64) for values in inputs)
        rows = source.reshape(self.rows, self.depth) - self.inputs[0].zero_point
        accumulator = rows @ (weights - self.weights_zero_point).T + bias
        multipliers, shifts = self.multipliers()
        scaled = requantize(accumulator, multipliers, shifts) + self.output.zero_point
        return clamp(scaled, *activation_range(self.activation, self.output)).reshape(
            self.output.shape
        )

    def multipliers(self) -> tuple[Array, Array]:
        """Multiplier and shift of each output."""
        source, weights, _ = self.inputs
        return output_multipliers(
            source, weights, self.output, channels=self.units, single_product=True
        )

    @property
    def weights_zero_point(self) -> int:
        """Zero point of the weights; per-channel weights are symmetric."""
        quant = self.inputs[1].quant
        assert quant is not None
        return quant.zero_points[0]

    def work(self) -> Work:
        """A MAC for each weight and row."""
        return Work(macs=self.rows * self.units * self.depth, elements=self.rows * self.units)

    def matrix(self) -> tuple[int, int]:
        """A pixel is a row."""
        return self.rows, self.units

    def params(self) -> Struct:
        """Fields of `FullyConnected` in `crates/kernels/src/fully_connected.rs`."""
        source, weights, bias = self.inputs
        assert weights.data is not None
        assert bias.data is not None
        multipliers, shifts = self.multipliers()
        low, high = activation_range(self.activation, self.output)
        return Struct("FullyConnected", {
            "depth": self.depth,
            "input_zero_point": source.zero_point,
            "weights_zero_point": self.weights_zero_point,
            "weights": weights.data,
            "bias": bias.data,
            "requantize": Struct("Requantize", {
                "multipliers": multipliers,
                "shifts": shifts,
                "zero_point": self.output.zero_point,
                "low": low,
                "high": high,
            }),
        })
