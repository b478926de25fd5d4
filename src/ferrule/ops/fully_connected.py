"""FullyConnected: every output is a weighted sum of a whole input row."""

from dataclasses import dataclass

import numpy as np

from ferrule import checks
from ferrule.fixed_point import Requantize
from ferrule.ir import Array, Block, Op, Struct, Work


@dataclass(frozen=True, eq=False)
class FullyConnected(Op):
    """`[rows, depth]` by weights `[units, depth]` plus bias `[units]` to `[rows, units]`.

    Inputs: activations (int8, any shape of `rows * depth` elements), weights (int8, per tensor or
    per output), bias (int32). Arithmetic: TensorFlow Lite Micro's int8 `FULLY_CONNECTED`.

    Limits: constant weights and bias, with which no accumulator can leave 32 bits.
    """

    activation: str

    def verify(self) -> None:
        """Checks types and shapes, and that no accumulator can overflow."""
        checks.arity(self, 3)
        source, weights, bias = self.inputs
        checks.int8_activations(self, source, self.output)
        checks.rank(self, weights, 2)
        checks.weights(self, weights, axis=0, symmetric=False)
        checks.bias(self, bias, self.units)
        if source.elements % self.depth or self.output.elements != self.rows * self.units:
            raise self.reject(
                f"weights {list(weights.shape)} do not fit input {list(source.shape)} and output "
                f"{list(self.output.shape)}"
            )
        checks.activation(self, self.activation)
        values = checks.values(weights) - self.weights_zero_point
        checks.accumulator(
            self, source, np.abs(values).sum(axis=1), checks.values(bias), self.requantize.shifts
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

    @property
    def weights_zero_point(self) -> int:
        """Zero point of the weights; per-channel weights are symmetric."""
        quant = self.inputs[1].quant
        assert quant is not None
        return quant.zero_points[0]

    @property
    def requantize(self) -> Requantize:
        """From accumulators to the output."""
        source, weights, _ = self.inputs
        return Requantize.of(
            source,
            weights,
            self.output,
            channels=self.units,
            activation=self.activation,
        )

    def reference(self, *inputs: Array) -> Array:
        """Accumulates in int32, requantizes, clamps."""
        source, weights, bias = (values.astype(np.int64) for values in inputs)
        rows = source.reshape(self.rows, self.depth) - self.inputs[0].zero_point
        accumulator = rows @ (weights - self.weights_zero_point).T + bias
        return self.requantize.apply(accumulator).reshape(self.output.shape)

    def work(self) -> Work:
        """A MAC for each weight and row."""
        elements = self.rows * self.units
        return Work(macs=elements * self.depth, elements=elements, taps=elements * self.depth)

    def matrix(self) -> tuple[int, int]:
        """A pixel is a row."""
        return self.rows, self.units

    def block(self) -> Block:
        """Every row by itself."""
        return Block(1, (self.depth,))

    def params(self) -> Struct:
        """Fields of `FullyConnected` in `crates/kernels/src/fully_connected.rs`."""
        source, weights, bias = self.inputs
        assert weights.data is not None
        assert bias.data is not None
        return Struct(
            "FullyConnected",
            {
                "depth": self.depth,
                "input_zero_point": source.zero_point,
                "weights_zero_point": self.weights_zero_point,
                "weights": weights.data,
                "bias": bias.data,
                "requantize": self.requantize.params(),
            },
        )
