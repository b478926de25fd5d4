"""Concatenation: tensors one behind the other along an axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ferrule import checks
from ferrule.ir import Array, Block, Op, Struct, Tensor
from ferrule.ops.reshape import Reshape

# As many, and of so many axes, as TensorFlow Lite Micro takes.
_MOST_INPUTS = 10
_MOST_AXES = 6


@dataclass(frozen=True, eq=False)
class Concatenation(Op):
    """Puts tensors one behind the other along `axis`, which counts from the last if below 0.

    int8; a tensor may come twice, and some may be constants. TensorFlow Lite Micro's
    `CONCATENATION`, which copies stored values. More than two tensors are put together in pairs,
    the smallest neighbours first.

    Limits: 1 to 10 inputs of up to 6 axes; the same quantization everywhere; no
    activation function.
    """

    axis: int

    @property
    def kernel(self) -> str:
        """One tensor is read if the other is a constant, or the same tensor."""
        return "concatenation" if len(self.activations) == 2 else "concatenation_one"

    def verify(self) -> None:
        """Checks types, quantization and shapes."""
        if not 1 <= len(self.inputs) <= _MOST_INPUTS or len(self.outputs) != 1:
            raise self.reject(
                f"needs 1 to {_MOST_INPUTS} inputs and 1 output, and has {len(self.inputs)} and "
                f"{len(self.outputs)}",
                hint="concatenate some of the inputs first",
            )
        checks.int8_activations(self, self.output)
        axes = len(self.output.shape)
        if not 1 <= axes <= _MOST_AXES or not -axes <= self.axis < axes:
            raise self.reject(
                f"concatenates along axis {self.axis} of {axes}; needs {-axes} to {axes - 1}, of 1 "
                f"to {_MOST_AXES} axes"
            )
        for tensor in self.inputs:
            checks.int8(self, tensor)
            checks.same_quantization(self, tensor, self.output)
            checks.rank(self, tensor, axes)
            if tensor.data is not None:
                checks.constant(self, tensor, "int8")
        axis = self.axis % axes
        total = sum(tensor.shape[axis] for tensor in self.inputs)
        first = self.inputs[0].shape
        checks.shape(self, self.output, (*first[:axis], total, *first[axis + 1 :]))
        for tensor in self.inputs[1:]:
            length = tensor.shape[axis]
            checks.shape(self, tensor, (*first[:axis], length, *first[axis + 1 :]))

    def legal(self) -> tuple[Op, ...]:
        """Pairs of neighbours, the smallest first; of constants first of all."""
        if len(self.inputs) == 1:
            return (Reshape(self.name, self.inputs, self.outputs),)
        ops: list[Op] = []
        parts = list(self.inputs)
        while len(parts) > 2:
            at = min(range(len(parts) - 1), key=lambda at: _price(parts[at : at + 2]))
            pair = tuple(parts[at : at + 2])
            name = f"{self.name}_pair_{len(ops)}"
            shape = list(self.output.shape)
            shape[self.axis] = sum(tensor.shape[self.axis] for tensor in pair)
            output = f"{self.output.name}_pair_{len(ops)}"
            both = replace(self.output, name=output, shape=tuple(shape))
            ops.append(replace(self, name=name, inputs=pair, outputs=(both,)))
            parts[at : at + 2] = [both]
        return (*ops, replace(self, inputs=tuple(parts)))

    def reference(self, *inputs: Array) -> Array:
        """Puts them one behind the other."""
        return np.concatenate(inputs, self.axis)

    def matrix(self) -> tuple[int, int]:
        """A pixel is a run of the output that all inputs have a part of, one behind the other."""
        run = math.prod(self.output.shape[self.axis % len(self.output.shape) :])
        return self.output.elements // run, run

    def block(self) -> Block | None:
        """Every pixel by itself, if no input is a constant."""
        if any(tensor.data is not None for tensor in self.inputs):
            return None
        pixels, _ = self.matrix()
        return Block(1, tuple(tensor.elements // pixels for tensor in self.activations))

    def params(self) -> Struct:
        """Fields of `Concatenation` in `crates/kernels/src/concatenation.rs`."""
        pixels, _ = self.matrix()
        first, second = (tensor.elements // pixels for tensor in self.inputs)
        parts = [
            (tensor, Struct("Part", {"start": start, "length": length}))
            for tensor, start, length in zip(self.inputs, (0, first), (first, second), strict=True)
        ]
        # What is computed at run time is the first part.
        (_, one), (last, other) = sorted(parts, key=lambda part: part[0].data is not None)
        constant = np.zeros(0, np.int8) if last.data is None else last.data
        return Struct("Concatenation", {"first": one, "second": other, "constant": constant})


def _price(pair: Sequence[Tensor]) -> int:
    """Elements that are copied for a pair at run time."""
    is_constant = all(tensor.data is not None for tensor in pair)
    return 0 if is_constant else sum(tensor.elements for tensor in pair)
